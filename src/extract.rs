//! The end of step 4: what was decided about an archive becomes files. Archive and disk meet here.

use std::io::{Read, Seek};
use std::path::Path;

use crate::archive::{self, Archive};
use crate::disk::{self, Staging};
use crate::plan::{Plan, What};

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
    // A folder gets its mode when it is made, so it comes before what is in it.
    let mut folders: Vec<(&Path, Option<u32>, Option<i64>)> = Vec::new();
    for placement in &plan.placements {
        if let What::Folder { mode, modified } = placement.what {
            folders.push((&placement.path, mode, modified));
        }
    }
    folders.sort_unstable();
    for (path, mode, modified) in folders {
        staging.folder(path, mode, modified)?;
    }
    for placement in &plan.placements {
        if staging.stopping() {
            return Err(disk::Error::Interrupted.into());
        }
        let path = &placement.path;
        match &placement.what {
            What::Folder { .. } => {}
            What::Link { target } => staging.link(path, target),
            What::File { mode, modified, .. } => {
                let mut file = staging.create(path, *mode)?;
                archive.copy(placement.entry, &mut file).map_err(|error| at_fault(error, path))?;
                file.finish(*modified)?;
            }
        }
    }
    Ok(())
}

/// A disk that is full while an archive is unpacked is no fault of the archive.
fn at_fault(error: archive::Error, path: &Path) -> anyhow::Error {
    match error {
        archive::Error::Write(error) => disk::Error::doing("write", path)(error).into(),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests;
