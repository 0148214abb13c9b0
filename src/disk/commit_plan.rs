//! What putting a tree in place will take, found out before anything is touched.

use std::io;
use std::path::{Path, PathBuf};

use super::dir_tree::DirTree;
use super::temp_dir::TREE;
use super::{Error, Kind};
use crate::plan::OnConflict;

/// One rename, out of the private folder to a place below the folder that was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitStep {
    pub from: PathBuf,
    pub to: PathBuf,
    /// A file or link is there and gives way.
    pub replaces: bool,
}

/// The renames, in order, and what will stay because it was there first.
#[derive(Debug, Default)]
pub struct CommitPlan {
    pub steps: Vec<CommitStep>,
    /// Relative to the destination.
    pub skipped: Vec<PathBuf>,
    conflicts: Vec<PathBuf>,
}

/// The two sides of a comparison, and the destination, whole and below the second of them.
pub struct Sides<'a> {
    pub inside: &'a DirTree,
    pub at: &'a DirTree,
    pub dest: &'a Path,
    pub rest: &'a Path,
    pub on_conflict: OnConflict,
}

impl Sides<'_> {
    /// Compares what is staged with what is there. What is new goes as one, however much is in
    /// it; folders that are on both sides are gone into.
    ///
    /// # Errors
    /// When something of another kind is in the way, and for every file that is there already
    /// under `OnConflict::Fail`.
    pub fn survey(&self) -> Result<CommitPlan, Error> {
        let mut survey = CommitPlan::default();
        self.compare(&mut survey, Path::new(""))?;
        match survey.conflicts.as_slice() {
            [] => Ok(survey),
            _ => Err(Error::Conflict { paths: survey.conflicts }),
        }
    }

    fn compare(&self, survey: &mut CommitPlan, relative: &Path) -> Result<(), Error> {
        let (from, to) = (joined(Path::new(TREE), relative), joined(self.rest, relative));
        let shown = joined(self.dest, relative);
        let look = |at: io::Result<Option<Kind>>| at.map_err(Error::doing("look at", &shown));
        let in_the_way = |what| Err(Error::InTheWay { path: shown.clone(), what });
        let (staged, found) = (look(self.inside.kind(&from))?, look(self.at.kind(&to))?);
        let step = |replaces| CommitStep { from: from.clone(), to: to.clone(), replaces };
        match (staged, found) {
            (_, None) => survey.steps.push(step(false)),
            (Some(Kind::DirHandle), Some(Kind::DirHandle)) => {
                let names = self.inside.folder(&from).and_then(|folder| folder.names());
                for name in names.map_err(Error::doing("list", &shown))? {
                    self.compare(survey, &relative.join(name))?;
                }
            }
            (Some(Kind::DirHandle), Some(Kind::Link)) => return in_the_way("a link"),
            (Some(Kind::DirHandle), Some(Kind::File)) => return in_the_way("a file"),
            (_, Some(Kind::DirHandle)) => return in_the_way("a folder"),
            (_, Some(Kind::File | Kind::Link)) => match self.on_conflict {
                OnConflict::Overwrite => survey.steps.push(step(true)),
                OnConflict::Skip => survey.skipped.push(relative.to_owned()),
                OnConflict::Fail => survey.conflicts.push(shown),
            },
        }
        Ok(())
    }
}

/// As `join`, without a slash behind it where nothing follows.
pub fn joined(path: &Path, relative: &Path) -> PathBuf {
    if relative.as_os_str().is_empty() { path.to_owned() } else { path.join(relative) }
}
