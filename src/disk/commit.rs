//! The commit of staged files: a sequence of atomic renames that is rolled back if one fails.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::area::{Area, Assignment, replaced_path};
use super::attempts::attempts;
use super::commit_plan::{CommitPlan, CommitStep, Comparison, join_relative};
use super::dir_handle::Identity;
use super::dir_tree::DirTree;
use super::error::{Error, MAKE_IN};
use super::file_kind::FileKind;
use super::notes::Notes;
use super::staging::Staging;
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

/// The outcome of a commit.
#[derive(Debug)]
pub struct Committed {
    /// Files that existed already and stay as they are, and folders that were to be removed and are
    /// not empty any more; relative to the destination.
    pub skipped: Vec<PathBuf>,
    /// Sanitised messages for the user, one line each.
    pub warnings: Vec<String>,
}

impl Staging {
    /// Moves all staged files to the destination, which is created if missing.
    ///
    /// # Errors
    /// Conflicts are found before the destination is changed. A later failure is rolled back: old
    /// files are restored with their contents and modes, and new files are removed.
    pub fn commit(mut self, on_conflict: OnConflict) -> Result<Committed, Error> {
        self.complete()?;
        let committed = attempts(|number| {
            let base_tree = DirTree::new(Arc::clone(&self.base));
            let mut plan = self.plan_commit(&base_tree, on_conflict, &BTreeSet::new())?;
            self.assign_areas(&base_tree, &mut plan.steps, number)?;
            self.apply_or_roll_back(&base_tree, &plan.steps)?;
            Ok((base_tree, plan))
        });
        let (base_tree, plan) = committed.inspect_err(|error| self.keep_backups(error))?;
        self.sync_destination(&base_tree, &plan.steps)?;
        Ok(Committed { skipped: plan.skipped, warnings: self.notes.warnings(&self.dest) })
    }

    /// Leaves the temporary directories in place after a rollback that failed.
    pub(super) fn keep_backups(&mut self, error: &Error) {
        if let Error::RollbackFailed { .. } = error {
            self.areas.iter_mut().for_each(|area| area.temp_dir.preserve());
        }
    }

    pub(super) fn assign_areas(
        &mut self,
        base_tree: &DirTree,
        steps: &mut [CommitStep],
        attempt: usize,
    ) -> Result<(), Error> {
        let assignment = Assignment {
            base_tree,
            base_path: &self.base_path,
            interrupt: &self.interrupt,
            notes: &self.notes,
            attempt,
        };
        assignment.assign(&mut self.areas, steps)
    }

    /// Returns the area of each entry of the destination that is moved away; paths are relative to
    /// the base directory.
    pub(super) fn areas_of(
        &mut self,
        base_tree: &DirTree,
        paths: impl Iterator<Item = PathBuf>,
    ) -> Result<Vec<(PathBuf, usize)>, Error> {
        let assignment = Assignment {
            base_tree,
            base_path: &self.base_path,
            interrupt: &self.interrupt,
            notes: &self.notes,
            attempt: 0,
        };
        let area = |path: PathBuf| {
            let parent = path.parent().unwrap_or(Path::new(""));
            let display_path = join_relative(&self.base_path, parent);
            let area = assignment.area_of(&mut self.areas, parent);
            Ok((path, area.map_err(Error::doing(MAKE_IN, &display_path))?))
        };
        paths.map(area).collect()
    }

    /// Syncs the directories of the destination that were changed, if that was asked for.
    pub(super) fn sync_destination(
        &self,
        base_tree: &DirTree,
        steps: &[CommitStep],
    ) -> Result<(), Error> {
        if !self.notes.is_durable() {
            return Ok(());
        }
        let parents: BTreeSet<&Path> = steps.iter().filter_map(|step| step.to.parent()).collect();
        for parent in parents {
            let synced = base_tree.open_dir(parent).and_then(|dir| dir.sync());
            synced.map_err(Error::doing("sync", &join_relative(&self.base_path, parent)))?;
        }
        Ok(())
    }

    /// Plans the renames. `displaced` entries are moved away before the first of them.
    pub(super) fn plan_commit(
        &self,
        base_tree: &DirTree,
        on_conflict: OnConflict,
        displaced: &BTreeSet<PathBuf>,
    ) -> Result<CommitPlan, Error> {
        let Staging { dest, dest_in_base, .. } = self;
        let temp_tree = &self.first().tree;
        Comparison { temp_tree, base_tree, dest, dest_in_base, on_conflict, displaced }.plan()
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
        let mut transaction = Transaction {
            interrupt: &self.interrupt,
            areas: &self.areas,
            base_tree,
            base_path: &self.base_path,
            notes: &self.notes,
            applied: Vec::new(),
        };
        apply(&mut transaction).map_err(|failure| match failure {
            (cause, None) => cause,
            (cause, Some(rollback)) => Error::RollbackFailed {
                cause: Box::new(cause),
                rollback: Box::new(rollback),
                backup: self.first().temp_dir.path().to_owned(),
            },
        })
    }
}

