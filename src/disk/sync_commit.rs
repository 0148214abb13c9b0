//! The commit of a `--sync`: modes, removals and renames as one transaction, which is rolled back
//! if any part of it fails.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::attempts::attempts;
use super::commit::{Committed, Transaction};
use super::commit_plan::{CommitStep, Displaced, join_relative};
use super::dir_tree::DirTree;
use super::error::Error;
use super::file_kind::FileKind;
use super::staging::Staging;
use crate::plan::OnConflict;

/// The changes of a commit besides the staged files. All paths are relative to the destination.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncChanges {
    /// Permission bits of files and folders that stay.
    pub modes: Vec<(PathBuf, u32)>,
    /// Paths of entries of another kind than the staged ones that take their place.
    pub displaced: BTreeSet<PathBuf>,
    /// Entries to remove, the content of a folder before the folder.
    pub removed: Vec<PathBuf>,
}

impl Staging {
    /// Moves all staged files to the destination, as [`Staging::commit`] does, and carries out the
    /// other changes.
    ///
    /// A folder that another process has filled since it was listed stays, and is among the skipped.
    ///
    /// # Errors
    /// After a failure, everything is rolled back: files, folders and modes.
    pub fn commit_sync(mut self, changes: &SyncChanges) -> Result<Committed, Error> {
        self.complete()?;
        let committed = attempts(|number| {
            let mut filled = Vec::new();
            let base_tree = DirTree::new(Arc::clone(&self.base));
            let plan = self.plan_sync(&base_tree, changes, number)?;
            self.in_transaction(&base_tree, |transaction| {
                let _hold = self.interrupt.hold();
                match self.apply_changes(&base_tree, transaction, changes, &plan) {
                    Ok(folders) => filled = folders,
                    Err(cause) => {
                        // Another process may have moved a directory that is kept open.
                        base_tree.close_dirs();
                        return Err((cause, transaction.roll_back().err()));
                    }
                }
                Ok(())
            })?;
            Ok((base_tree, plan, filled))
        });
        let (base_tree, plan, skipped) = committed.inspect_err(|error| self.keep_backups(error))?;
        self.sync_destination(&base_tree, &plan.steps)?;
        Ok(Committed { skipped, warnings: self.notes.warnings(&self.dest) })
    }

    /// Plans all renames, each within one file system.
    fn plan_sync(
        &mut self,
        base_tree: &DirTree,
        changes: &SyncChanges,
        attempt: usize,
    ) -> Result<SyncPlan, Error> {
        let mut plan = self.plan_commit(base_tree, OnConflict::Overwrite, &changes.displaced)?;
        self.assign_areas(base_tree, &mut plan.steps, attempt)?;
        let dest = self.dest_in_base.clone();
        let displaced = plan.displaced.iter().map(|it| it.path.clone());
        let areas = self.areas_of(base_tree, displaced)?.into_iter().map(|(_, area)| area);
        let displaced = plan.displaced.into_iter().zip(areas).collect();
        let removed = changes.removed.iter().map(|path| join_relative(&dest, path));
        let removed = self.areas_of(base_tree, removed)?;
        Ok(SyncPlan { steps: plan.steps, displaced, removed })
    }

    /// Returns the folders that were to be removed and that another process has filled.
    fn apply_changes(
        &self,
        base_tree: &DirTree,
        transaction: &mut Transaction<'_>,
        changes: &SyncChanges,
        plan: &SyncPlan,
    ) -> Result<Vec<PathBuf>, Error> {
        for (path, mode) in &changes.modes {
            transaction.set_mode(&join_relative(&self.dest_in_base, path), *mode)?;
        }
        for (displaced, area) in &plan.displaced {
            transaction.displace(displaced, *area)?;
        }
        transaction.apply(&self.dest_in_base, &plan.steps)?;
        let mut filled = Vec::new();
        for (removed, (path, area)) in changes.removed.iter().zip(&plan.removed) {
            if self.stopping() {
                return Err(Error::Interrupted);
            }
            let is_filled = base_tree.kind(path).is_ok_and(|kind| kind == Some(FileKind::Dir))
                && base_tree
                    .open_dir(path)
                    .and_then(|dir| dir.names())
                    .is_ok_and(|it| !it.is_empty());
            match is_filled {
                true => filled.push(removed.clone()),
                false => transaction.move_away(path, *area)?,
            }
        }
        Ok(filled)
    }
}

/// The renames of a commit. All paths are relative to the base directory; the number beside one is
/// that of its area.
struct SyncPlan {
    steps: Vec<CommitStep>,
    displaced: Vec<(Displaced, usize)>,
    removed: Vec<(PathBuf, usize)>,
}
