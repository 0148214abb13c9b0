//! The state of a directory entry, as far as a comparison with an archive needs it.

use crate::model::EntryKind;

/// The state of a directory entry. In contrast to `FileKind`, its kind tells devices, sockets and
/// pipes from files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryState {
    pub kind: EntryKind,
    /// Bytes.
    pub size: u64,
    /// Permission bits with setuid, setgid and sticky; none on systems without them.
    pub mode: Option<u32>,
}
