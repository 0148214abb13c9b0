//! The result of a transfer: the files of each job, and the jobs that are missing.

use std::path::PathBuf;

use crate::lookup::FoundJob;
use crate::plan::PlacementPath;
use crate::refusal::Refusal;
use crate::step::SyncCounts;

/// A job whose artifacts were transferred.
#[derive(Debug)]
pub struct TransferredJob {
    pub found: FoundJob,
    /// Relative to the destination; empty where jobs share one folder.
    pub folder: PathBuf,
    /// Files and links relative to the destination, with their sizes in bytes, in archive order.
    pub files: Vec<(PlacementPath, u64)>,
    /// Bytes that were received.
    pub bytes: u64,
    /// None without `--sync`.
    pub synced: Option<Synced>,
}

/// The result of a `--sync` for one job. Files and links are counted, folders are not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synced {
    /// Their content was right, so that they were not written.
    pub unchanged: usize,
    /// Those among them whose permission bits were put right.
    pub modes: usize,
    /// Replaced by others.
    pub changed: usize,
    /// Nothing was at their path.
    pub new: usize,
    /// Removed files and folders, relative to the destination.
    pub removed: Vec<PathBuf>,
}

impl Synced {
    /// Returns the numbers of files, for the listener.
    pub fn counts(&self) -> SyncCounts {
        let Synced { unchanged, modes, changed, new, ref removed } = *self;
        SyncCounts { unchanged, modes, changed, new, removed: removed.len() }
    }
}

/// The transferred jobs, and the patterns that are missing with the reason.
#[derive(Debug, Default)]
pub struct TransferResult {
    pub jobs: Vec<TransferredJob>,
    pub missing: Vec<(String, Refusal)>,
}
