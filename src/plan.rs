//! What of an archive lands where: decided in `select`, carried out in `extract` and `disk`.

use std::path::{Path, PathBuf};

/// What an archive will become on disk, nothing more and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In archive order; no two with one path, none below a link.
    pub placements: Vec<Placement>,
    /// What the user should know, a line each, harmless for a terminal.
    pub warnings: Vec<String>,
}

/// One thing to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The entry whose bytes it gets: its index in the archive.
    pub entry: usize,
    /// Below the destination, of ordinary components alone.
    pub path: PathBuf,
    pub what: PlacementKind,
}

/// What is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementKind {
    /// Mode as unix permission bits, date in seconds since 1970, size in bytes.
    File {
        mode: Option<u32>,
        modified: Option<i64>,
        size: u64,
    },
    Folder {
        mode: Option<u32>,
        modified: Option<i64>,
    },
    Link {
        target: String,
    },
}

/// What to do about a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    #[default]
    Overwrite,
    Skip,
    Fail,
}

impl Plan {
    /// The same below a folder of its own.
    pub fn below(mut self, folder: &Path) -> Plan {
        if folder != Path::new("") {
            for placement in &mut self.placements {
                placement.path = folder.join(&placement.path);
            }
        }
        self
    }

    /// Unpacked bytes of all files together.
    pub fn size(&self) -> u128 {
        let sizes = self.placements.iter().map(|placement| match placement.what {
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
    fn a_plan_below_a_folder_is_the_same_plan_elsewhere() {
        let what = PlacementKind::File { mode: None, modified: None, size: 3 };
        let link = PlacementKind::Link { target: "a".to_owned() };
        let placements = vec![
            Placement { entry: 0, path: "d/a".into(), what },
            Placement { entry: 1, path: "l".into(), what: link },
        ];
        let plan = Plan { placements, warnings: Vec::new() }.below(Path::new("job"));
        let paths: Vec<_> = plan.placements.iter().map(|placement| &placement.path).collect();
        assert_eq!(paths, [Path::new("job/d/a"), Path::new("job/l")]);
        assert_eq!(plan.size(), 3);
    }
}
