//! What an archive is refused for as a whole, before anything of it is unpacked.

use std::fmt;

use crate::sanitize::sanitize;

/// Why an archive is not unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveRefusal {
    /// The name would leave the destination.
    Leaves { entry: String },
    /// The name cannot be one of a file here.
    Name { entry: String, why: &'static str },
    /// Two names that this system takes for one.
    Collision { first: String, second: String },
    /// One name with different contents.
    Double { entry: String },
    /// One name for a file or link, and for a folder.
    FileAndFolder { entry: String },
    /// A folder with bytes of its own.
    FolderWithContent { entry: String },
    /// An entry whose way leads through a link.
    BelowLink { entry: String, link: String },
    /// The link points out of the destination.
    LinkLeaves { entry: String, target: String },
    /// The target of the link cannot be one.
    LinkTarget { entry: String, why: &'static str },
    /// Unpacked it would be too large, in bytes.
    TooLarge { size: u128, most: u64 },
    /// It has too many entries.
    TooMany { entries: usize, most: usize },
}

impl ArchiveRefusal {
    /// Advice for the person who reads it.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            ArchiveRefusal::LinkLeaves { .. } => {
                "--symlinks skip leaves links out, --symlinks all takes them as they are"
            }
            ArchiveRefusal::LinkTarget { .. } => "--symlinks skip leaves links out",
            ArchiveRefusal::TooLarge { .. } => "--max-size allows more, --path takes less",
            ArchiveRefusal::TooMany { .. } => "--max-entries allows more",
            ArchiveRefusal::Leaves { .. }
            | ArchiveRefusal::Name { .. }
            | ArchiveRefusal::Collision { .. }
            | ArchiveRefusal::Double { .. }
            | ArchiveRefusal::FileAndFolder { .. }
            | ArchiveRefusal::FolderWithContent { .. }
            | ArchiveRefusal::BelowLink { .. } => {
                "--output keeps the archive itself, unopened, for a closer look"
            }
        };
        Some(advice.to_owned())
    }
}

impl fmt::Display for ArchiveRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArchiveRefusal::Leaves { entry } => {
                write!(f, "entry `{}` leaves the destination", sanitize(entry))
            }
            ArchiveRefusal::Name { entry, why } => write!(f, "entry `{}` {why}", sanitize(entry)),
            ArchiveRefusal::Collision { first, second } => write!(
                f,
                "entries `{}` and `{}` have one name on this system",
                sanitize(first),
                sanitize(second)
            ),
            ArchiveRefusal::Double { entry } => {
                write!(f, "entry `{}` is there twice with different contents", sanitize(entry))
            }
            ArchiveRefusal::FileAndFolder { entry } => {
                write!(f, "entry `{}` is both a folder and not one", sanitize(entry))
            }
            ArchiveRefusal::FolderWithContent { entry } => {
                write!(f, "entry `{}` is a folder and has bytes of its own", sanitize(entry))
            }
            ArchiveRefusal::BelowLink { entry, link } => {
                write!(f, "entry `{}` lies below the link `{}`", sanitize(entry), sanitize(link))
            }
            ArchiveRefusal::LinkLeaves { entry, target } => write!(
                f,
                "link `{}` points out of the destination, to `{}`",
                sanitize(entry),
                sanitize(target)
            ),
            ArchiveRefusal::LinkTarget { entry, why } => {
                write!(f, "link `{}` {why}", sanitize(entry))
            }
            ArchiveRefusal::TooLarge { size, most } => {
                write!(f, "unpacked it would be {size} bytes, and {most} are allowed")
            }
            ArchiveRefusal::TooMany { entries, most } => {
                write!(f, "it has {entries} entries, and {most} are allowed")
            }
        }
    }
}

#[cfg(test)]
mod tests;
