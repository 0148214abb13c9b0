//! JSON documents on standard output, written while they are converted: in memory, the document of a
//! million files would be larger than everything else.

use std::io::{self, Write};

use serde::Serialize;

use crate::sanitize::sanitize_json;

/// Writes an indented document that is safe to show on a terminal, and a line break.
pub fn write_json(to: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    let mut writer = Sanitizing(io::BufWriter::new(to));
    serde_json::to_writer_pretty(&mut writer, document)?;
    writeln!(writer)?;
    writer.flush()
}

/// Escapes what [`sanitize_json`] escapes. Each write must be UTF-8, as those of `serde_json` are.
struct Sanitizing<W>(W);

impl<W: Write> Write for Sanitizing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match bytes.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) {
            true => self.0.write_all(bytes)?,
            false => {
                let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
                self.0.write_all(sanitize_json(text).as_bytes())?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_document_is_the_same_with_and_without_its_escapes() {
        let document = json!({ "b": ["a\u{202e}ü\u{9b}\n", 1, null], "a": {}, "\u{7f}": "\\\"" });
        let mut written = Vec::new();
        write_json(&mut written, &document).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written, format!("{}\n", sanitize_json(&format!("{document:#}"))));
        assert!(written.contains("a\\u202eü\\u009b\\n") && written.contains("\\u007f"));
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), document);
    }
}
