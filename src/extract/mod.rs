//! The end of step 4: what was decided about an archive becomes files. Archive and disk meet here.

mod blocks;
mod crew;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::path::Path;

use crate::archive::Archive;
use crate::disk::Staging;
use crate::plan::{Plan, What};
use crew::{NewFile, Task};

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
    let mut tasks: Vec<Task<'_>> = files(plan)
        .filter_map(|(entry, file)| Some(Task { packed: packed.get(entry)?, file: Some(file) }))
        .collect();
    tasks.sort_by_key(|task| task.packed.at);
    crew::unpack(&mut cutter, &tasks, staging)
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
            What::Folder { mode, modified } => {
                folders.insert(path, (*mode, *modified));
            }
            What::Link { target } => staging.link(path, target),
            What::File { .. } => {}
        }
    }
    for (path, (mode, modified)) in folders {
        staging.folder(path, mode, modified)?;
    }
    Ok(())
}

/// The files of a plan, each with its entry.
fn files(plan: &Plan) -> impl Iterator<Item = (usize, NewFile<'_>)> {
    plan.placements.iter().filter_map(|placement| match placement.what {
        What::File { mode, modified, .. } => {
            Some((placement.entry, NewFile { path: &placement.path, mode, modified }))
        }
        What::Folder { .. } | What::Link { .. } => None,
    })
}
