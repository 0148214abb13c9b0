//! What putting a tree in place will take, found out before anything is touched.

use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use super::Error;
use crate::plan::OnConflict;

/// One rename. Both paths are whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub from: PathBuf,
    pub to: PathBuf,
    /// A file or link is there and gives way.
    pub replaces: bool,
}

/// The renames, in order, and what will stay because it was there first.
#[derive(Debug, Default)]
pub struct Survey {
    pub steps: Vec<Step>,
    /// Relative to the destination.
    pub skipped: Vec<PathBuf>,
    conflicts: Vec<PathBuf>,
}

impl Survey {
    /// Compares what is staged with what is there. What is new goes as one, however much is in
    /// it; folders that are on both sides are gone into.
    ///
    /// # Errors
    /// When something of another kind is in the way, and for every file that is there already
    /// under `OnConflict::Fail`.
    pub fn of(staged: &Path, dest: &Path, on_conflict: OnConflict) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        // The destination itself may be a link that the user has set; what is in it may not.
        let found = match fs::metadata(dest) {
            Ok(found) => Some(found.file_type()),
            Err(_) => kind(dest)?,
        };
        survey.compare(staged, dest, Path::new(""), found, on_conflict)?;
        match survey.conflicts.as_slice() {
            [] => Ok(survey),
            _ => Err(Error::Conflict { paths: survey.conflicts }),
        }
    }

    fn compare(
        &mut self,
        from: &Path,
        to: &Path,
        relative: &Path,
        found: Option<FileType>,
        on_conflict: OnConflict,
    ) -> Result<(), Error> {
        let step = |replaces| Step { from: from.to_owned(), to: to.to_owned(), replaces };
        let in_the_way = |what| Err(Error::InTheWay { path: to.to_owned(), what });
        let Some(found) = found else {
            self.steps.push(step(false));
            return Ok(());
        };
        let staged_folder = kind(from)?.is_some_and(|kind| kind.is_dir());
        match (staged_folder, found) {
            (true, found) if found.is_dir() => {
                for name in names(from)? {
                    let (from, to) = (from.join(&name), to.join(&name));
                    let found = kind(&to)?;
                    self.compare(&from, &to, &relative.join(&name), found, on_conflict)?;
                }
            }
            (true, found) if found.is_symlink() => return in_the_way("a link"),
            (true, _) => return in_the_way("a file"),
            (false, found) if found.is_dir() => return in_the_way("a folder"),
            (false, _) => match on_conflict {
                OnConflict::Overwrite => self.steps.push(step(true)),
                OnConflict::Skip => self.skipped.push(relative.to_owned()),
                OnConflict::Fail => self.conflicts.push(to.to_owned()),
            },
        }
        Ok(())
    }
}

/// What is there, links not followed; none if nothing is.
fn kind(path: &Path) -> Result<Option<FileType>, Error> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found.file_type())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::doing("look at", path)(error)),
    }
}

fn names(folder: &Path) -> Result<Vec<std::ffi::OsString>, Error> {
    let listing = fs::read_dir(folder).map_err(Error::doing("list", folder))?;
    let names: io::Result<Vec<_>> = listing.map(|entry| Ok(entry?.file_name())).collect();
    let mut names = names.map_err(Error::doing("list", folder))?;
    names.sort_unstable();
    Ok(names)
}
