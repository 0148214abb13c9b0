//! Saves whole archives: into a file (`-o FILE`) or to standard output (`-o -`).

use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

use super::acquire::{Acquired, MAX_PARALLEL_DOWNLOADS, acquire_each};
use super::archive_source::needs_download_first;
use super::cached;
use super::context::Transfer;
use super::download::{Spool, download};
use super::options::ExtractOptions;
use super::parallel_download::download_by_streams;
use super::parallel_ranges::share_download;
use super::remote_zip::reading;
use super::result::{TransferResult, TransferredJob};
use crate::archive::{self, Archive, NotZip};
use crate::disk::{self, AtomicFile};
use crate::error::{Context, Error};
use crate::gitlab::Body;
use crate::lookup::{Ctx, FoundJob};
use crate::plan::OnConflict;
use crate::sanitize::{escape_path, sanitize};
use crate::step::Step;

/// Saves the archive itself as `file`, which appears whole or not at all. Nothing is looked up if the
/// file exists and stays.
pub fn save_archive(
    transfer: &Transfer<'_>,
    options: &ExtractOptions,
    file: &Path,
) -> Result<TransferResult, Error> {
    let on_conflict = options.on_conflict;
    match on_conflict {
        OnConflict::Skip if file.is_file() => return Ok(TransferResult::default()),
        OnConflict::Fail if file.is_file() => {
            return Err(disk::Error::Conflict { paths: vec![file.to_owned()] }.into());
        }
        OnConflict::Overwrite | OnConflict::Skip | OnConflict::Fail => {}
    }
    let spool = |size: Option<u64>| {
        let mut spool = AtomicFile::create_beside(file, transfer.ctx.interrupt)?;
        spool.require_free_space(size.unwrap_or_default().into())?;
        Ok(spool.durable(options.durable))
    };
    save_each(transfer, spool, |saved, mut archive| {
        check(transfer, archive.file(), saved)?;
        archive.commit(on_conflict)?;
        let (label, file) = (saved.found.label(), escape_path(file));
        let step = Step::Saved { label: &label, bytes: saved.length, file: &file };
        transfer.ctx.watch.step(&step);
        Ok(())
    })
}

/// Passes the archive itself to `out`, once it is complete.
pub fn write_archive(
    transfer: &Transfer<'_>,
    mut out: impl FnMut(&mut File) -> io::Result<u64>,
) -> Result<TransferResult, Error> {
    let spool = |_| Ok(disk::temp_file()?);
    save_each(transfer, spool, |saved, mut archive: File| {
        check(transfer, &mut archive, saved)?;
        archive.rewind()?;
        out(&mut archive)?;
        Ok(())
    })
}

/// Downloads the archive of each job into a spool, and finishes them one after the other.
fn save_each<S: Spool + Send>(
    transfer: &Transfer<'_>,
    spool: impl Fn(Option<u64>) -> Result<S, Error> + Sync,
    mut finish: impl FnMut(&Saved, S) -> Result<(), Error>,
) -> Result<TransferResult, Error> {
    let Acquired { archives, missing, .. } =
        acquire_each(transfer, MAX_PARALLEL_DOWNLOADS, |found, _| {
            let mut archive = spool(found.size())?;
            let filled = fill(transfer, found, &mut archive)?;
            Ok((archive, filled))
        })?;
    let found: Vec<&FoundJob> = archives.iter().map(|(found, _)| found).collect();
    (transfer.before_commit)(&found)?;
    let mut jobs = Vec::new();
    for (found, (archive, filled)) in archives {
        let Filled { length, received, length_known } = filled;
        let saved = Saved { found, length, length_known };
        finish(&saved, archive)?;
        let found = saved.found;
        jobs.push(TransferredJob {
            found,
            folder: PathBuf::new(),
            files: Vec::new(),
            bytes: received,
            synced: None,
        });
    }
    Ok(TransferResult { jobs, missing })
}

/// An archive that was downloaded and is about to be saved.
struct Saved {
    found: FoundJob,
    /// Bytes.
    length: u64,
    /// The server or the job announced the length.
    length_known: bool,
}

/// The bytes that filled a spool.
struct Filled {
    length: u64,
    /// None of an archive from the cache.
    received: u64,
    length_known: bool,
}

/// Fills a spool from the cache or from the server.
///
/// # Errors
/// If the length is not the one that the job announces.
fn fill<S: Spool>(
    transfer: &Transfer<'_>,
    found: &FoundJob,
    archive: &mut S,
) -> Result<Filled, Error> {
    let ctx = transfer.ctx;
    let filled = if let Some((mut cached, received)) = cached::acquire(transfer, found)? {
        let copied = cached.rewind().and_then(|()| io::copy(&mut cached, archive));
        let length = copied.with_context(|| {
            format!("copying the artifacts of {} from the cache", sanitize(&found.label()))
        })?;
        Filled { length, received, length_known: true }
    } else {
        let body = ctx.gitlab.download(&found.at)?;
        let length_known = body.total().is_some() || found.size().is_some();
        let received = download_in_parallel(ctx, found, body, archive)?;
        Filled { length: received, received, length_known }
    };
    match found.size() {
        Some(announced) if announced != filled.length => {
            let error = archive::Error::Length { announced, received: filled.length };
            Err(error).with_context(|| reading(found))
        }
        _ => Ok(filled),
    }
}

/// Downloads an archive, by several streams where its server allows them.
fn download_in_parallel<'a, S: Spool>(
    ctx: &Ctx<'a>,
    found: &FoundJob,
    body: Body<'a>,
    archive: &mut S,
) -> Result<u64, Error> {
    let Some(file) = archive.seekable().filter(|_| !ctx.gitlab.requires_digest()) else {
        return download(ctx, found, body, archive);
    };
    match share_download(ctx, body, 0) {
        Err(body) => download(ctx, found, *body, archive),
        Ok((remote, streams)) => match download_by_streams(ctx, found, &remote, streams, file) {
            // The archive changed, or its server gives no ranges after all.
            Err(error) if needs_download_first(&error) => {
                download(ctx, found, ctx.gitlab.download(&found.at)?, archive)
            }
            result => result,
        },
    }
}

/// Warns of an archive that cannot be read as a zip, which is saved all the same.
///
/// # Errors
/// If the beginning of a zip came whose length nobody announced: the connection was lost.
fn check(transfer: &Transfer<'_>, file: &mut File, saved: &Saved) -> Result<(), Error> {
    let found = &saved.found;
    match Archive::open_directory(file, usize::MAX) {
        Ok(_) => Ok(()),
        Err(error @ archive::Error::NotZip(NotZip::Truncated)) if !saved.length_known => {
            Err(error).with_context(|| reading(found))
        }
        Err(error) => {
            let warning = format!("{}: {error}; it is saved as it is", reading(found));
            transfer.ctx.watch.step(&Step::Warning(&warning));
            Ok(())
        }
    }
}
