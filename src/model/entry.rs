//! Entries of zip archives.

use std::fmt::{self, Debug, Display, Formatter};
use std::ops::Deref;
use std::sync::Arc;

use crate::sanitize::escape_bytes;

/// The number of entries of an archive that is accepted where no setting names another one.
pub const DEFAULT_MAX_ENTRIES: usize = 1_000_000;

/// An entry of an archive, as the central directory describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The whole path, separated by `/`; that of a folder ends with `/`.
    pub name: RawPath,
    pub kind: EntryKind,
    /// The uncompressed size in bytes.
    pub size: u64,
    /// The compressed size in bytes.
    pub compressed_size: u64,
    pub crc32: u32,
    pub method: Method,
    /// The Unix permission bits (`0o7777`), if the archive has them.
    pub mode: Option<u32>,
    /// The modification time in seconds since 1970 UTC; none if the archive has no valid date.
    pub modified: Option<i64>,
}

/// The type of an entry, from its Unix mode and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Folder,
    Link,
    /// A device, pipe or socket without content, which is never extracted.
    Special,
}

/// The way in which the data of an entry are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Stored,
    Deflate,
    Zstd,
    Encrypted,
    /// A patch for a file outside the archive.
    Patch,
    /// Another compression method, by its number in APPNOTE.TXT (section 4.4.5).
    Other(u16),
}

/// A path in an archive, of an entry or the target of a symlink: bytes that are mostly UTF-8.
///
/// It is displayed with each other byte as `\xff`, so that different paths stay different. Clones
/// share the bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawPath(Arc<[u8]>);

impl Method {
    /// Returns why data of this method cannot be extracted, to follow the name of the entry; none
    /// if they can.
    pub fn unreadable(self) -> Option<String> {
        let name = match self {
            Method::Stored | Method::Deflate | Method::Zstd => return None,
            Method::Encrypted => return Some("is encrypted".to_owned()),
            Method::Patch => return Some("is a patch for something else".to_owned()),
            Method::Other(1) => " (shrink)",
            Method::Other(6) => " (implode)",
            Method::Other(9) => " (deflate64)",
            Method::Other(12) => " (bzip2)",
            Method::Other(14) => " (lzma)",
            Method::Other(20) => " (an early zstd)",
            Method::Other(95) => " (xz)",
            Method::Other(98) => " (ppmd)",
            Method::Other(_) => "",
        };
        let Method::Other(number) = self else { return None };
        let known = "where only stored (0), deflate (8) and zstd (93) can be read";
        Some(format!("uses compression method {number}{name}, {known}"))
    }

    /// Returns advice for an entry that cannot be extracted.
    pub fn way_out(self) -> &'static str {
        match self {
            Method::Encrypted => {
                "-o FILE keeps the archive itself; `7z x FILE` asks for its password"
            }
            Method::Other(1 | 6 | 9 | 12 | 14 | 20 | 95 | 98) => {
                "-o FILE keeps the archive itself, and `7z x FILE` (7-Zip) knows this method"
            }
            Method::Stored | Method::Deflate | Method::Zstd | Method::Patch | Method::Other(_) => {
                "-o FILE keeps the archive itself, for the program that made it"
            }
        }
    }
}

impl RawPath {
    /// Returns true if the bytes are valid UTF-8.
    pub fn is_utf8(&self) -> bool {
        std::str::from_utf8(&self.0).is_ok()
    }
}

impl From<Vec<u8>> for RawPath {
    fn from(bytes: Vec<u8>) -> RawPath {
        RawPath(bytes.into())
    }
}

impl From<&[u8]> for RawPath {
    fn from(bytes: &[u8]) -> RawPath {
        RawPath(bytes.into())
    }
}

impl From<&str> for RawPath {
    fn from(text: &str) -> RawPath {
        RawPath(text.as_bytes().into())
    }
}

impl From<String> for RawPath {
    fn from(text: String) -> RawPath {
        RawPath(text.into_bytes().into())
    }
}

impl Deref for RawPath {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for RawPath {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq<str> for RawPath {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<&str> for RawPath {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl Display for RawPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_bytes(&self.0))
    }
}

impl Debug for RawPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", escape_bytes(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_methods_are_readable_and_the_others_are_named() {
        for (method, expect) in [
            (Method::Zstd, None),
            (Method::Encrypted, Some("is encrypted")),
            (Method::Other(12), Some("uses compression method 12 (bzip2), where only")),
            (Method::Other(77), Some("uses compression method 77, where only")),
        ] {
            let why = method.unreadable();
            assert_eq!(why.is_some(), expect.is_some(), "{method:?}");
            assert!(why.unwrap_or_default().starts_with(expect.unwrap_or_default()));
        }
        assert!(Method::Other(95).way_out().contains("7z"));
        assert!(!Method::Other(97).way_out().contains("7z"));
    }
}
