//! Extraction of planned entries from an archive into staging.

mod buffer_pool;
mod parted_file;
mod segments;
mod tasks;
#[cfg(test)]
mod tests;
mod workers;
mod write_behind;

pub use segments::{Segment, Segments, largest_undivided};

use std::io::{Read, Seek};

use crate::archive::{Archive, EntryReader, Layout, SkipRead};
use crate::disk::Staging;
use crate::error::Error;
use crate::plan::{PlacementKind, Plan};
use tasks::Tasks;

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
    let (mut reader, entries) = archive.entry_reader();
    workers::run(&mut reader, &Tasks::planned(entries, plan), staging)
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
    let tasks = Tasks::planned(&layout.entries, plan);
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
    let tasks = Tasks::all(layout, plan)?;
    let mut reader = EntryReader::sequential(body);
    workers::run(&mut reader, &tasks, staging)?;
    Ok(reader.finish(layout.directory_start)?)
}

/// Adds the planned folders and links to the staging, which creates a folder with its first file, so
/// that the workers begin at once, and the links last.
fn add_folders_and_links(plan: &Plan, staging: &mut Staging) {
    for placement in &plan.placements {
        match &placement.kind {
            PlacementKind::Folder { mode, modified } => {
                staging.add_dir(&placement.path, mode.map(u32::from), *modified);
            }
            PlacementKind::Link { target } => staging.add_symlink(&placement.path, target),
            PlacementKind::File { .. } => {}
        }
    }
}
