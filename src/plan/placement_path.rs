//! Paths of what a plan creates.

use std::fmt::{self, Debug, Formatter};
use std::ops::Deref;
use std::path::{MAIN_SEPARATOR, Path};

use crate::model::{RawPath, os_str};

/// A path relative to the destination, without `.` and `..`. Clones share the bytes. A path that
/// equals the name of its entry shares the bytes of the name, which halves the memory for large
/// archives.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlacementPath(RawPath);

impl PlacementPath {
    /// Returns the path of these components, which must be some or all of those of `name`, in its
    /// order.
    pub fn new(components: &[&[u8]], name: &RawPath) -> PlacementPath {
        let length = components.iter().map(|it| it.len() + 1).sum::<usize>().saturating_sub(1);
        // With the same length, the path has all components and separators of the name.
        if length == name.len() && (MAIN_SEPARATOR == '/' || components.len() == 1) {
            return PlacementPath(name.clone());
        }
        PlacementPath(components.join(&(MAIN_SEPARATOR as u8)).as_slice().into())
    }
}

impl From<&Path> for PlacementPath {
    fn from(path: &Path) -> PlacementPath {
        PlacementPath(path.as_os_str().as_encoded_bytes().into())
    }
}

impl From<&str> for PlacementPath {
    fn from(path: &str) -> PlacementPath {
        Path::new(path).into()
    }
}

impl Deref for PlacementPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        Path::new(os_str(&self.0))
    }
}

impl AsRef<Path> for PlacementPath {
    fn as_ref(&self) -> &Path {
        self
    }
}

impl Debug for PlacementPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_shares_the_bytes_of_a_name_that_is_written_alike() {
        for (name, skip, expect, shared) in [
            ("a", 0, "a", true),
            ("a/b c/d", 0, "a/b c/d", cfg!(unix)),
            ("a/b/", 0, "a/b", false),
            ("./a", 0, "a", false),
            ("a//b", 0, "a/b", false),
            ("a/b/c", 1, "b/c", false),
        ] {
            let name = RawPath::from(name);
            let components = name.split(|byte| *byte == b'/');
            let components: Vec<_> =
                components.filter(|it| !matches!(*it, b"" | b".")).skip(skip).collect();
            let path = PlacementPath::new(&components, &name);
            assert_eq!(&*path, Path::new(expect), "{name}");
            assert_eq!(path.0.as_ptr() == name.as_ptr(), shared, "{name}");
        }
    }
}
