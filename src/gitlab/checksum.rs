//! Verification of downloads by their checksum: the newest GitLab servers send the SHA-256 of an
//! archive as its strong ETag.

use std::fmt::Write;

use ring::digest::{Context, SHA256};

/// The number of hex digits of a SHA-256.
const HEX_DIGITS: usize = 64;

/// An incremental SHA-256 and the value that it must have at the end.
pub(super) struct Sha256Check {
    expected: String,
    context: Context,
}

impl Sha256Check {
    pub(super) fn new(expected: &str) -> Sha256Check {
        Sha256Check { expected: expected.to_owned(), context: Context::new(&SHA256) }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// Describes the difference if the checksum does not match.
    pub(super) fn mismatch(self) -> Option<String> {
        let mut actual = String::new();
        for byte in self.context.finish().as_ref() {
            // Writing into a string cannot fail.
            let _ = write!(actual, "{byte:02x}");
        }
        let expected = self.expected;
        let mismatch = format!("its SHA-256 should be {expected} and is {actual}");
        (actual != expected).then_some(mismatch)
    }
}

/// Returns the SHA-256 that an ETag contains. Weak ETags and those of object storage contain none.
pub(super) fn from_etag(etag: &str) -> Option<&str> {
    let hex = etag.strip_prefix('"')?.strip_suffix('"')?;
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (hex.len() == HEX_DIGITS && hex.bytes().all(digit)).then_some(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of `abc`, from FIPS 180-2.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn only_a_strong_tag_of_64_hex_digits_is_a_checksum() {
        assert_eq!(from_etag(&format!("\"{ABC}\"")), Some(ABC));
        for tag in [
            format!("W/\"{ABC}\""),
            ABC.to_owned(),
            format!("\"{}\"", ABC.to_uppercase()),
            format!("\"{}\"", &ABC[1..]),
            format!("\"{ABC}0\""),
            format!("\"{}g\"", &ABC[1..]),
            "\"d41d8cd98f00b204e9800998ecf8427e-2\"".to_owned(),
            "\"\"".to_owned(),
        ] {
            assert_eq!(from_etag(&tag), None, "{tag}");
        }
    }

    #[test]
    fn the_bytes_must_be_those_of_the_checksum() {
        for (bytes, right) in [(["a", "bc"], true), (["ab", "cd"], false)] {
            let mut check = Sha256Check::new(ABC);
            bytes.iter().for_each(|bytes| check.update(bytes.as_bytes()));
            assert_eq!(check.mismatch().is_none(), right);
        }
    }
}
