//! Putting a staged tree in place by renames, all of them or none.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;
use super::commit_plan::{CommitPlan, CommitStep, Sides, joined};
use super::dir_handle::{DirHandle, Identity};
use super::dir_tree::DirTree;
use super::staging::Staging;
use super::temp_dir::BACKUP;
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

/// So often is looked again at a destination in which others write at the same time.
const LOOKS: usize = 10;

impl Staging {
    /// Puts all that was staged in its place below the destination, which is made if missing.
    /// Returns the files that were there already and stayed, under `OnConflict::Skip`, relative to
    /// the destination.
    ///
    /// What is in the way is found before anything is touched, and whatever fails after that is
    /// undone: files that were there have their bytes and modes, and what was new is gone.
    pub fn commit(mut self, on_conflict: OnConflict) -> Result<Vec<PathBuf>, Error> {
        self.complete()?;
        self.make_backup()?;
        let mut looks = 0;
        loop {
            looks += 1;
            let at = DirTree::new(Arc::clone(&self.at));
            let survey = self.survey(&at, on_conflict)?;
            match self.rename(&at, &survey.steps) {
                Ok(()) => return Ok(survey.skipped),
                Err(failure) if looks < LOOKS && failure.is_of_change() => {}
                Err(failure) => {
                    if let Error::NotUndone { .. } = failure {
                        self.private.keep();
                    }
                    return Err(failure);
                }
            }
        }
    }

    pub(super) fn make_backup(&self) -> Result<(), Error> {
        let path = self.private.path().join(BACKUP);
        let made = self.inside.make_folders(Path::new(BACKUP), 0o700);
        made.map_err(Error::doing("make the folder", &path))
    }

    pub(super) fn survey(
        &self,
        at: &DirTree,
        on_conflict: OnConflict,
    ) -> Result<CommitPlan, Error> {
        let Staging { inside, dest, rest, .. } = self;
        Sides { inside, at, dest, rest, on_conflict }.survey()
    }

    /// Does the steps, or leaves everything as it was.
    pub(super) fn rename(&self, at: &DirTree, steps: &[CommitStep]) -> Result<(), Error> {
        self.renamed(at, |renames| renames.all_or_none(&self.rest, steps))
    }

    pub(super) fn renamed(
        &self,
        at: &DirTree,
        rename: impl FnOnce(&mut Renames<'_>) -> Result<(), (Error, Option<Error>)>,
    ) -> Result<(), Error> {
        let nearest = self.dest.ancestors().nth(self.rest.components().count());
        let mut renames = Renames {
            interrupt: &self.interrupt,
            inside: &self.inside,
            at,
            shown: nearest.unwrap_or(&self.dest),
            done: Vec::new(),
        };
        rename(&mut renames).map_err(|failure| match failure {
            (cause, None) => cause,
            (cause, Some(undoing)) => Error::NotUndone {
                cause: Box::new(cause),
                undoing: Box::new(undoing),
                kept: self.private.path().join(BACKUP),
            },
        })
    }
}

/// The renames that were done so far.
pub(super) struct Renames<'a> {
    interrupt: &'a Interrupt,
    inside: &'a DirTree,
    at: &'a DirTree,
    /// The folder `at`, for messages.
    shown: &'a Path,
    done: Vec<Done>,
}

enum Done {
    MadeFolder(PathBuf),
    /// Put in its place, or about to be.
    Moved {
        step: CommitStep,
        ours: Option<Identity>,
        /// The name under which is kept what was there before.
        backup: Option<OsString>,
    },
}

