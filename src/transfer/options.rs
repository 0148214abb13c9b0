//! The options of an extraction.

use crate::plan::OnConflict;
use crate::select::files::FileRules;

/// How archives become files.
#[derive(Debug, Clone)]
pub struct ExtractOptions {
    pub rules: FileRules,
    /// Extracts each job into a folder of its own.
    pub separate: bool,
    pub on_conflict: OnConflict,
    /// Syncs files and folders to the disk before they are put in place.
    pub durable: bool,
}
