//! The error type of the zip room.

use std::fmt::{self, Display, Formatter};
use std::io;

use super::detect_format::NotZip;
use crate::model::Method;
use crate::sanitize::sanitize;

/// Reasons why an archive, or one entry of it, cannot be read.
///
/// `Read` and `Write` are I/O failures; all others mean that the bytes themselves are bad.
#[derive(Debug)]
pub enum Error {
    /// The file has another format, or is only the beginning of a zip.
    NotZip(NotZip),
    /// The structure of the archive is damaged.
    Broken(String),
    /// Two places of the archive disagree about its entries.
    Contradiction(String),
    /// The EOCD record claims another number of entries than the central directory lists.
    EntryCount { claimed: u64, found: u64 },
    /// Two entries have the same name and different contents.
    DuplicateEntry { entry: String },
    /// The archive has more entries than allowed.
    TooManyEntries { entries: u64, max: usize },
    /// The entry is encrypted, a patch, or of an unsupported compression method.
    Unreadable { entry: String, method: Method },
    /// Decompressing the entry needs a window of `size` bytes in memory, which is more than `max`.
    ZstdWindow { entry: String, size: u64, max: u64 },
    /// The archive differs from its central directory near this offset (in bytes from the start).
    /// Only validation of the whole archive can tell whether it is valid. Callers do that and
    /// never show this error to users.
    NeedsFullCheck { near: u64 },
    /// The data of the entry do not match its checksum or size.
    Damaged { entry: String, why: String },
    /// The symlink entry has an invalid target.
    LinkTarget { entry: String, why: &'static str },
    /// The archive is longer or shorter than its job says, in bytes.
    Length { announced: u64, received: u64 },
    /// The archive could not be read, because of the network or the disk.
    Read(io::Error),
    /// The data of the entry could not be written to their destination.
    Write(io::Error),
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotZip(format) => write!(f, "not a zip archive: {format}"),
            Error::Broken(why) => write!(f, "the archive is broken: {}", sanitize(why)),
            Error::Contradiction(why) => {
                write!(f, "the archive contradicts itself: {}", sanitize(why))
            }
            Error::Length { announced, received } => {
                write!(f, "it has {received} bytes, and its job says {announced}")
            }
            Error::EntryCount { claimed, found } => {
                write!(f, "the archive claims {claimed} entries and lists {found}")
            }
            Error::DuplicateEntry { entry } => {
                write!(f, "entry `{}` is there twice with different contents", sanitize(entry))
            }
            Error::TooManyEntries { entries, max } => {
                write!(f, "it has {entries} entries, and {max} are allowed")
            }
            Error::Unreadable { entry, method } => {
                let why = method.unreadable().unwrap_or_default();
                write!(f, "entry `{}` {why}", sanitize(entry))
            }
            Error::ZstdWindow { entry, size, max } => {
                let (entry, mib) = (sanitize(entry), |bytes: &u64| bytes.div_ceil(1 << 20));
                write!(f, "unpacking entry `{entry}` takes a zstd window of {} MiB", mib(size))?;
                write!(f, ", and {} MiB are allowed", mib(max))
            }
            Error::NeedsFullCheck { near } => write!(f, "the archive is unusual at byte {near}"),
            Error::Damaged { entry, why } => {
                write!(f, "entry `{}` is damaged: {}", sanitize(entry), sanitize(why))
            }
            Error::LinkTarget { entry, why } => write!(f, "link `{}` {why}", sanitize(entry)),
            Error::Read(_) => f.write_str("reading the archive"),
            Error::Write(_) => f.write_str("writing what an archive holds"),
        }
    }
}

impl Error {
    /// Returns advice for the reader of the message.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::TooManyEntries { .. } => Some(
                "--max-entries allows more, where something is unpacked; -o FILE keeps the archive",
            ),
            Error::Unreadable { method, .. } => Some(method.way_out()),
            Error::ZstdWindow { .. } => {
                Some("-o FILE keeps the archive itself, and `7z x FILE` (7-Zip) unpacks it")
            }
            Error::NotZip(_)
            | Error::Broken(_)
            | Error::Contradiction(_)
            | Error::EntryCount { .. }
            | Error::DuplicateEntry { .. }
            | Error::NeedsFullCheck { .. }
            | Error::Damaged { .. }
            | Error::LinkTarget { .. }
            | Error::Length { .. }
            | Error::Read(_)
            | Error::Write(_) => None,
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Read(error) | Error::Write(error) => Some(error),
            _ => None,
        }
    }
}
