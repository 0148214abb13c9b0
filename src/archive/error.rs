//! What is wrong with an archive, or with reading it, or with the place its bytes go to.

use std::fmt::{self, Display, Formatter};
use std::io;

use super::NotZip;
use crate::sanitize::sanitize;

/// Why an archive, or one entry of it, cannot be read.
///
/// All but `Read` and `Write` say that the bytes themselves are bad.
#[derive(Debug)]
pub enum Error {
    /// It is something else, or only the beginning of a zip.
    NotZip(NotZip),
    /// It is a zip whose structure does not hold together.
    Broken(String),
    /// Two places of the archive tell different things about its entries.
    Contradiction(String),
    /// The end record claims another number of entries than the central directory has.
    Entries { claimed: u64, found: u64 },
    /// One name with different contents.
    Double { entry: String },
    /// The entry can be read only with a password.
    Encrypted { entry: String },
    /// The entry is packed in a way that this program does not know.
    Method { entry: String, method: u16 },
    /// Here, in bytes from the start, the archive is not as most writers have it. That is for a
    /// closer look and not for people.
    NeedsFullCheck { near: u64 },
    /// The bytes of the entry are not what its checksum and length say.
    Damaged { entry: String, why: String },
    /// The entry is a link whose target cannot be one.
    Target { entry: String, why: &'static str },
    /// The archive could not be read: a fault of the network or of the disk it lies on.
    Read(io::Error),
    /// The bytes of the entry could not be written to where they should go.
    Write(io::Error),
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotZip(what) => write!(f, "not a zip archive: {what}"),
            Error::Broken(why) => write!(f, "the archive is broken: {}", sanitize(why)),
            Error::Contradiction(why) => {
                write!(f, "the archive contradicts itself: {}", sanitize(why))
            }
            Error::Entries { claimed, found } => {
                write!(f, "the archive claims {claimed} entries and lists {found}")
            }
            Error::Double { entry } => {
                write!(f, "entry `{}` is there twice with different contents", sanitize(entry))
            }
            Error::Encrypted { entry } => write!(f, "entry `{}` is encrypted", sanitize(entry)),
            Error::Method { entry, method } => {
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
            Error::Target { entry, why } => write!(f, "link `{}` {why}", sanitize(entry)),
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
