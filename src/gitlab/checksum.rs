//! The checksum of an archive, where GitLab tells it: the newest servers give the SHA-256 of what
//! they send as its strong tag.

use std::fmt::Write;

use ring::digest::{Context, SHA256};

/// How many hex digits a SHA-256 has.
const DIGITS: usize = 64;

/// A checksum in the making, and what it must become.
pub(super) struct Sha256Check {
    observed: String,
    so_far: Context,
}

impl Sha256Check {
    pub(super) fn new(observed: &str) -> Sha256Check {
        Sha256Check { observed: observed.to_owned(), so_far: Context::new(&SHA256) }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.so_far.update(bytes);
    }

    /// What is wrong, if something is.
    pub(super) fn wrong(self) -> Option<String> {
        let mut sum = String::new();
        for byte in self.so_far.finish().as_ref() {
            // Writing into a string cannot fail.
            let _ = write!(sum, "{byte:02x}");
        }
        let observed = self.observed;
        let wrong = format!("its SHA-256 should be {observed} and is {sum}");
        (sum != observed).then_some(wrong)
    }
}

/// The checksum that a tag is, if it is one. Weak tags and those of object storage are none.
pub(super) fn observed(etag: &str) -> Option<&str> {
    let sum = etag.strip_prefix('"')?.strip_suffix('"')?;
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (sum.len() == DIGITS && sum.bytes().all(digit)).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `abc`, as the standard has it.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn only_a_strong_tag_of_64_hex_digits_is_a_checksum() {
        assert_eq!(observed(&format!("\"{ABC}\"")), Some(ABC));
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
            assert_eq!(observed(&tag), None, "{tag}");
        }
    }

    #[test]
    fn the_bytes_must_be_those_of_the_checksum() {
        for (bytes, right) in [(["a", "bc"], true), (["ab", "cd"], false)] {
            let mut sum = Sha256Check::new(ABC);
            bytes.iter().for_each(|bytes| sum.add(bytes.as_bytes()));
            assert_eq!(sum.wrong().is_none(), right);
        }
    }
}
