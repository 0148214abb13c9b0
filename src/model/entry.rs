//! Entries of zip archives.

/// An entry of an archive, as the central directory describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The whole path, separated by `/`; that of a folder ends with `/`.
    pub name: String,
    pub kind: EntryKind,
    /// The uncompressed size in bytes.
    pub size: u64,
    /// The compressed size in bytes.
    pub compressed_size: u64,
    pub crc32: u32,
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
    /// A device, pipe or socket, which is never extracted.
    Special,
}
