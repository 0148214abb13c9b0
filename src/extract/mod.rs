//! The end of step 4: what was decided about an archive becomes files. Archive and disk meet here.

mod buffer_pool;
#[cfg(test)]
mod tests;
mod workers;

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::path::Path;

use crate::archive::{self, Archive, EntryLocation, EntryReader, Layout, SkipRead, in_order};
use crate::disk::Staging;
use crate::plan::{PlacementKind, Plan};
use workers::{TargetFile, Task};

/// Unpacks an archive as planned into the staging, every byte of it verified. Nothing is in its
/// place yet when this is done.
///
/// # Errors
/// An `archive::Error` if the bytes are bad or cannot be read, a `disk::Error` if they cannot be
/// written or the run was told to stop.
pub fn stage<R: Read + Seek>(
    archive: &mut Archive<R>,
    plan: &Plan,
    staging: &mut Staging,
) -> anyhow::Result<()> {
    prepare(plan, staging)?;
    let (mut cutter, packed) = archive.cutter();
    workers::unpack(&mut cutter, &tasks(packed, plan), staging)
}

/// The same of an archive of which only the directory was looked at: no more of it is read than
/// what the plan needs, in the order in which it lies there.
///
/// # Errors
/// Also `archive::Error::NeedsFullCheck`, where the header before an entry is not as the directory let
/// expect. Whoever gets this should look at all of it.
pub fn some<B: SkipRead>(
    layout: &Layout,
    body: B,
    plan: &Plan,
    staging: &mut Staging,
) -> anyhow::Result<()> {
    prepare(plan, staging)?;
    workers::unpack(&mut EntryReader::apart(body), &tasks(&layout.locations, plan), staging)
}

/// The same of an archive that comes from start to end, while it comes. `layout` is what its
/// directory says, from which the plan was made.
///
/// # Errors
/// Also `archive::Error::NeedsFullCheck`, where the archive is not as its directory let expect. Whoever
/// gets this should look at all of it.
pub fn stream<B: SkipRead>(
    layout: &Layout,
    body: B,
    plan: &Plan,
    staging: &mut Staging,
) -> anyhow::Result<()> {
    prepare(plan, staging)?;
    let tasks = all(layout, plan)?;
    let mut cutter = EntryReader::all(body);
    workers::unpack(&mut cutter, &tasks, staging)?;
    Ok(cutter.finish(layout.directory)?)
}

/// Every entry in the order of the archive, with the file that it becomes.
fn all<'a>(layout: &'a Layout, plan: &'a Plan) -> Result<Vec<Task<'a>>, archive::Error> {
    let mut wanted: Vec<Option<TargetFile<'_>>> = vec![None; layout.locations.len()];
    for (entry, file) in files(plan) {
        let again = wanted.get_mut(entry).and_then(|place| place.replace(file));
        if again.is_some() {
            let at = layout.locations.get(entry).map_or(0, |packed| packed.at);
            // A stream gives the bytes of an entry once.
            return Err(archive::Error::NeedsFullCheck { near: at });
        }
    }
    let file = |packed: &EntryLocation| wanted.get(packed.entry).copied().flatten();
    let tasks = in_order(&layout.locations).into_iter();
    Ok(tasks.map(|packed| Task { packed, file: file(packed) }).collect())
}

/// Makes every folder once, so that the workers need not look, and takes note of the links.
fn prepare(plan: &Plan, staging: &mut Staging) -> anyhow::Result<()> {
    // A folder gets its mode when it is made, so it comes before what is in it.
    let mut folders: BTreeMap<&Path, (Option<u32>, Option<i64>)> = BTreeMap::new();
    for placement in &plan.placements {
        let path = placement.path.as_path();
        for above in path.ancestors().skip(1).take_while(|above| *above != Path::new("")) {
            if folders.contains_key(above) {
                break;
            }
            folders.insert(above, (None, None));
        }
        match &placement.what {
            PlacementKind::Folder { mode, modified } => {
                folders.insert(path, (*mode, *modified));
            }
            PlacementKind::Link { target } => staging.add_symlink(path, target),
            PlacementKind::File { .. } => {}
        }
    }
    for (path, (mode, modified)) in folders {
        staging.create_dir(path, mode, modified)?;
    }
    Ok(())
}

/// The files of a plan, as they lie in the archive.
fn tasks<'a>(packed: &'a [EntryLocation], plan: &'a Plan) -> Vec<Task<'a>> {
    let mut tasks: Vec<Task<'_>> = files(plan)
        .filter_map(|(entry, file)| Some(Task { packed: packed.get(entry)?, file: Some(file) }))
        .collect();
    tasks.sort_by_key(|task| task.packed.at);
    tasks
}

/// The files of a plan, each with its entry.
fn files(plan: &Plan) -> impl Iterator<Item = (usize, TargetFile<'_>)> {
    plan.placements.iter().filter_map(|placement| match placement.what {
        PlacementKind::File { mode, modified, .. } => {
            Some((placement.entry, TargetFile { path: &placement.path, mode, modified }))
        }
        PlacementKind::Folder { .. } | PlacementKind::Link { .. } => None,
    })
}
