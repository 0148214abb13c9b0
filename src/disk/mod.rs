//! The file-system edge: files appear whole or not at all.
//!
//! Everything is made in a private folder on the destination's own file system and put in place
//! by renames, which are undone if one of them fails. Nothing of the user's is ever deleted, and
//! no link that is there already is followed: on unix all is done by handles of folders.

mod atomic_file;
mod cache;
mod commit;
mod commit_plan;
#[cfg(unix)]
mod dir_handle;
#[cfg(not(unix))]
#[path = "dir_handle_by_path.rs"]
mod dir_handle;
mod dir_tree;
mod error;
mod free_space;
#[cfg(test)]
pub mod listing;
mod modes;
mod staging;
#[cfg(unix)]
mod stale_temp_dirs;
mod temp_dir;
#[cfg(test)]
mod tests;

pub use atomic_file::{AtomicFile, temporary};
pub use cache::{Cache, CacheLookup, CacheWriter, Key};
pub use error::Error;
pub use staging::{NewFile, Staging};

/// What a name stands for; whatever is neither a folder nor a link can give way as a file does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    DirHandle,
    Link,
}
