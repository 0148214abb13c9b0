//! The state of a directory entry, as far as a comparison with an archive needs it.

/// The kind of a directory entry. In contrast to `FileKind`, it tells devices, sockets and pipes
/// from files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Folder,
    Link,
    Special,
}

/// The state of a directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryState {
    pub kind: EntryKind,
    /// Bytes.
    pub size: u64,
    /// Permission bits with setuid, setgid and sticky; none on systems without them.
    pub mode: Option<u32>,
}
