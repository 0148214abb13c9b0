//! An archive of a job, acquired by the strategy that suits it, ready to be planned with others
//! and extracted.

use std::fs::File;
use std::ops::Range;

use super::cached;
use super::context::Transfer;
use super::download::download;
use super::options::ExtractOptions;
use super::parallel_ranges::{ParallelArchive, streams_for};
use super::planning::{PlannedLayout, plan_archive, unpacking};
use super::ranged::RangedArchive;
use super::strategy::{self, ArchiveFacts, Strategy, reads_directory_first};
use super::streaming::{self, StreamingArchive};
use crate::archive::{self, Archive};
use crate::disk::Staging;
use crate::error::{Context, Error};
use crate::extract;
use crate::gitlab::{Body, DownloadInterrupted, RemoteAnswer};
use crate::lookup::{Ctx, FoundJob};
use crate::model::DEFAULT_MAX_ENTRIES;
use crate::plan::Plan;

/// An archive whose directory is known, and its plan.
pub struct AcquiredArchive<'a> {
    /// By the archive's own names.
    pub plan: Plan,
    source: Source<'a>,
}

/// The place of the archive's bytes.
enum Source<'a> {
    /// In a local file; with the bytes that were received for it.
    File(Box<Archive<File>>, u64),
    /// On the server; with the ranges that are needed.
    Ranged(Box<RangedArchive<'a>>, Vec<Range<u64>>),
    /// On the server; the files that are needed are not known yet.
    Directory(Box<RangedArchive<'a>>),
    /// In a download that has begun.
    Streaming(Box<StreamingArchive<'a>>),
    /// In object storage, to be read by several streams.
    Parallel(Box<ParallelArchive<'a>>),
}

impl<'a> AcquiredArchive<'a> {
    /// Acquires the archive of a job: its directory at least, all of it where it has to be
    /// downloaded first. `alone`: no other archive is planned together with it.
    pub fn acquire(
        transfer: &Transfer<'a>,
        found: &FoundJob,
        options: &ExtractOptions,
        staging: &Staging,
        alone: bool,
    ) -> Result<AcquiredArchive<'a>, Error> {
        let ctx = transfer.ctx;
        if let Some((file, bytes)) = cached::acquire(transfer, found)? {
            return AcquiredArchive::from_file(file, bytes, found, options);
        }
        let (mut ranged, mut body) = (None, None);
        let narrow = options.rules.patterns.are_narrow();
        // Parts of an archive cannot be compared with its SHA-256.
        let needs_whole = ctx.gitlab.requires_digest();
        if !needs_whole && (options.directory_first || reads_directory_first(narrow, found.size()))
        {
            match ctx.gitlab.open_remote(&found.at, found.size()) {
                Ok(RemoteAnswer::Ranges(remote)) => {
                    ranged = RangedArchive::open(found, *remote, options)?
                }
                Ok(RemoteAnswer::Whole(whole)) => body = Some(*whole),
                // A wrong answer to a range request says nothing about a plain download.
                Err(error) if error.is_range_refused() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut may_stream = alone && !needs_whole;
        if let Some(mut archive) = ranged.take() {
            if options.directory_first {
                let plan = std::mem::take(&mut archive.planned.plan);
                return Ok(AcquiredArchive { plan, source: Source::Directory(Box::new(archive)) });
            }
            let (length, wanted) =
                (archive.remote.length(), archive.missing_ranges(&archive.planned.plan));
            match strategy::choose(ArchiveFacts { length, may_stream, wanted }) {
                Strategy::Ranged(ranges) => return Ok(AcquiredArchive::ranged(archive, ranges)),
                Strategy::Streaming => {}
                Strategy::DownloadFirst => may_stream = false,
            }
            ranged = Some(archive);
        }
        let body = match body {
            Some(body) => body,
            None => ctx.gitlab.download(&found.at)?,
        };
        if may_stream && streams_for(ctx, &body, 0) > 0 {
            let planned = match ranged.filter(|archive| archive.remote.is_same_archive(&body)) {
                Some(archive) => Some(archive.planned),
                None => streaming::plan_beside(found, &body, options)?,
            };
            if let Some(PlannedLayout { plan, layout }) = planned {
                let source = match ParallelArchive::new(ctx, body, layout) {
                    Ok(parallel) => Source::Parallel(Box::new(parallel)),
                    Err(streaming) => Source::Streaming(streaming),
                };
                return Ok(AcquiredArchive { plan, source });
            }
        }
        AcquiredArchive::download_first(ctx, found, body, options, staging)
    }

    /// Downloads all of an archive into a file in the staging folder, and checks it as a whole.
    pub fn download_first(
        ctx: &Ctx<'a>,
        found: &FoundJob,
        body: Body<'a>,
        options: &ExtractOptions,
        staging: &Staging,
    ) -> Result<AcquiredArchive<'a>, Error> {
        staging.require_free_space(body.total().unwrap_or_default().into())?;
        let mut file = staging.spool()?;
        let bytes = download(ctx, found, body, &mut file)?;
        AcquiredArchive::from_file(file, bytes, found, options)
    }

    fn from_file(
        file: File,
        bytes: u64,
        found: &FoundJob,
        options: &ExtractOptions,
    ) -> Result<AcquiredArchive<'a>, Error> {
        let max_entries = options.rules.max_entries;
        let mut archive =
            Archive::open_validated(file, max_entries).with_context(|| unpacking(found))?;
        let plan = plan_archive(&mut archive, &options.rules).with_context(|| unpacking(found))?;
        Ok(AcquiredArchive { plan, source: Source::File(Box::new(archive), bytes) })
    }

    fn ranged(mut archive: RangedArchive<'a>, ranges: Vec<Range<u64>>) -> AcquiredArchive<'a> {
        let plan = std::mem::take(&mut archive.planned.plan);
        AcquiredArchive { plan, source: Source::Ranged(Box::new(archive), ranges) }
    }

    /// Extracts the files of `plan` into the staging folder, and returns the bytes received.
    pub fn extract(
        self,
        ctx: &Ctx<'_>,
        found: &FoundJob,
        plan: &Plan,
        staging: &mut Staging,
    ) -> Result<u64, Error> {
        match self.source {
            Source::File(mut archive, bytes) => {
                extract::extract_archive(&mut archive, plan, staging)
                    .with_context(|| unpacking(found))?;
                Ok(bytes)
            }
            Source::Ranged(archive, ranges) => archive.extract(ctx, found, &ranges, plan, staging),
            Source::Directory(archive) => extract_needed(*archive, ctx, found, plan, staging),
            Source::Streaming(archive) => archive.extract(ctx, found, plan, staging),
            Source::Parallel(archive) => archive.extract(ctx, found, plan, staging),
        }
    }
}

/// Extracts the files of `plan` by the strategy that suits them, now that they are known.
fn extract_needed(
    archive: RangedArchive<'_>,
    ctx: &Ctx<'_>,
    found: &FoundJob,
    plan: &Plan,
    staging: &mut Staging,
) -> Result<u64, Error> {
    let facts = ArchiveFacts {
        length: archive.remote.length(),
        may_stream: streaming::needs_each_entry_once(plan),
        wanted: archive.missing_ranges(plan),
    };
    let strategy = strategy::choose(facts);
    if let Strategy::Ranged(ranges) = strategy {
        return archive.extract(ctx, found, &ranges, plan, staging);
    }
    let RangedArchive { planned: PlannedLayout { layout, .. }, remote, .. } = archive;
    let body = ctx.gitlab.download(&found.at)?;
    // The plan is of no use for another archive, which has to be planned anew.
    let is_another = || Err(archive::Error::NeedsFullCheck { near: 0 }.into());
    if strategy == Strategy::Streaming && remote.is_same_archive(&body) {
        let bytes = StreamingArchive { body, layout }.extract(ctx, found, plan, staging)?;
        return Ok(remote.received() + bytes);
    }
    staging.require_free_space(body.total().unwrap_or_default().into())?;
    let mut file = staging.spool()?;
    let bytes = download(ctx, found, body, &mut file)?;
    // The same archive has no more than its directory lists; another one is bounded all the same.
    let max_entries = DEFAULT_MAX_ENTRIES.max(layout.entries.len().saturating_mul(2));
    let whole = Archive::open_validated(file, max_entries);
    let mut whole = whole.with_context(|| unpacking(found))?;
    if whole.entries() != layout.entries {
        return is_another();
    }
    extract::extract_archive(&mut whole, plan, staging).with_context(|| unpacking(found))?;
    Ok(remote.received() + bytes)
}

/// Returns if an archive may be right although its directory and its bytes disagree, so that it
/// has to be downloaded first and checked as a whole.
pub fn needs_download_first(error: &Error) -> bool {
    match error.root() {
        Error::GitLab(error) => error.is_range_refused(),
        Error::Archive(archive::Error::NeedsFullCheck { .. }) => true,
        Error::Archive(archive::Error::Read(error)) => {
            error.get_ref().is_some_and(|it| it.is::<DownloadInterrupted>())
        }
        _ => false,
    }
}
