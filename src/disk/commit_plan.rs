//! The plan of a commit: the renames it takes, decided before the destination is changed.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::dir_handle::Identity;
use super::dir_tree::DirTree;
use super::error::Error;
use super::file_kind::FileKind;
use super::temp_layout::STAGED;
use crate::plan::OnConflict;

/// One rename of a file or of a whole directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitStep {
    /// Relative to the temporary directory of `from_area`.
    pub from: PathBuf,
    /// Relative to the base directory.
    pub to: PathBuf,
    /// True if a file or symlink exists at `to` and is replaced.
    pub replaces: bool,
    /// Index of the area that holds the staged entry.
    pub from_area: usize,
    /// Index of the area of the destination, which takes the replaced file.
    pub area: usize,
}

impl CommitStep {
    /// Returns a step within the first area.
    pub fn new(from: impl Into<PathBuf>, to: impl Into<PathBuf>, replaces: bool) -> CommitStep {
        CommitStep { from: from.into(), to: to.into(), replaces, from_area: 0, area: 0 }
    }
}

/// The renames of a commit, in order, and the files it skips.
#[derive(Debug, Default)]
pub struct CommitPlan {
    pub steps: Vec<CommitStep>,
    /// Entries of another kind that are moved away before the first rename, relative to the base
    /// directory.
    pub displaced: Vec<Displaced>,
    /// Existing files that stay as they are, relative to the destination.
    pub skipped: Vec<PathBuf>,
    conflicts: Vec<PathBuf>,
}

/// An entry of another kind than the staged one.
#[derive(Debug)]
pub struct Displaced {
    pub path: PathBuf,
    /// To recognise the entry when it is moved: by then, another process can have replaced it.
    pub identity: Option<Identity>,
}

/// A comparison of the staged files with the destination.
pub struct Comparison<'a> {
    /// The temporary directory.
    pub temp_tree: &'a DirTree,
    /// The base directory: the destination, or its nearest ancestor that exists.
    pub base_tree: &'a DirTree,
    /// The destination as the user named it, for messages.
    pub dest: &'a Path,
    /// The destination relative to the base directory.
    pub dest_in_base: &'a Path,
    pub on_conflict: OnConflict,
    /// Paths, relative to the destination, of which an entry of another kind may be moved away.
    pub displaced: &'a BTreeSet<PathBuf>,
}

impl Comparison<'_> {
    /// Plans the renames. A directory that exists only in staging is renamed as a whole; one that
    /// exists on both sides is compared entry by entry.
    ///
    /// # Errors
    /// `InTheWay` for an entry of another kind at the destination; under `OnConflict::Fail`,
    /// `Conflict` with all files that exist already.
    pub fn plan(&self) -> Result<CommitPlan, Error> {
        let mut plan = CommitPlan::default();
        self.add_steps(&mut plan, Path::new(""))?;
        match plan.conflicts.as_slice() {
            [] => Ok(plan),
            _ => Err(Error::Conflict { paths: plan.conflicts }),
        }
    }

    fn add_steps(&self, plan: &mut CommitPlan, relative: &Path) -> Result<(), Error> {
        let from = join_relative(Path::new(STAGED), relative);
        let to = join_relative(self.dest_in_base, relative);
        let display_path = join_relative(self.dest, relative);
        let kind = |kind: io::Result<Option<FileKind>>| {
            kind.map_err(Error::doing("look at", &display_path))
        };
        let in_the_way = |what| Err(Error::InTheWay { path: display_path.clone(), what });
        let (staged, existing) =
            (kind(self.temp_tree.kind(&from))?, kind(self.base_tree.kind(&to))?);
        let step = |replaces| CommitStep::new(&from, &to, replaces);
        let is_dir = |kind: Option<FileKind>| kind == Some(FileKind::Dir);
        match (staged, existing) {
            (_, None) => plan.steps.push(step(false)),
            _ if is_dir(staged) != is_dir(existing) && self.displaced.contains(relative) => {
                let found = self.base_tree.open_parent(&to);
                let identity = found.and_then(|(parent, name)| parent.identity(name));
                let identity = identity.map_err(Error::doing("look at", &display_path))?;
                plan.displaced.push(Displaced { path: to.clone(), identity });
                plan.steps.push(step(false));
            }
            (Some(FileKind::Dir), Some(FileKind::Dir)) => {
                let names = self.temp_tree.open_dir(&from).and_then(|dir| dir.names());
                for name in names.map_err(Error::doing("list", &display_path))? {
                    self.add_steps(plan, &relative.join(name))?;
                }
            }
            (Some(FileKind::Dir), Some(FileKind::Symlink)) => return in_the_way("a link"),
            (Some(FileKind::Dir), Some(FileKind::File)) => return in_the_way("a file"),
            (_, Some(FileKind::Dir)) => return in_the_way("a folder"),
            (_, Some(FileKind::File | FileKind::Symlink)) => match self.on_conflict {
                OnConflict::Overwrite => plan.steps.push(step(true)),
                OnConflict::Skip => plan.skipped.push(relative.to_owned()),
                OnConflict::Fail => plan.conflicts.push(display_path),
            },
        }
        Ok(())
    }
}

/// Joins two paths like `Path::join`, but adds no trailing slash if `relative` is empty.
pub fn join_relative(path: &Path, relative: &Path) -> PathBuf {
    if relative.as_os_str().is_empty() { path.to_owned() } else { path.join(relative) }
}
