//! Detection of the format of a file that is not a zip archive, by its first bytes.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use super::format::{EOCD_SIGNATURE, LOCAL_HEADER_SIGNATURE};

/// Formats that servers deliver in place of a zip archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotZip {
    Empty,
    /// A zip archive without its end.
    Truncated,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    SevenZip,
    Tar,
    Html,
    Xml,
    Json,
    Unknown,
}

/// Number of bytes that [`NotZip::detect`] looks at. The signature of tar is at byte 257.
const DETECTION_LENGTH: u64 = 512;

/// Reads the bytes that [`NotZip::detect`] needs, fewer if the file is shorter.
pub fn first_bytes<R: Read + Seek>(reader: &mut R) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.seek(SeekFrom::Start(0))?;
    reader.take(DETECTION_LENGTH).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl NotZip {
    /// Returns the format that begins with these bytes, `Truncated` for the beginning of a zip.
    pub fn detect(start: &[u8]) -> NotZip {
        const SIGNATURES: [(&[u8], NotZip); 7] = [
            (LOCAL_HEADER_SIGNATURE, NotZip::Truncated),
            (EOCD_SIGNATURE, NotZip::Truncated),
            (b"\x1f\x8b", NotZip::Gzip),
            (b"\x28\xb5\x2f\xfd", NotZip::Zstd),
            (b"BZh", NotZip::Bzip2),
            (b"\xfd7zXZ\0", NotZip::Xz),
            (b"7z\xbc\xaf\x27\x1c", NotZip::SevenZip),
        ];
        if start.is_empty() {
            return NotZip::Empty;
        }
        let matches = |(signature, _): &&(&[u8], NotZip)| start.starts_with(signature);
        if let Some((_, format)) = SIGNATURES.iter().find(matches) {
            return *format;
        }
        if start.get(257..262) == Some(b"ustar") {
            return NotZip::Tar;
        }
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        let begins_with = |word: &str| {
            text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
        };
        match text.first() {
            Some(b'<') if begins_with("<?xml") => NotZip::Xml,
            Some(b'<') if begins_with("<!doctype html") || begins_with("<html") => NotZip::Html,
            Some(b'{' | b'[') => NotZip::Json,
            _ => NotZip::Unknown,
        }
    }
}

impl fmt::Display for NotZip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotZip::Empty => "it is empty",
            NotZip::Truncated => "it begins like one, but its end is missing",
            NotZip::Gzip => "it is gzip data",
            NotZip::Zstd => "it is zstd data",
            NotZip::Bzip2 => "it is bzip2 data",
            NotZip::Xz => "it is xz data",
            NotZip::SevenZip => "it is a 7z archive",
            NotZip::Tar => "it is a tar archive",
            NotZip::Html => "it is an HTML page",
            NotZip::Xml => "it is an XML document",
            NotZip::Json => "it is JSON",
            NotZip::Unknown => "it does not look like any archive",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_formats_are_detected_by_their_first_bytes() {
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\x0000");
        let cases: [(&[u8], NotZip); 14] = [
            (b"", NotZip::Empty),
            (b"PK\x03\x04\x14", NotZip::Truncated),
            (b"\x1f\x8b\x08", NotZip::Gzip),
            (b"\x28\xb5\x2f\xfd\x04", NotZip::Zstd),
            (b"BZh9", NotZip::Bzip2),
            (b"\xfd7zXZ\0\0", NotZip::Xz),
            (b"7z\xbc\xaf\x27\x1c\0", NotZip::SevenZip),
            (&tar, NotZip::Tar),
            (b"\n<!DOCTYPE html><p>", NotZip::Html),
            (b"<HTML>", NotZip::Html),
            (b"<svg>", NotZip::Unknown),
            (b"\xef\xbb\xbf<?xml version='1.0'?>", NotZip::Xml),
            (b"{\"message\": \"404\"}", NotZip::Json),
            (b"noise", NotZip::Unknown),
        ];
        for (start, format) in cases {
            assert_eq!(NotZip::detect(start), format, "{start:?}");
        }
    }
}
