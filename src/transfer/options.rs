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
    /// Files on disk that are equal to those of the archives are left alone, and all others are
    /// replaced. `on_conflict` is `Overwrite` then.
    pub sync: bool,
    /// Everything below the destination that none of the archives holds is removed.
    pub delete: bool,
    /// The directory of an archive is read before anything else of it.
    pub directory_first: bool,
}

impl ExtractOptions {
    /// Returns true if files on disk decide which files of the archives are needed.
    pub fn needs_comparison(&self) -> bool {
        self.sync || self.on_conflict == OnConflict::Skip
    }
}
