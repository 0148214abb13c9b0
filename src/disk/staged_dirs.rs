//! The directories of a staging, by their paths relative to the destination.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// Directories that exist in a staging or are to be created there.
// By bytes: the paths of a plan have one form, and a parent comes before its content.
#[derive(Debug, Default)]
pub struct StagedDirs(BTreeMap<OsString, StagedDir>);

#[derive(Debug, Default)]
struct StagedDir {
    exists: bool,
    /// Unix permission bits.
    mode: Option<u32>,
    /// Seconds since the Unix epoch.
    modified: Option<i64>,
}

impl StagedDirs {
    /// Adds a directory to create. One that was added before keeps its mode and gets the new date.
    pub fn add(&mut self, path: &Path, mode: Option<u32>, modified: Option<i64>) {
        let dir = self.0.entry(path.into()).or_default();
        dir.mode = dir.mode.or(mode);
        dir.modified = modified.or(dir.modified);
    }

    /// Notes that a directory was created.
    pub fn created(&mut self, path: &Path) {
        self.0.entry(path.into()).or_default().exists = true;
    }

    pub fn exists(&self, path: &Path) -> bool {
        self.0.get(path.as_os_str()).is_some_and(|dir| dir.exists)
    }

    pub fn mode(&self, path: &Path) -> Option<u32> {
        self.0.get(path.as_os_str())?.mode
    }

    /// Returns the directories that were not created yet, parents first.
    pub fn missing(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().filter(|(_, dir)| !dir.exists).map(|(path, _)| Path::new(path))
    }

    /// Returns the directories that have a modification time.
    pub fn times(&self) -> impl Iterator<Item = (&Path, i64)> {
        self.0.iter().filter_map(|(path, dir)| Some((Path::new(path), dir.modified?)))
    }
}
