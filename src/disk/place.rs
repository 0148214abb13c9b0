//! Putting a staged tree in place by renames, all of them or none.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::Error;
use super::staging::Staging;
use super::survey::{Step, Survey};
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

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
        let survey = Survey::of(&self.tree, &self.dest, on_conflict)?;
        let backup = self.tree.with_file_name("backup");
        fs::create_dir(&backup).map_err(Error::doing("make the folder", &backup))?;
        let mut renames = Renames::new(&self.interrupt, &backup);
        if let Err(failure) = renames.all_or_none(&self.dest, &survey.steps) {
            if let (Error::NotUndone { .. }, Some(private)) = (&failure, self.private.take()) {
                self.interrupt.forget(private.path());
                let _ = private.keep();
            }
            return Err(failure);
        }
        let stayed: HashSet<&PathBuf> = survey.skipped.iter().collect();
        let made = self.made.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut written = std::mem::take(made);
        written.retain(|path| !stayed.contains(path));
        Ok(Placed { written, skipped: survey.skipped })
    }
}

/// The renames that were done so far.
pub(super) struct Renames<'a> {
    interrupt: &'a Interrupt,
    /// An empty folder for what gives way.
    backup: &'a Path,
    done: Vec<Done>,
}

enum Done {
    MadeFolder(PathBuf),
    Moved(Step),
    /// What was there before is kept under this name.
    Kept {
        backup: PathBuf,
        to: PathBuf,
    },
}

impl<'a> Renames<'a> {
    pub fn new(interrupt: &'a Interrupt, backup: &'a Path) -> Renames<'a> {
        Renames { interrupt, backup, done: Vec::new() }
    }

    /// Does the steps, or leaves everything as it was.
    pub fn all_or_none(&mut self, dest: &Path, steps: &[Step]) -> Result<(), Error> {
        let _hold = self.interrupt.hold();
        let Err(cause) = self.all(dest, steps) else { return Ok(()) };
        match self.undo() {
            Ok(()) => Err(cause),
            Err(undoing) => {
                let (cause, undoing) = (Box::new(cause), Box::new(undoing));
                Err(Error::NotUndone { cause, undoing, kept: self.backup.to_owned() })
            }
        }
    }

    fn all(&mut self, dest: &Path, steps: &[Step]) -> Result<(), Error> {
        if self.interrupt.stopping() {
            return Err(Error::Interrupted);
        }
        self.make_parents(dest)?;
        for step in steps {
            if self.interrupt.stopping() {
                return Err(Error::Interrupted);
            }
            if step.replaces {
                self.keep(&step.to)?;
            }
            fs::rename(&step.from, &step.to).map_err(Error::doing("write", &step.to))?;
            if !step.replaces {
                self.done.push(Done::Moved(step.clone()));
            }
        }
        Ok(())
    }

    fn make_parents(&mut self, dest: &Path) -> Result<(), Error> {
        let exists = |path: &&Path| path.as_os_str().is_empty() || path.exists();
        let missing: Vec<&Path> =
            dest.ancestors().skip(1).take_while(|path| !exists(path)).collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder).map_err(Error::doing("make the folder", folder))?;
            self.done.push(Done::MadeFolder(folder.to_owned()));
        }
        Ok(())
    }

    /// Gives a file a second name, or where that cannot be, another name.
    fn keep(&mut self, path: &Path) -> Result<(), Error> {
        let backup = self.backup.join(self.done.len().to_string());
        // With a second name the file is never missing from its place.
        if fs::hard_link(path, &backup).is_err() {
            fs::rename(path, &backup).map_err(Error::doing("replace", path))?;
        }
        self.done.push(Done::Kept { backup, to: path.to_owned() });
        Ok(())
    }

    /// Goes back as far as it can, and tells the first thing that did not work.
    fn undo(&mut self) -> Result<(), Error> {
        let mut first = Ok(());
        while let Some(done) = self.done.pop() {
            let undone = match &done {
                Done::MadeFolder(folder) => {
                    fs::remove_dir(folder).map_err(Error::doing("remove", folder))
                }
                Done::Moved(step) => {
                    fs::rename(&step.to, &step.from).map_err(Error::doing("remove", &step.to))
                }
                Done::Kept { backup, to } => {
                    fs::rename(backup, to).map_err(Error::doing("restore", to))
                }
            };
            first = first.and(undone);
        }
        first
    }
}
