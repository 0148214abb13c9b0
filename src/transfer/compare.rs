//! Compares plans with the disk, and takes out of them what is there already.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::options::ExtractOptions;
use super::result::Synced;
use crate::disk::{CompareBy, DiskState, Staging, SyncChanges};
use crate::error::Error;
use crate::plan::{Existing, HeldPaths, Placement, PlacementKind, Plan, Retention};
use crate::select::retention::RetentionRules;
use crate::select::sync::{SyncAction, sync_action};

/// Plans that create only what is needed.
pub struct Compared {
    pub plans: Vec<Plan>,
    /// Of each plan; none without `--sync`.
    pub synced: Vec<Option<Synced>>,
    /// The changes besides the plans; none without `--sync`.
    pub changes: Option<SyncChanges>,
}

/// Compares the plans of all jobs with the disk. `folders` are those of the jobs, and `cache` is the
/// one that `--delete` leaves, all relative to the destination.
pub fn compare(
    mut plans: Vec<Plan>,
    folders: Vec<PathBuf>,
    options: &ExtractOptions,
    cache: Option<&Path>,
    staging: &Staging,
) -> Result<Compared, Error> {
    let held: Vec<HeldPaths> = plans.iter_mut().map(|it| std::mem::take(&mut it.held)).collect();
    if !options.sync {
        if options.needs_comparison() {
            for plan in &mut plans {
                skip_existing(plan, staging)?;
            }
        }
        let synced = plans.iter().map(|_| None).collect();
        return Ok(Compared { plans, synced, changes: None });
    }
    let mut changes = SyncChanges::default();
    let (mut synced, mut removed) = (Vec::with_capacity(plans.len()), BTreeSet::new());
    let (mut settled, several) = (HashSet::new(), plans.len() > 1);
    for plan in &mut plans {
        let folders = if several { folders_of(plan) } else { Vec::new() };
        synced.push(sync(plan, &mut changes, &mut removed, &settled, staging)?);
        settled.extend(folders);
    }
    let mut removed: Vec<PathBuf> = removed.into_iter().collect();
    for path in &changes.displaced {
        removed.extend(staging.contents(path)?);
    }
    // Leading folders that are all there is are taken for a slip, and not for an empty archive.
    let strips_all =
        options.rules.strip_components > 0 && held.iter().all(|held| held.paths.is_empty());
    if options.delete && !strips_all {
        let rules = RetentionRules::new(&held, &options.rules.patterns, options.rules.system);
        let retention = |path: &Path| match cache.is_some_and(|cache| path.starts_with(cache)) {
            true => Retention::Excluded,
            false => rules.retention(path),
        };
        changes.removed = staging.removable(&changes.displaced, retention)?;
        removed.extend(changes.removed.iter().cloned());
    }
    for path in removed {
        // A path outside all folders of jobs belongs to the first one.
        let owner = folders.iter().position(|folder| path.starts_with(folder)).unwrap_or(0);
        if let Some(synced) = synced.get_mut(owner) {
            synced.removed.push(path);
        }
    }
    Ok(Compared { plans, synced: synced.into_iter().map(Some).collect(), changes: Some(changes) })
}

/// Takes files and links out of a plan whose path exists.
fn skip_existing(plan: &mut Plan, staging: &Staging) -> Result<(), Error> {
    let state = staging.compare(&plan.placements, CompareBy::Kind)?;
    let mut existing = state.existing.into_iter();
    plan.placements.retain(|placement| {
        let existing = existing.next().unwrap_or(Existing::Nothing);
        match (&placement.kind, existing) {
            // The commit reports a folder that is in the way.
            (PlacementKind::Folder { .. }, _)
            | (_, Existing::Nothing | Existing::Folder { .. }) => true,
            (PlacementKind::File { .. } | PlacementKind::Link { .. }, _) => false,
        }
    });
    Ok(())
}

/// Returns all folders of a plan, also those that have no placement of their own.
fn folders_of(plan: &Plan) -> Vec<PathBuf> {
    let folders = plan.placements.iter().flat_map(|placement| {
        let is_folder = matches!(placement.kind, PlacementKind::Folder { .. });
        placement.path.ancestors().skip(usize::from(!is_folder))
    });
    folders.map(PathBuf::from).collect()
}

/// Takes out of a plan what is equal on disk, and adds the other changes that it needs. A file or
/// symlink that gives way to a folder counts as removed. `settled` are the folders of the plans
/// before: new folders, too, get their mode from the first one.
fn sync(
    plan: &mut Plan,
    changes: &mut SyncChanges,
    removed: &mut BTreeSet<PathBuf>,
    settled: &HashSet<PathBuf>,
    staging: &Staging,
) -> Result<Synced, Error> {
    let DiskState { existing, obstacles } =
        staging.compare(&plan.placements, CompareBy::Content)?;
    removed.extend(obstacles.iter().cloned());
    changes.displaced.extend(obstacles);
    let mut synced = Synced::default();
    let mut existing = existing.into_iter();
    plan.placements.retain(|placement| {
        let action = sync_action(&placement.kind, &existing.next().unwrap_or(Existing::Nothing));
        match action {
            SyncAction::SetMode(_) if settled.contains(&*placement.path) => {}
            SyncAction::SetMode(mode) => changes.modes.push((placement.path.to_path_buf(), mode)),
            SyncAction::Displace => {
                if let PlacementKind::Folder { .. } = placement.kind {
                    removed.insert(placement.path.to_path_buf());
                }
                changes.displaced.insert(placement.path.to_path_buf());
            }
            SyncAction::Leave | SyncAction::Relink | SyncAction::Replace | SyncAction::Create => {}
        }
        synced.count(placement, action);
        !matches!(action, SyncAction::Leave | SyncAction::SetMode(_))
    });
    Ok(synced)
}

impl Synced {
    fn count(&mut self, placement: &Placement, action: SyncAction) {
        if let PlacementKind::Folder { .. } = placement.kind {
            return;
        }
        match action {
            SyncAction::Leave => self.unchanged += 1,
            SyncAction::SetMode(_) => {
                self.unchanged += 1;
                self.modes += 1;
            }
            SyncAction::Relink | SyncAction::Replace | SyncAction::Displace => self.changed += 1,
            SyncAction::Create => self.new += 1,
        }
    }
}
