//! The options of an extraction.

use crate::plan::OnConflict;
use crate::select::files::Rules;

/// How archives become files.
#[derive(Debug, Clone)]
pub struct ExtractOptions {
    pub rules: Rules,
    /// Extracts each job into a folder of its own.
    pub separate: bool,
    pub on_conflict: OnConflict,
}
