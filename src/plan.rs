//! The plan of an extraction: the files, folders and links that an archive becomes. Made by `select`,
//! carried out by `extract` and `disk`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Everything that the extraction of an archive creates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In archive order. Paths are unique, and none is below a file or link.
    pub placements: Vec<Placement>,
    /// Sanitised messages for the user, one line each.
    pub warnings: Vec<String>,
    /// Patterns of `--path`, as typed, that match nothing in this archive.
    pub unmatched: Vec<String>,
}

/// A file, folder or link to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Index of the entry with its data.
    pub entry: usize,
    /// Relative to the destination, without `.` and `..`.
    pub path: PathBuf,
    pub kind: PlacementKind,
}

/// Kind and metadata of a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementKind {
    File {
        /// Unix permission bits.
        mode: Option<u32>,
        /// Seconds since 1970.
        modified: Option<i64>,
        /// Bytes.
        size: u64,
    },
    Folder {
        mode: Option<u32>,
        modified: Option<i64>,
    },
    Link {
        target: OsString,
    },
}

/// The source of the modification times of what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mtime {
    #[default]
    Archive,
    /// The time of this run.
    Now,
    /// The time of the job's commit.
    Commit,
}

/// Treatment of a file that already exists at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    #[default]
    Overwrite,
    Skip,
    Fail,
}

impl Plan {
    /// Moves the whole plan below a folder. An empty path changes nothing.
    pub fn below(mut self, folder: &Path) -> Plan {
        if folder != Path::new("") {
            for placement in &mut self.placements {
                placement.path = folder.join(&placement.path);
            }
        }
        self
    }

    /// Gives all files and folders one modification time, in seconds since 1970.
    pub fn set_modified(&mut self, seconds: i64) {
        for placement in &mut self.placements {
            match &mut placement.kind {
                PlacementKind::File { modified, .. } | PlacementKind::Folder { modified, .. } => {
                    *modified = Some(seconds);
                }
                PlacementKind::Link { .. } => {}
            }
        }
    }

    /// Returns the total size of all files in bytes.
    pub fn size(&self) -> u128 {
        let sizes = self.placements.iter().map(|placement| match placement.kind {
            PlacementKind::File { size, .. } => u128::from(size),
            PlacementKind::Folder { .. } | PlacementKind::Link { .. } => 0,
        });
        sizes.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_moves_all_paths_and_keeps_the_size() {
        let kind = PlacementKind::File { mode: None, modified: None, size: 3 };
        let link = PlacementKind::Link { target: "a".into() };
        let placements = vec![
            Placement { entry: 0, path: "d/a".into(), kind },
            Placement { entry: 1, path: "l".into(), kind: link },
        ];
        let plan = Plan { placements, ..Plan::default() }.below(Path::new("job"));
        let paths: Vec<_> = plan.placements.iter().map(|placement| &placement.path).collect();
        assert_eq!(paths, [Path::new("job/d/a"), Path::new("job/l")]);
        assert_eq!(plan.size(), 3);
    }
}
