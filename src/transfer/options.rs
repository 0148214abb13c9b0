//! The options of an extraction.

use crate::plan::{Mtime, OnConflict};
use crate::select::files::FileRules;

/// How archives become files.
#[derive(Debug, Clone)]
pub struct ExtractOptions {
    pub rules: FileRules,
    pub on_conflict: OnConflict,
    pub mtime: Mtime,
    /// Syncs files and folders to the disk before they are put in place.
    pub durable: bool,
}
