//! The kinds of directory entries that a commit tells apart.

/// The kind of a directory entry. Devices, sockets and pipes count as files: a commit replaces them
/// under the same rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    File,
    Dir,
    Symlink,
}
