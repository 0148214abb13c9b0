//! The roll-back of a commit that fails: all its changes are reverted.

use std::io;
use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotFound};
use std::path::{Path, PathBuf};

use super::commit::{Change, Transaction};
use super::commit_plan::{CommitStep, join_relative};
use super::dir_handle::Identity;
use super::error::Error;
use super::modes::dir_mode;

impl Transaction<'_> {
    /// Moves an entry back to its path. An entry that another process has put there stays, as that of
    /// a rename does; a parent that another process has removed is created again.
    fn put_back(&self, path: &Path, area: usize, backup: &Path) -> io::Result<()> {
        let put_back = || {
            let (parent, name) = self.base_tree.open_parent(path)?;
            let (dir, backup) = self.areas[area].tree.open_parent(backup)?;
            dir.rename_no_replace(backup, &parent, name)
        };
        match put_back() {
            Err(error) if error.kind() == NotFound => {
                self.base_tree.close_dirs();
                let parent = path.parent().unwrap_or(Path::new(""));
                self.base_tree.create_dir_all(parent, dir_mode(None))?;
                put_back()
            }
            Err(error) if error.kind() == AlreadyExists => Ok(()),
            put_back => put_back,
        }
    }

    fn restore_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        let (parent, name) = self.base_tree.open_parent(path)?;
        match (parent.create_dir(name, 0o700), mode) {
            (Err(error), _) if error.kind() == AlreadyExists => Ok(()),
            (Ok(()), Some(mode)) => parent.set_mode(name, mode),
            (created, _) => created,
        }
    }

    fn restore_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        let restored = self.base_tree.open_parent(path);
        match restored.and_then(|(parent, name)| parent.set_mode(name, mode)) {
            // Another process has removed it in the meantime.
            Err(error) if error.kind() == NotFound => Ok(()),
            restored => restored,
        }
    }

    /// Reverts all changes, the last one first. Goes on after a failure, and returns the first one.
    pub(super) fn roll_back(&mut self) -> Result<(), Error> {
        let mut first = Ok(());
        while let Some(change) = self.applied.pop() {
            let (reverted, doing, path) = match &change {
                Change::CreatedDir(path) => (self.remove_created_dir(path), "remove", path),
                Change::MovedAway { path, area, backup } => {
                    (self.put_back(path, *area, backup), "restore", path)
                }
                Change::RemovedDir { path, mode } => {
                    (self.restore_dir(path, *mode), "restore", path)
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
            Err(error) if error.kind() == DirectoryNotEmpty => Ok(()),
            removed => removed,
        }
    }

    /// Moves a committed entry back to staging, where the next attempt needs it, and restores the
    /// file that it replaced. An entry that another process has put in its place stays.
    fn revert_rename(
        &self,
        step: &CommitStep,
        staged: Option<Identity>,
        backup: Option<&PathBuf>,
    ) -> io::Result<()> {
        let (parent, name) = self.base_tree.open_parent(&step.to)?;
        let current = parent.identity(name)?;
        if current.is_some() && current == staged {
            let (staging, staged_name) = self.areas[step.from_area].tree.open_parent(&step.from)?;
            match backup {
                // With a hard link, other processes find a file at the path all the time.
                Some(backup) if parent.hard_link(name, &staging, staged_name).is_ok() => {
                    let (dir, backup) = self.areas[step.area].tree.open_parent(backup)?;
                    return dir.rename(backup, &parent, name);
                }
                _ => parent.rename(name, &staging, staged_name)?,
            }
        }
        match backup {
            Some(backup) if parent.identity(name)?.is_none() => {
                let (dir, backup) = self.areas[step.area].tree.open_parent(backup)?;
                dir.rename(backup, &parent, name)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn display_path(&self, path: &Path) -> PathBuf {
        join_relative(self.base_path, path)
    }
}
