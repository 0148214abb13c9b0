//! Extraction of planned entries from an archive into staging.

mod buffer_pool;
mod parted_file;
mod segments;
#[cfg(test)]
mod tests;
mod workers;
mod write_behind;

pub use segments::{Segment, Segments, largest_undivided};

use std::io::{Read, Seek};

use crate::archive::{self, Archive, EntryLocation, EntryReader, Layout, SkipRead};
use crate::disk::Staging;
use crate::error::Error;
use crate::plan::{PlacementKind, Plan};
use workers::{TargetFile, Task};

/// Extracts the planned entries of a validated archive into staging and verifies every byte. Files
/// reach the destination only when the staging is committed.
///
/// # Errors
/// An `archive::Error` if the data are damaged or cannot be read, a `disk::Error` if a file cannot
/// be written or the run was interrupted.
pub fn extract_archive<R: Read + Seek>(
    archive: &mut Archive<R>,
    plan: &Plan,
    staging: &mut Staging,
) -> Result<(), Error> {
    add_folders_and_links(plan, staging);
    let (mut entries, locations) = archive.entry_reader();
    workers::run(&mut entries, &planned_tasks(locations, plan), staging)
}

/// Extracts the planned entries of an archive of which only the central directory was validated.
/// `body` is read only where these entries are, in the order of their offsets.
///
/// # Errors
/// As [`extract_archive`], and `archive::Error::NeedsFullCheck` if a local header differs from the
/// central directory; the caller then validates the whole archive.
pub fn extract_selected<B: SkipRead>(
    layout: &Layout,
    body: B,
    plan: &Plan,
    staging: &mut Staging,
) -> Result<(), Error> {
    add_folders_and_links(plan, staging);
    let tasks = planned_tasks(&layout.locations, plan);
    workers::run(&mut EntryReader::selected(body), &tasks, staging)
}

/// Extracts the planned entries of an archive during its download. `layout` is the central
/// directory, which was read before; every local header is compared with it.
///
/// # Errors
/// As [`extract_archive`], and `archive::Error::NeedsFullCheck` if the archive differs from its
/// central directory; the caller then validates the whole archive.
pub fn extract_stream<B: SkipRead>(
    layout: &Layout,
    body: B,
    plan: &Plan,
    staging: &mut Staging,
) -> Result<(), Error> {
    add_folders_and_links(plan, staging);
    let tasks = all_tasks(layout, plan)?;
    let mut entries = EntryReader::sequential(body);
    workers::run(&mut entries, &tasks, staging)?;
    Ok(entries.finish(layout.directory_start)?)
}

/// Returns a task for every entry of the archive, in the order of their offsets. Entries that are
/// not planned have no file.
///
/// # Errors
/// `NeedsFullCheck` if an entry becomes two files, because a stream delivers its data once.
fn all_tasks<'a>(layout: &'a Layout, plan: &'a Plan) -> Result<Vec<Task<'a>>, archive::Error> {
    let mut by_entry: Vec<Option<TargetFile<'_>>> = vec![None; layout.locations.len()];
    for (entry, file) in files(plan) {
        let other = by_entry.get_mut(entry).and_then(|slot| slot.replace(file));
        if other.is_some() {
            let near = layout.locations.get(entry).map_or(0, |location| location.offset);
            return Err(archive::Error::NeedsFullCheck { near });
        }
    }
    let file = |location: &EntryLocation| by_entry.get(location.entry).copied().flatten();
    let locations = archive::sorted_by_offset(&layout.locations).into_iter();
    Ok(locations.map(|location| Task { location, file: file(location) }).collect())
}

/// Adds the planned folders and links to the staging, which creates a folder with its first file, so
/// that the workers begin at once, and the links last.
fn add_folders_and_links(plan: &Plan, staging: &mut Staging) {
    for placement in &plan.placements {
        match &placement.kind {
            PlacementKind::Folder { mode, modified } => {
                staging.add_dir(&placement.path, *mode, *modified);
            }
            PlacementKind::Link { target } => staging.add_symlink(&placement.path, target),
            PlacementKind::File { .. } => {}
        }
    }
}

/// Returns a task for each planned file, in the order of the offsets of their entries.
fn planned_tasks<'a>(locations: &'a [EntryLocation], plan: &'a Plan) -> Vec<Task<'a>> {
    let task = |(entry, file)| Some(Task { location: locations.get(entry)?, file: Some(file) });
    let mut tasks: Vec<Task<'_>> = files(plan).filter_map(task).collect();
    tasks.sort_by_key(|task| task.location.offset);
    tasks
}

/// Returns the planned files, each with the index of its entry.
fn files(plan: &Plan) -> impl Iterator<Item = (usize, TargetFile<'_>)> {
    plan.placements.iter().filter_map(|placement| match placement.kind {
        PlacementKind::File { mode, modified, .. } => {
            Some((placement.entry, TargetFile { path: &placement.path, mode, modified }))
        }
        PlacementKind::Folder { .. } | PlacementKind::Link { .. } => None,
    })
}
