//! The plan of an extraction: the files, folders and links that an archive becomes. Made by `select`,
//! carried out by `extract` and `disk`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

mod placement_path;

pub use placement_path::PlacementPath;

/// Everything that the extraction of an archive creates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In archive order. Paths are unique, and none is below a file or link.
    pub placements: Vec<Placement>,
    /// Sanitised messages for the user, one line each.
    pub warnings: Vec<String>,
    /// Patterns of `--path`, as typed, that match nothing in this archive.
    pub unmatched: Vec<String>,
    /// Empty unless `--delete` was given.
    pub held: HeldPaths,
}

/// The paths of all entries of an archive, chosen or not: `--delete` leaves them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeldPaths {
    /// Relative to the destination.
    pub paths: Vec<PlacementPath>,
    /// The folder of the job, relative to the destination.
    pub folder: PathBuf,
    /// The leading folders that `--strip-components` removed.
    pub stripped: BTreeSet<PlacementPath>,
}

/// A file, folder or link to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Index of the entry with its data.
    pub entry: u32,
    pub path: PlacementPath,
    pub kind: PlacementKind,
}

/// Kind and metadata of a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementKind {
    File {
        /// Unix permission bits.
        mode: Option<u16>,
        /// Seconds since 1970.
        modified: Option<i64>,
        /// Bytes.
        size: u64,
        crc32: u32,
    },
    Folder {
        mode: Option<u16>,
        modified: Option<i64>,
    },
    Link {
        target: OsString,
    },
}

/// The entry that is on disk at the path of a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existing {
    Nothing,
    File {
        /// Bytes.
        size: u64,
        /// None where the size is wrong already, and where the file cannot be read.
        crc32: Option<u32>,
        /// The permission bits that the file would have if it were new, if it has others.
        fresh_mode: Option<u32>,
    },
    Folder {
        fresh_mode: Option<u32>,
    },
    Link {
        target: OsString,
    },
    /// A device, pipe or socket.
    Special,
}

/// The reason why `--delete` leaves an entry on disk, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// An archive holds it.
    Held,
    /// `--exclude` names it, with everything below it.
    Excluded,
    None,
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
                placement.path = folder.join(&placement.path).as_path().into();
            }
            for path in &mut self.held.paths {
                *path = folder.join(&path).as_path().into();
            }
            self.held.folder = folder.to_owned();
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
    #[cfg(target_pointer_width = "64")]
    fn a_million_placements_take_less_memory_than_their_entries() {
        // A little more where the system's strings are longer.
        assert!(size_of::<Placement>() <= 64);
    }

    #[test]
    fn below_moves_all_paths_and_keeps_the_size() {
        let kind = PlacementKind::File { mode: None, modified: None, size: 3, crc32: 0 };
        let link = PlacementKind::Link { target: "a".into() };
        let placements = vec![
            Placement { entry: 0, path: "d/a".into(), kind },
            Placement { entry: 1, path: "l".into(), kind: link },
        ];
        let plan = Plan { placements, ..Plan::default() }.below(Path::new("job"));
        let paths: Vec<_> = plan.placements.iter().map(|placement| &*placement.path).collect();
        assert_eq!(paths, [Path::new("job/d/a"), Path::new("job/l")]);
        assert_eq!(plan.size(), 3);
    }
}
