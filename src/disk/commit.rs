//! The commit of staged files: a sequence of atomic renames that is rolled back if one fails.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit_plan::{CommitPlan, CommitStep, Comparison, join_relative};
use super::dir_handle::{DirHandle, Identity};
use super::dir_tree::DirTree;
use super::error::Error;
use super::staging::Staging;
use super::temp_layout::BACKUP;
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

/// Number of attempts at a destination to which other processes write at the same time.
const MAX_ATTEMPTS: usize = 10;

impl Staging {
    /// Moves all staged files to the destination, which is created if missing. Under
    /// `OnConflict::Skip`, returns the files that existed already and stay as they are, relative to
    /// the destination.
    ///
    /// # Errors
    /// Conflicts are found before the destination is changed. A later failure is rolled back: old
    /// files are restored with their contents and modes, and new files are removed.
    pub fn commit(mut self, on_conflict: OnConflict) -> Result<Vec<PathBuf>, Error> {
        self.complete()?;
        self.create_backup_dir()?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let base_tree = DirTree::new(Arc::clone(&self.base));
            let plan = self.plan_commit(&base_tree, on_conflict)?;
            match self.apply_or_roll_back(&base_tree, &plan.steps) {
                Ok(()) => return Ok(plan.skipped),
                Err(error) if attempts < MAX_ATTEMPTS && error.is_concurrent_change() => {}
                Err(error) => {
                    if let Error::RollbackFailed { .. } = error {
                        self.temp_dir.preserve();
                    }
                    return Err(error);
                }
            }
        }
    }

    pub(super) fn create_backup_dir(&self) -> Result<(), Error> {
        let path = self.temp_dir.path().join(BACKUP);
        let created = self.temp_tree.create_dir_all(Path::new(BACKUP), 0o700);
        created.map_err(Error::doing("make the folder", &path))
    }

    pub(super) fn plan_commit(
        &self,
        base_tree: &DirTree,
        on_conflict: OnConflict,
    ) -> Result<CommitPlan, Error> {
        let Staging { temp_tree, dest, dest_in_base, .. } = self;
        Comparison { temp_tree, base_tree, dest, dest_in_base, on_conflict }.plan()
    }

    /// Applies all steps, or rolls back those that were applied.
    pub(super) fn apply_or_roll_back(
        &self,
        base_tree: &DirTree,
        steps: &[CommitStep],
    ) -> Result<(), Error> {
        self.in_transaction(base_tree, |transaction| {
            transaction.apply_or_roll_back(&self.dest_in_base, steps)
        })
    }

    /// Runs `apply` with a new transaction. If `apply` returns a second error, that of the rollback,
    /// the result is `RollbackFailed`.
    pub(super) fn in_transaction(
        &self,
        base_tree: &DirTree,
        apply: impl FnOnce(&mut Transaction<'_>) -> Result<(), (Error, Option<Error>)>,
    ) -> Result<(), Error> {
        let base_path = self.dest.ancestors().nth(self.dest_in_base.components().count());
        let mut transaction = Transaction {
            interrupt: &self.interrupt,
            temp_tree: &self.temp_tree,
            base_tree,
            base_path: base_path.unwrap_or(&self.dest),
            applied: Vec::new(),
        };
        apply(&mut transaction).map_err(|failure| match failure {
            (cause, None) => cause,
            (cause, Some(rollback)) => Error::RollbackFailed {
                cause: Box::new(cause),
                rollback: Box::new(rollback),
                backup: self.temp_dir.path().join(BACKUP),
            },
        })
    }
}

/// The changes of a commit that can be rolled back.
pub(super) struct Transaction<'a> {
    interrupt: &'a Interrupt,
    temp_tree: &'a DirTree,
    base_tree: &'a DirTree,
    /// Path of the base directory, for messages.
    base_path: &'a Path,
    /// In the order in which they were applied.
    applied: Vec<Change>,
}