/// The changes of a commit that can be rolled back.
pub(super) struct Transaction<'a> {
    interrupt: &'a Interrupt,
    pub(super) areas: &'a [Area],
    pub(super) base_tree: &'a DirTree,
    /// Path of the base directory, for messages.
    pub(super) base_path: &'a Path,
    notes: &'a Notes,
    /// In the order in which they were applied.
    pub(super) applied: Vec<Change>,
}

pub(super) enum Change {
    CreatedDir(PathBuf),
    /// An entry was moved to this path in the temporary directory of an area.
    MovedAway {
        path: PathBuf,
        area: usize,
        backup: PathBuf,
    },
    /// An empty directory with these permission bits was removed.
    RemovedDir {
        path: PathBuf,
        mode: Option<u32>,
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
        /// Path of the replaced file in the temporary directory of its area.
        backup: Option<PathBuf>,
    },
}

/// Returns true for the errors of file systems that do not rename a directory.
pub(super) fn cannot_rename_dirs(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), CrossesDevices | PermissionDenied | Unsupported | InvalidInput)
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
            self.apply_step(step)?;
        }
        Ok(())
    }

    fn apply_step(&mut self, step: &CommitStep) -> Result<(), Error> {
        let backup = if step.replaces { Some(self.back_up(step)?) } else { None };
        let path = self.display_path(&step.to);
        let staged = self.staged_identity(step).map_err(Error::doing("write", &path))?;
        self.applied.push(Change::Renamed { step: step.clone(), staged, backup });
        match self.rename(step) {
            Err(error) if self.is_dir_that_cannot_be_renamed(step, &error) => {
                self.applied.pop();
                self.move_contents(step)
            }
            renamed => renamed.map_err(Error::doing("write", &path)),
        }
    }

    /// Returns true if a rename failed because the file system renames no directories.
    fn is_dir_that_cannot_be_renamed(&self, step: &CommitStep, error: &io::Error) -> bool {
        !step.replaces
            && cannot_rename_dirs(error)
            && matches!(self.areas[step.from_area].tree.kind(&step.from), Ok(Some(FileKind::Dir)))
    }

    /// Creates a directory at the destination, and moves the contents of the staged one there.
    fn move_contents(&mut self, step: &CommitStep) -> Result<(), Error> {
        let path = self.display_path(&step.to);
        let doing = || Error::doing("make the folder", &path);
        let tree = &self.areas[step.from_area].tree;
        let found = tree.open_parent(&step.from).and_then(|(dir, name)| dir.metadata(name));
        let found = found.map_err(doing())?;
        let (parent, name) = self.base_tree.open_parent(&step.to).map_err(doing())?;
        parent.create_dir(name, found.mode).map_err(doing())?;
        let names = tree.open_dir(&step.from).and_then(|dir| dir.names()).map_err(doing())?;
        self.applied.push(Change::CreatedDir(step.to.clone()));
        for entry in names {
            let (from, to) = (step.from.join(&entry), step.to.join(&entry));
            self.apply_step(&CommitStep { from, to, ..*step })?;
        }
        self.notes.time_set(parent.set_modified(name, found.modified));
        Ok(())
    }

    fn staged_identity(&self, step: &CommitStep) -> io::Result<Option<Identity>> {
        let (parent, name) = self.areas[step.from_area].tree.open_parent(&step.from)?;
        parent.identity(name)
    }

    fn rename(&self, step: &CommitStep) -> io::Result<()> {
        let (from, old_name) = self.areas[step.from_area].tree.open_parent(&step.from)?;
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
    /// its path in the temporary directory of its area.
    fn back_up(&self, step: &CommitStep) -> Result<PathBuf, Error> {
        let area = &self.areas[step.area];
        let backup = replaced_path(area, &step.to);
        let backed_up = (|| {
            let (parent, name) = self.base_tree.open_parent(&step.to)?;
            area.tree.create_dir_all(backup.parent().unwrap_or(Path::new("")), 0o700)?;
            let (dir, backup) = area.tree.open_parent(&backup)?;
            // A rolled back attempt can have left its backup, of a file that was replaced since.
            let _ = dir.remove_file(backup);
            // With a hard link, other processes find the file at its path all the time.
            parent.hard_link(name, &dir, backup).or_else(|_| parent.rename(name, &dir, backup))
        })();
        backed_up.map_err(Error::doing("replace", &self.display_path(&step.to)))?;
        Ok(backup)
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
}