impl Renames<'_> {
    /// Does the steps, or leaves everything as it was; or else tells why it could not go back.
    fn all_or_none(
        &mut self,
        rest: &Path,
        steps: &[CommitStep],
    ) -> Result<(), (Error, Option<Error>)> {
        let _hold = self.interrupt.hold();
        self.all(rest, steps).map_err(|cause| (cause, self.undo().err()))
    }

    pub(super) fn all(&mut self, rest: &Path, steps: &[CommitStep]) -> Result<(), Error> {
        if self.interrupt.stopping() {
            return Err(Error::Interrupted);
        }
        self.make_parents(rest)?;
        for step in steps {
            if self.interrupt.stopping() {
                return Err(Error::Interrupted);
            }
            let backup = if step.replaces { Some(self.keep(&step.to)?) } else { None };
            let renamed = self.ours(step).and_then(|ours| {
                self.done.push(Done::Moved { step: step.clone(), ours, backup });
                self.rename(step)
            });
            renamed.map_err(Error::doing("write", &self.sanitize(&step.to)))?;
        }
        Ok(())
    }

    fn ours(&self, step: &CommitStep) -> io::Result<Option<Identity>> {
        let (from, name) = self.inside.place(&step.from)?;
        from.identity(name)
    }

    fn rename(&self, step: &CommitStep) -> io::Result<()> {
        let (from, name) = self.inside.place(&step.from)?;
        let (to, new) = self.at.place(&step.to)?;
        match step.replaces {
            true => from.rename(name, &to, new),
            // What came there since it was looked at is not ours to replace.
            false => from.rename_new(name, &to, new),
        }
    }

    /// Makes the folders above the destination that are missing.
    fn make_parents(&mut self, rest: &Path) -> Result<(), Error> {
        let mut above: Vec<&Path> = rest.ancestors().skip(1).collect();
        above.retain(|path| !path.as_os_str().is_empty());
        for path in above.into_iter().rev() {
            let made = self.at.place(path).and_then(|(folder, name)| {
                if folder.kind(name)?.is_none() {
                    folder.new_folder(name, 0o777)?;
                    self.done.push(Done::MadeFolder(path.to_owned()));
                }
                Ok(())
            });
            made.map_err(Error::doing("make the folder", &self.sanitize(path)))?;
        }
        Ok(())
    }

    /// Gives a file a second name, or where that cannot be, another name.
    fn keep(&self, path: &Path) -> Result<OsString, Error> {
        let backup = OsString::from(self.done.len().to_string());
        let kept = (|| {
            let (folder, name) = self.at.place(path)?;
            let to = self.backup()?;
            // With a second name the file is never missing from its place.
            folder.link(name, &to, &backup).or_else(|_| folder.rename(name, &to, &backup))
        })();
        kept.map_err(Error::doing("replace", &self.sanitize(path)))?;
        Ok(backup)
    }

    /// Goes back as far as it can, and tells the first thing that did not work.
    pub(super) fn undo(&mut self) -> Result<(), Error> {
        let mut first = Ok(());
        while let Some(done) = self.done.pop() {
            let (undone, doing, path) = match &done {
                Done::MadeFolder(path) => (self.remove(path), "remove", path),
                Done::Moved { step, ours, backup } => {
                    let undone = self.take_back(step, *ours, backup.as_ref());
                    (undone, if backup.is_some() { "restore" } else { "remove" }, &step.to)
                }
            };
            first = first.and(undone.map_err(Error::doing(doing, &self.sanitize(path))));
        }
        first
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let (folder, name) = self.at.place(path)?;
        match folder.remove_folder(name) {
            // Somebody else uses it by now.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed,
        }
    }

    /// Takes back what is ours, and nothing that others have put there since: it may be needed for
    /// another try. Then puts back what was there before.
    fn take_back(
        &self,
        step: &CommitStep,
        ours: Option<Identity>,
        backup: Option<&OsString>,
    ) -> io::Result<()> {
        let (from, name) = self.at.place(&step.to)?;
        let there = from.identity(name)?;
        if there.is_some() && there == ours {
            let (to, old) = self.inside.place(&step.from)?;
            match backup {
                // With a second name the place is never empty.
                Some(backup) if from.link(name, &to, old).is_ok() => {
                    return self.backup()?.rename(backup, &from, name);
                }
                _ => from.rename(name, &to, old)?,
            }
        }
        match backup {
            Some(backup) if from.identity(name)?.is_none() => {
                self.backup()?.rename(backup, &from, name)
            }
            _ => Ok(()),
        }
    }

    fn backup(&self) -> io::Result<Arc<DirHandle>> {
        self.inside.folder(Path::new(BACKUP))
    }

    fn sanitize(&self, path: &Path) -> PathBuf {
        joined(self.shown, path)
    }
}