enum Change {
    CreatedDir(PathBuf),
    /// An entry was moved to the backup directory under this name.
    MovedAway {
        path: PathBuf,
        backup: OsString,
    },
    /// Permission bits were changed; these are the old ones.
    SetMode {
        path: PathBuf,
        mode: u32,
    },
    /// A rename that was done, or was attempted last.
    Renamed {
        step: CommitStep,
        /// Identity of the staged entry, to recognise it at the destination.
        staged: Option<Identity>,
        /// Name of the replaced file in the backup directory.
        backup: Option<OsString>,
    },
}

impl Transaction<'_> {
    /// Applies all steps, or rolls back those that were applied. Returns the error of the rollback
    /// beside the cause if both fail.
    fn apply_or_roll_back(
        &mut self,
        dest_in_base: &Path,
        steps: &[CommitStep],
    ) -> Result<(), (Error, Option<Error>)> {
        let _hold = self.interrupt.hold();
        self.apply(dest_in_base, steps).map_err(|cause| (cause, self.roll_back().err()))
    }

    pub(super) fn apply(&mut self, dest_in_base: &Path, steps: &[CommitStep]) -> Result<(), Error> {
        if self.interrupt.stopping() {
            return Err(Error::Interrupted);
        }
        self.create_parents(dest_in_base)?;
        for step in steps {
            if self.interrupt.stopping() {
                return Err(Error::Interrupted);
            }
            let backup = if step.replaces { Some(self.back_up(&step.to)?) } else { None };
            let renamed = self.staged_identity(step).and_then(|staged| {
                self.applied.push(Change::Renamed { step: step.clone(), staged, backup });
                self.rename(step)
            });
            renamed.map_err(Error::doing("write", &self.display_path(&step.to)))?;
        }
        Ok(())
    }

    fn staged_identity(&self, step: &CommitStep) -> io::Result<Option<Identity>> {
        let (parent, name) = self.temp_tree.open_parent(&step.from)?;
        parent.identity(name)
    }

    fn rename(&self, step: &CommitStep) -> io::Result<()> {
        let (from, old_name) = self.temp_tree.open_parent(&step.from)?;
        let (to, new_name) = self.base_tree.open_parent(&step.to)?;
        match step.replaces {
            true => from.rename(old_name, &to, new_name),
            // An entry that another process created since the plan was made must not be replaced.
            false => from.rename_no_replace(old_name, &to, new_name),
        }
    }

    /// Creates the missing ancestors of the destination.
    fn create_parents(&mut self, dest_in_base: &Path) -> Result<(), Error> {
        let mut ancestors: Vec<&Path> = dest_in_base.ancestors().skip(1).collect();
        ancestors.retain(|path| !path.as_os_str().is_empty());
        for path in ancestors.into_iter().rev() {
            let created = self.base_tree.open_parent(path).and_then(|(parent, name)| {
                if parent.kind(name)?.is_none() {
                    parent.create_dir(name, 0o777)?;
                    self.applied.push(Change::CreatedDir(path.to_owned()));
                }
                Ok(())
            });
            created.map_err(Error::doing("make the folder", &self.display_path(path)))?;
        }
        Ok(())
    }

    /// Backs up a file by a hard link, or by a rename where hard links are not supported. Returns
    /// its name in the backup directory.
    fn back_up(&self, path: &Path) -> Result<OsString, Error> {
        let backup = OsString::from(self.applied.len().to_string());
        let backed_up = (|| {
            let (parent, name) = self.base_tree.open_parent(path)?;
            let dir = self.backup_dir()?;
            // With a hard link, other processes find the file at its path all the time.
            parent.hard_link(name, &dir, &backup).or_else(|_| parent.rename(name, &dir, &backup))
        })();
        backed_up.map_err(Error::doing("replace", &self.display_path(path)))?;
        Ok(backup)
    }

    /// Moves an entry to the backup directory, with everything below it. An entry that is gone is
    /// none to move.
    pub(super) fn move_away(&mut self, path: &Path) -> Result<(), Error> {
        let backup = OsString::from(self.applied.len().to_string());
        let moved = self.base_tree.open_parent(path).and_then(|(parent, name)| {
            parent.rename_no_replace(name, &*self.backup_dir()?, &backup)
        });
        match moved {
            Ok(()) => self.applied.push(Change::MovedAway { path: path.to_owned(), backup }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::doing("remove", &self.display_path(path))(error)),
        }
        Ok(())
    }

    /// Sets the permission bits of a file or directory.
    pub(super) fn set_mode(&mut self, path: &Path, mode: u32) -> Result<(), Error> {
        let set = self.base_tree.open_parent(path).and_then(|(parent, name)| {
            let old = parent.state(name)?.and_then(|state| state.mode);
            parent.set_mode(name, mode)?;
            let old = old.map(|mode| Change::SetMode { path: path.to_owned(), mode });
            self.applied.extend(old);
            Ok(())
        });
        set.map_err(Error::doing("set the mode of", &self.display_path(path)))
    }

    fn put_back(&self, path: &Path, backup: &OsString) -> io::Result<()> {
        let (parent, name) = self.base_tree.open_parent(path)?;
        self.backup_dir()?.rename_no_replace(backup, &parent, name)
    }

    fn restore_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        let (parent, name) = self.base_tree.open_parent(path)?;
        parent.set_mode(name, mode)
    }

    /// Reverts all changes, the last one first. Goes on after a failure, and returns the first one.
    pub(super) fn roll_back(&mut self) -> Result<(), Error> {
        let mut first = Ok(());
        while let Some(change) = self.applied.pop() {
            let (reverted, doing, path) = match &change {
                Change::CreatedDir(path) => (self.remove_created_dir(path), "remove", path),
                Change::MovedAway { path, backup } => {
                    (self.put_back(path, backup), "restore", path)
                }
                Change::SetMode { path, mode } => {
                    (self.restore_mode(path, *mode), "restore the mode of", path)
                }
                Change::Renamed { step, staged, backup } => {
                    let reverted = self.revert_rename(step, *staged, backup.as_ref());
                    (reverted, if backup.is_some() { "restore" } else { "remove" }, &step.to)
                }
            };
            first = first.and(reverted.map_err(Error::doing(doing, &self.display_path(path))));
        }
        first
    }

    fn remove_created_dir(&self, path: &Path) -> io::Result<()> {
        let (parent, name) = self.base_tree.open_parent(path)?;
        match parent.remove_dir(name) {
            // Another process has put files there in the meantime.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => removed,
        }
    }

    /// Moves a committed entry back to staging, where the next attempt needs it, and restores the
    /// file that it replaced. An entry that another process has put in its place stays.
    fn revert_rename(
        &self,
        step: &CommitStep,
        staged: Option<Identity>,
        backup: Option<&OsString>,
    ) -> io::Result<()> {
        let (parent, name) = self.base_tree.open_parent(&step.to)?;
        let current = parent.identity(name)?;
        if current.is_some() && current == staged {
            let (staging, staged_name) = self.temp_tree.open_parent(&step.from)?;
            match backup {
                // With a hard link, other processes find a file at the path all the time.
                Some(backup) if parent.hard_link(name, &staging, staged_name).is_ok() => {
                    return self.backup_dir()?.rename(backup, &parent, name);
                }
                _ => parent.rename(name, &staging, staged_name)?,
            }
        }
        match backup {
            Some(backup) if parent.identity(name)?.is_none() => {
                self.backup_dir()?.rename(backup, &parent, name)
            }
            _ => Ok(()),
        }
    }

    fn backup_dir(&self) -> io::Result<Arc<DirHandle>> {
        self.temp_tree.open_dir(Path::new(BACKUP))
    }

    fn display_path(&self, path: &Path) -> PathBuf {
        join_relative(self.base_path, path)
    }
}
