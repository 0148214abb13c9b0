//! The file-system edge: files appear whole or not at all.
//!
//! Everything is made in a private folder on the destination's own file system and put in place
//! by renames, which are undone if one of them fails. Nothing of the user's is ever deleted, and
//! no link that is there already is followed: on unix all is done by handles of folders.

mod below;
mod cache;
mod error;
#[cfg(unix)]
mod folder;
#[cfg(not(unix))]
#[path = "folder_by_path.rs"]
mod folder;
#[cfg(unix)]
mod leftover;
#[cfg(test)]
pub mod listing;
mod modes;
mod place;
mod private;
mod space;
mod staging;
mod survey;
#[cfg(test)]
mod tests;
mod whole;

pub use cache::{Cache, Coming, Kept, Key};
pub use error::Error;
pub use staging::{NewFile, Staging};
pub use whole::{WholeFile, temporary};

/// What a name stands for; whatever is neither a folder nor a link can give way as a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
}
