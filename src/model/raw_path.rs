//! Paths of archives as bytes.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fmt::{self, Debug, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::sanitize::escape_bytes;

/// A path in an archive, of an entry or the target of a symlink: bytes that are mostly UTF-8.
///
/// It is displayed with each other byte as `\xff`, so that different paths stay different. Clones
/// share the bytes.
#[derive(Clone, Default)]
pub struct RawPath {
    /// The bytes of all paths of a pool; unset until the pool is complete.
    bytes: Arc<OnceLock<Vec<u8>>>,
    start: u32,
    end: u32,
}

/// A collector of paths whose bytes share one allocation. With one allocation for each path, a large
/// archive would take twice the memory.
#[derive(Default)]
pub struct RawPathPool {
    bytes: Vec<u8>,
    shared: Arc<OnceLock<Vec<u8>>>,
}

impl RawPathPool {
    /// Adds a path, which is empty until [`RawPathPool::complete`]. Returns `None` if all paths
    /// together would take more than 4 GiB.
    pub fn add(&mut self, path: &[u8]) -> Option<RawPath> {
        let start = u32::try_from(self.bytes.len()).ok()?;
        let end = start.checked_add(u32::try_from(path.len()).ok()?)?;
        self.bytes.extend_from_slice(path);
        Some(RawPath { bytes: Arc::clone(&self.shared), start, end })
    }

    /// Sets the bytes of all paths that were added.
    pub fn complete(mut self) {
        self.bytes.shrink_to_fit();
        self.shared.get_or_init(|| self.bytes);
    }
}

impl RawPath {
    /// Returns true if the bytes are valid UTF-8.
    pub fn is_utf8(&self) -> bool {
        std::str::from_utf8(self).is_ok()
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

impl From<&[u8]> for RawPath {
    fn from(bytes: &[u8]) -> RawPath {
        let mut pool = RawPathPool::default();
        let path = pool.add(bytes).unwrap_or_default();
        pool.complete();
        path
    }
}

impl From<&str> for RawPath {
    fn from(text: &str) -> RawPath {
        text.as_bytes().into()
    }
}

impl Deref for RawPath {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let range = self.start as usize..self.end as usize;
        self.bytes.get().and_then(|bytes| bytes.get(range)).unwrap_or_default()
    }
}

impl AsRef<[u8]> for RawPath {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for RawPath {
    fn eq(&self, other: &RawPath) -> bool {
        **self == **other
    }
}

impl Eq for RawPath {}

impl PartialOrd for RawPath {
    fn partial_cmp(&self, other: &RawPath) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RawPath {
    fn cmp(&self, other: &RawPath) -> Ordering {
        (**self).cmp(other)
    }
}

impl Hash for RawPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl PartialEq<str> for RawPath {
    fn eq(&self, other: &str) -> bool {
        **self == *other.as_bytes()
    }
}

impl PartialEq<&str> for RawPath {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl Display for RawPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&escape_bytes(self))
    }
}

impl Debug for RawPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", escape_bytes(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_pool_are_slices_of_one_allocation() {
        let mut pool = RawPathPool::default();
        let paths = ["a/b", "", "\u{fc}"].map(|path| pool.add(path.as_bytes()).unwrap());
        assert_eq!(paths[0], "", "nothing before the pool is complete");
        pool.complete();
        assert_eq!(paths, ["a/b", "", "\u{fc}"]);
        assert_eq!(paths[2].as_ptr(), paths[0].as_ptr().wrapping_add(3));
        assert_eq!(paths[0], RawPath::from("a/b"));
        assert!(paths[1] < paths[0]);
    }
}
