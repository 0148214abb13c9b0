//! The reasons to refuse a whole archive before anything of it is extracted.

use std::fmt;

use crate::model::Method;
use crate::sanitize::sanitize;

/// The reason why an archive is not extracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveRefusal {
    /// The path of an entry leads out of the destination.
    Leaves { entry: String },
    /// The name of an entry is not valid on this system.
    Name { entry: String, why: &'static str },
    /// Two names that differ only in case or Unicode form, which is one name on this system.
    Collision { first: String, second: String },
    /// Two entries of one name with different contents.
    Double { entry: String },
    /// Two entries with different contents that get one path when `--flatten` or
    /// `--strip-components` removes their folders.
    SamePath { path: String },
    /// One name for both a folder and a file or link.
    FileAndFolder { entry: String },
    /// A folder entry with contents.
    FolderWithContent { entry: String },
    /// An entry whose path leads through a symlink.
    BelowLink { entry: String, link: String },
    /// A symlink that points out of the destination.
    LinkLeaves { entry: String, target: String },
    /// A symlink with `..` behind something that is no folder and that a later run could make a
    /// symlink.
    LinkCouldLeave { entry: String, target: String },
    /// A symlink with a missing or circular target.
    LinkTarget { entry: String, why: &'static str },
    /// The extracted size in bytes exceeds `--max-size`.
    TooLarge { size: u128, most: u64 },
    /// The number of entries exceeds `--max-entries`.
    TooMany { entries: usize, most: usize },
    /// The number of entries and of the folders that their names imply exceeds `--max-entries`.
    TooManyFolders { most: usize },
    /// An entry is encrypted, a patch, or of an unsupported compression method.
    Unreadable { entry: String, method: Method },
}

impl ArchiveRefusal {
    /// Returns advice for the reader of the message; every refusal of an archive has some.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            ArchiveRefusal::LinkLeaves { .. } | ArchiveRefusal::LinkCouldLeave { .. } => {
                "--symlinks skip leaves links out, --symlinks all takes them as they are"
            }
            ArchiveRefusal::LinkTarget { .. } => "--symlinks skip leaves links out",
            ArchiveRefusal::TooLarge { .. } => "--max-size allows more, --path takes less",
            ArchiveRefusal::TooMany { .. } | ArchiveRefusal::TooManyFolders { .. } => {
                "--max-entries allows more"
            }
            ArchiveRefusal::Unreadable { method, .. } => method.way_out(),
            ArchiveRefusal::SamePath { .. } => {
                "--path takes one of them; without --flatten or --strip-components each keeps its folder"
            }
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
            ArchiveRefusal::SamePath { path } => write!(
                f,
                "two entries with different contents would both be `{}` without their folders",
                sanitize(path)
            ),
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
            ArchiveRefusal::LinkCouldLeave { entry, target } => write!(
                f,
                "link `{}` could come to point out of the destination: in its target `{}`, `..` follows something that is no folder",
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
            ArchiveRefusal::TooManyFolders { most } => {
                write!(f, "with the folders of its names it has more than {most} entries, ")?;
                f.write_str("which is the limit")
            }
            ArchiveRefusal::Unreadable { entry, method } => {
                let why = method.unreadable().unwrap_or_default();
                write!(f, "entry `{}` {why}", sanitize(entry))
            }
        }
    }
}

#[cfg(test)]
mod tests;
