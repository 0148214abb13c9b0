//! The error type of the zip room.

use std::fmt::{self, Display, Formatter};
use std::io;

use super::detect_format::NotZip;
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
    /// The entry is encrypted.
    Encrypted { entry: String },
    /// The compression method of the entry is neither stored nor deflate.
    UnsupportedMethod { entry: String, method: u16 },
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
            Error::Encrypted { entry } => write!(f, "entry `{}` is encrypted", sanitize(entry)),
            Error::UnsupportedMethod { entry, method } => {
                let name = match method {
                    9 => " (deflate64)",
                    12 => " (bzip2)",
                    14 => " (lzma)",
                    20 | 93 => " (zstd)",
                    95 => " (xz)",
                    _ => "",
                };
                write!(f, "entry `{}` uses compression method {method}{name}, ", sanitize(entry))?;
                f.write_str("where only stored (0) and deflate (8) can be read")
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

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Read(error) | Error::Write(error) => Some(error),
            _ => None,
        }
    }
}
