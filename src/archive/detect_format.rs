//! What a file is that is not a zip, by its first bytes.

use std::fmt;

/// What came in place of a zip archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotZip {
    Empty,
    Cut,
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

/// As many bytes of the beginning as [`NotZip::by_start`] wants to see.
pub const START: usize = 512;

impl NotZip {
    /// Names what begins so; `Cut` for the beginning of a zip.
    pub fn by_start(start: &[u8]) -> NotZip {
        const MAGIC: [(&[u8], NotZip); 7] = [
            (b"PK\x03\x04", NotZip::Cut),
            (b"PK\x05\x06", NotZip::Cut),
            (b"\x1f\x8b", NotZip::Gzip),
            (b"\x28\xb5\x2f\xfd", NotZip::Zstd),
            (b"BZh", NotZip::Bzip2),
            (b"\xfd7zXZ\0", NotZip::Xz),
            (b"7z\xbc\xaf\x27\x1c", NotZip::SevenZip),
        ];
        if start.is_empty() {
            return NotZip::Empty;
        }
        if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
            return *what;
        }
        if start.get(257..262) == Some(b"ustar") {
            return NotZip::Tar;
        }
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
        let begins = |word: &str| {
            text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
        };
        match text.first() {
            Some(b'<') if begins("<?xml") => NotZip::Xml,
            Some(b'<') if begins("<!doctype html") || begins("<html") => NotZip::Html,
            Some(b'{' | b'[') => NotZip::Json,
            _ => NotZip::Unknown,
        }
    }
}

impl fmt::Display for NotZip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotZip::Empty => "it is empty",
            NotZip::Cut => "it begins like one, but its end is missing",
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
    fn what_is_not_a_zip_is_named_by_its_beginning() {
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\x0000");
        let cases: [(&[u8], NotZip); 14] = [
            (b"", NotZip::Empty),
            (b"PK\x03\x04\x14", NotZip::Cut),
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
        for (start, what) in cases {
            assert_eq!(NotZip::by_start(start), what, "{start:?}");
        }
    }
}
