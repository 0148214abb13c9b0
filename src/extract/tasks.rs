//! The tasks of an extraction: entries in the order of their offsets, each with the file it becomes.

use std::path::Path;

use crate::archive::{self, Layout};
use crate::model::Entry;
use crate::plan::{Placement, PlacementKind, Plan};

/// The tasks of an extraction, each kept as two indices of 32 bits.
pub struct Tasks<'a> {
    entries: &'a [Entry],
    placements: &'a [Placement],
    /// In the order of the offsets.
    list: Vec<Indices>,
}

/// The indices of an entry and of the placement that creates its file.
#[derive(Clone, Copy)]
struct Indices {
    entry: u32,
    placement: Option<u32>,
}

/// An entry and the file it becomes; no file if the entry is only checked and skipped.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    pub entry: &'a Entry,
    pub file: Option<TargetFile<'a>>,
}

/// A file to create.
#[derive(Clone, Copy)]
pub struct TargetFile<'a> {
    /// Relative to the destination.
    pub path: &'a Path,
    /// Unix permission bits.
    pub mode: Option<u32>,
    /// Seconds since 1970.
    pub modified: Option<i64>,
}

impl<'a> Tasks<'a> {
    /// Returns a task for each planned file.
    pub fn planned(entries: &'a [Entry], plan: &'a Plan) -> Tasks<'a> {
        let files = || (0..).zip(&plan.placements).filter(|(_, placement)| is_file(placement));
        let mut list = Vec::with_capacity(files().count());
        list.extend(
            files().map(|(index, placement)| Indices {
                entry: placement.entry,
                placement: Some(index),
            }),
        );
        Tasks::sorted(entries, plan, list)
    }

    /// Returns a task for every entry of the archive. Entries that are not planned have no file.
    ///
    /// # Errors
    /// `NeedsFullCheck` if an entry becomes two files, because a stream delivers its data once.
    pub fn all(layout: &'a Layout, plan: &'a Plan) -> Result<Tasks<'a>, archive::Error> {
        let indices =
            (0..).zip(&layout.entries).map(|(entry, _)| Indices { entry, placement: None });
        let mut list: Vec<Indices> = indices.collect();
        for (index, placement) in (0..).zip(&plan.placements) {
            let entry = placement.entry as usize;
            if is_file(placement) && list[entry].placement.replace(index).is_some() {
                return Err(layout.entries[entry].needs_full_check());
            }
        }
        Ok(Tasks::sorted(&layout.entries, plan, list))
    }

    fn sorted(entries: &'a [Entry], plan: &'a Plan, mut list: Vec<Indices>) -> Tasks<'a> {
        list.sort_unstable_by_key(|it| (entries[it.entry as usize].offset, it.entry, it.placement));
        Tasks { entries, placements: &plan.placements, list }
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn get(&self, index: usize) -> Option<Task<'a>> {
        self.list.get(index).map(|indices| self.task(*indices))
    }

    pub fn iter(&self) -> impl Iterator<Item = Task<'a>> {
        self.list.iter().map(|indices| self.task(*indices))
    }

    fn task(&self, Indices { entry, placement }: Indices) -> Task<'a> {
        let placement = placement.map(|index| &self.placements[index as usize]);
        let file = placement.and_then(|Placement { path, kind, .. }| match *kind {
            PlacementKind::File { mode, modified, .. } => {
                Some(TargetFile { path, mode: mode.map(u32::from), modified })
            }
            PlacementKind::Folder { .. } | PlacementKind::Link { .. } => None,
        });
        Task { entry: &self.entries[entry as usize], file }
    }
}

fn is_file(placement: &Placement) -> bool {
    matches!(placement.kind, PlacementKind::File { .. })
}
