//! Saves whole archives: into a file (`-o FILE`) or to standard output (`-o -`).

use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use super::acquire::{Acquired, MAX_PARALLEL_DOWNLOADS, acquire_each};
use super::cached;
use super::context::Transfer;
use super::download::{Spool, announce, download};
use super::remote_zip::reading;
use super::result::{TransferResult, TransferredJob};
use crate::archive::Archive;
use crate::disk::{self, AtomicFile};
use crate::error::{Context, Error};
use crate::lookup::FoundJob;
use crate::plan::OnConflict;
use crate::sanitize::sanitize;

/// Saves the archive itself as `file`, which appears whole or not at all. A file that exists
/// already and is to stay spares the whole lookup.
pub fn save_archive(
    transfer: &Transfer<'_>,
    on_conflict: OnConflict,
    file: &Path,
) -> Result<TransferResult, Error> {
    match on_conflict {
        OnConflict::Skip if file.is_file() => return Ok(TransferResult::default()),
        OnConflict::Fail if file.is_file() => {
            return Err(disk::Error::Conflict { paths: vec![file.to_owned()] }.into());
        }
        OnConflict::Overwrite | OnConflict::Skip | OnConflict::Fail => {}
    }
    let spool = |size: Option<u64>| {
        let spool = AtomicFile::create_beside(file, transfer.ctx.interrupt)?;
        spool.require_free_space(size.unwrap_or_default().into())?;
        Ok(spool)
    };
    save_each(transfer, spool, |found, mut archive| {
        if let Some(archive) = archive.file() {
            check(archive, found)?;
        }
        Ok(archive.commit(on_conflict)?)
    })
}

/// Hands the archive itself to `out`, once it is complete.
pub fn write_archive(
    transfer: &Transfer<'_>,
    mut out: impl FnMut(&mut File) -> io::Result<u64>,
) -> Result<TransferResult, Error> {
    let spool = |_| Ok(disk::temp_file()?);
    save_each(transfer, spool, |found, mut archive: File| {
        check(&mut archive, found)?;
        archive.rewind()?;
        out(&mut archive)?;
        Ok(())
    })
}

/// Downloads the archive of each job into a spool, and finishes them one after the other.
fn save_each<S: Spool + Send>(
    transfer: &Transfer<'_>,
    spool: impl Fn(Option<u64>) -> Result<S, Error> + Sync,
    mut finish: impl FnMut(&FoundJob, S) -> Result<(), Error>,
) -> Result<TransferResult, Error> {
    let Acquired { archives, missing } =
        acquire_each(transfer, MAX_PARALLEL_DOWNLOADS, |found, _| {
            let mut archive = spool(found.size())?;
            let bytes = fill(transfer, found, &mut archive)?;
            Ok((archive, bytes))
        })?;
    let mut jobs = Vec::new();
    for (found, (archive, bytes)) in archives {
        finish(&found, archive)?;
        jobs.push(TransferredJob { found, folder: PathBuf::new(), files: Vec::new(), bytes });
    }
    Ok(TransferResult { jobs, missing })
}

/// Fills a spool from the cache or from the server, and returns the bytes received.
fn fill<S: Spool>(
    transfer: &Transfer<'_>,
    found: &FoundJob,
    archive: &mut S,
) -> Result<u64, Error> {
    let ctx = transfer.ctx;
    announce(ctx, found);
    if let Some((mut cached, bytes)) = cached::acquire(transfer, found)? {
        cached.rewind().and_then(|()| io::copy(&mut cached, archive)).with_context(|| {
            format!("copying the artifacts of {} from the cache", sanitize(&found.label()))
        })?;
        return Ok(bytes);
    }
    download(ctx, found, ctx.gitlab.download(&found.at)?, archive)
}

/// Refuses a file that is no archive.
fn check(file: &mut File, found: &FoundJob) -> Result<(), Error> {
    Archive::open_directory(file, usize::MAX).with_context(|| reading(found))?;
    Ok(())
}
