//! Paths of archives as bytes.

use std::ffi::OsStr;
use std::fmt::{self, Debug, Display, Formatter};
use std::ops::Deref;
use std::sync::Arc;

use crate::sanitize::escape_bytes;

/// A path in an archive, of an entry or the target of a symlink: bytes that are mostly UTF-8.
///
/// It is displayed with each other byte as `\xff`, so that different paths stay different. Clones
/// share the bytes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawPath(Arc<[u8]>);

impl RawPath {
    /// Returns true if the bytes are valid UTF-8.
    pub fn is_utf8(&self) -> bool {
        std::str::from_utf8(&self.0).is_ok()
    }
}

/// Returns a path, a component or a target as the operating system has it.
pub fn os_str(bytes: &[u8]) -> &OsStr {
    #[cfg(unix)]
    return std::os::unix::ffi::OsStrExt::from_bytes(bytes);
    // Other bytes were refused before.
    #[cfg(not(unix))]
    OsStr::new(std::str::from_utf8(bytes).unwrap_or_default())
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
