//! The file-system edge: files appear complete or not at all.
//!
//! Files are staged in a temporary directory on the destination's file system and committed by
//! atomic renames; if one rename fails, all are rolled back. Files of the user are only replaced
//! or, where the user asked for it, removed, and existing symlinks below the destination are not followed: on Unix, all
//! operations go through directory handles.

mod area;
mod atomic_file;
mod attempts;
mod cache;
mod checksum;
mod close;
mod commit;
mod commit_plan;
mod compare;
mod copy;
#[cfg(unix)]
mod dir_handle;
#[cfg(not(unix))]
#[path = "dir_handle_by_path.rs"]
mod dir_handle;
mod dir_tree;
mod entry_state;
mod error;
mod file_kind;
mod folder_of;
mod free_space;
#[cfg(test)]
pub mod listing;
mod modes;
mod move_away;
mod new_file;
mod notes;
mod positioned_write;
mod removable;
#[cfg(unix)]
mod remove_tree;
mod roll_back;
mod special_file;
mod staged_dirs;
mod staging;
#[cfg(unix)]
mod stale_temp_dirs;
#[cfg(not(unix))]
#[path = "stale_temp_dirs_by_path.rs"]
mod stale_temp_dirs;
mod sync_commit;
mod temp_dir;
mod temp_file;
mod temp_layout;
#[cfg(test)]
mod tests;

pub use atomic_file::{AtomicFile, temp_file};
pub use cache::{Cache, CacheKey, CacheLookup, CacheWriter};
pub use close::check as check_written;
pub use commit::Committed;
pub use compare::{CompareBy, DiskState};
pub use error::Error;
pub use new_file::{FileCreator, NewFile};
pub use positioned_write::write_all_at;
pub use staging::Staging;
pub use sync_commit::SyncChanges;
