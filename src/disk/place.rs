//! Putting a staged tree in place by renames, all of them or none.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::Error;
use super::below::Below;
use super::folder::Folder;
use super::private::BACKUP;
use super::staging::Staging;
use super::survey::{Sides, Step, Survey, joined};
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

/// So often is looked again at a destination in which others write at the same time.
const LOOKS: usize = 10;

/// What came of it; paths are relative to the destination, folders are not listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    pub written: Vec<PathBuf>,
    /// Those that were there already and stayed, under `OnConflict::Skip`.
    pub skipped: Vec<PathBuf>,
}

impl Staging {
    /// Puts all that was staged in its place below the destination, which is made if missing.
    ///
    /// What is in the way is found before anything is touched, and whatever fails after that is
    /// undone: files that were there have their bytes and modes, and what was new is gone.
    pub fn put_in_place(mut self, on_conflict: OnConflict) -> Result<Placed, Error> {
        self.complete()?;
        self.make_backup()?;
        let mut looks = 0;
        let skipped = loop {
            looks += 1;
            let at = Below::new(Arc::clone(&self.at));
            let survey = self.survey(&at, on_conflict)?;
            match self.rename(&at, &survey.steps) {
                Ok(()) => break survey.skipped,
                Err(failure) if looks < LOOKS && failure.is_of_change() => {}
                Err(failure) => {
                    if let Error::NotUndone { .. } = failure {
                        self.private.keep();
                    }
                    return Err(failure);
                }
            }
        };
        let stayed: HashSet<&PathBuf> = skipped.iter().collect();
        let made = self.made.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut written = std::mem::take(made);
        written.retain(|path| !stayed.contains(path));
        Ok(Placed { written, skipped })
    }

    pub(super) fn make_backup(&self) -> Result<(), Error> {
        let path = self.private.path().join(BACKUP);
        let made = self.inside.make_folders(Path::new(BACKUP), 0o700);
        made.map_err(Error::doing("make the folder", &path))
    }

    pub(super) fn survey(&self, at: &Below, on_conflict: OnConflict) -> Result<Survey, Error> {
        let Staging { inside, dest, rest, .. } = self;
        Sides { inside, at, dest, rest, on_conflict }.survey()
    }

    /// Does the steps, or leaves everything as it was.
    pub(super) fn rename(&self, at: &Below, steps: &[Step]) -> Result<(), Error> {
        let nearest = self.dest.ancestors().nth(self.rest.components().count());
        let mut renames = Renames {
            interrupt: &self.interrupt,
            inside: &self.inside,
            at,
            shown: nearest.unwrap_or(&self.dest),
            done: Vec::new(),
        };
        let failure = renames.all_or_none(&self.rest, steps);
        failure.map_err(|failure| match failure {
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
struct Renames<'a> {
    interrupt: &'a Interrupt,
    inside: &'a Below,
    at: &'a Below,
    /// The folder `at`, for messages.
    shown: &'a Path,
    done: Vec<Done>,
}

enum Done {
    MadeFolder(PathBuf),
    Moved(Step),
    /// What was there before is kept under this name.
    Kept {
        backup: OsString,
        to: PathBuf,
    },
}

impl Renames<'_> {
    /// Does the steps, or leaves everything as it was; or else tells why it could not go back.
    fn all_or_none(&mut self, rest: &Path, steps: &[Step]) -> Result<(), (Error, Option<Error>)> {
        let _hold = self.interrupt.hold();
        self.all(rest, steps).map_err(|cause| (cause, self.undo().err()))
    }

    fn all(&mut self, rest: &Path, steps: &[Step]) -> Result<(), Error> {
        if self.interrupt.stopping() {
            return Err(Error::Interrupted);
        }
        self.make_parents(rest)?;
        for step in steps {
            if self.interrupt.stopping() {
                return Err(Error::Interrupted);
            }
            if step.replaces {
                self.keep(&step.to)?;
            }
            let renamed = self.rename(step);
            renamed.map_err(Error::doing("write", &self.shown(&step.to)))?;
            if !step.replaces {
                self.done.push(Done::Moved(step.clone()));
            }
        }
        Ok(())
    }

    fn rename(&self, step: &Step) -> io::Result<()> {
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
            made.map_err(Error::doing("make the folder", &self.shown(path)))?;
        }
        Ok(())
    }

    /// Gives a file a second name, or where that cannot be, another name.
    fn keep(&mut self, path: &Path) -> Result<(), Error> {
        let backup = OsString::from(self.done.len().to_string());
        let kept = (|| {
            let (folder, name) = self.at.place(path)?;
            let to = self.backup()?;
            // With a second name the file is never missing from its place.
            folder.link(name, &to, &backup).or_else(|_| folder.rename(name, &to, &backup))
        })();
        kept.map_err(Error::doing("replace", &self.shown(path)))?;
        self.done.push(Done::Kept { backup, to: path.to_owned() });
        Ok(())
    }

    /// Goes back as far as it can, and tells the first thing that did not work.
    fn undo(&mut self) -> Result<(), Error> {
        let mut first = Ok(());
        while let Some(done) = self.done.pop() {
            let (undone, doing, path) = match &done {
                Done::MadeFolder(path) => (self.remove(path), "remove", path),
                Done::Moved(step) => (self.take_back(step), "remove", &step.to),
                Done::Kept { backup, to } => (self.restore(backup, to), "restore", to),
            };
            first = first.and(undone.map_err(Error::doing(doing, &self.shown(path))));
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

    fn take_back(&self, step: &Step) -> io::Result<()> {
        let (from, name) = self.at.place(&step.to)?;
        let (to, old) = self.inside.place(&step.from)?;
        from.rename(name, &to, old)
    }

    fn restore(&self, backup: &OsString, to: &Path) -> io::Result<()> {
        let (folder, name) = self.at.place(to)?;
        self.backup()?.rename(backup, &folder, name)
    }

    fn backup(&self) -> io::Result<Arc<Folder>> {
        self.inside.folder(Path::new(BACKUP))
    }

    fn shown(&self, path: &Path) -> PathBuf {
        joined(self.shown, path)
    }
}
