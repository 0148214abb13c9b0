//! Step 4: from the jobs that were found to files on disk.
//!
//! ```text
//! jobs ──► acquire each archive ──► plan all together ──► extract into staging ──► commit
//!          acquire.rs                planning.rs           archive_source.rs       disk
//! ```
//!
//! Under `--sync` and `--on-conflict skip`, the plans are compared with the disk (`compare.rs`)
//! before anything is extracted, so that only what is needed is downloaded.
//!
//! An archive is acquired by one of four strategies (`strategy.rs`): range requests, streaming,
//! streaming by several requests at the same time, or download first. All of them end with the same
//! plan, the same workers and the same staging.

mod acquire;
mod archive_source;
mod byte_ranges;
mod cache_guard;
mod cached;
mod cat;
mod compare;
mod context;
mod download;
mod list;
mod options;
mod parallel_download;
mod parallel_ranges;
mod planning;
mod progress;
mod range_queue;
mod ranged;
mod remote_zip;
mod reports;
mod result;
mod save;
mod strategy;
mod streaming;
mod streams;

pub use cached::forget_broken;
pub use cat::cat;
pub use context::{BeforeCommit, Transfer};
pub use list::{Contents, ListedFile, list};
pub use options::ExtractOptions;
pub use reports::{ReportDestination, reports};
pub use result::{Synced, TransferResult, TransferredJob};
pub use save::{save_archive, write_archive};

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use acquire::{Acquired, MAX_PARALLEL_DOWNLOADS, acquire_each};
use archive_source::{AcquiredArchive, needs_download_first};
use compare::{Compared, compare};
use planning::merge_all;

use crate::disk::{Committed, Staging, SyncChanges};
use crate::error::Error;
use crate::lookup::FoundJob;
use crate::model::os_str;
use crate::plan::{PlacementKind, PlacementPath, Plan};
use crate::refusal::Refusal;
use crate::sanitize::escape_path;
use crate::select::disk_links::{self, OnDisk};
use crate::select::files::FileRules;
use crate::select::link::Symlinks;
use crate::step::Step;

/// Step 4: extracts the artifacts of the jobs below `dest`, which stays as it was if any part fails.
pub fn extract(
    transfer: &Transfer<'_>,
    options: &ExtractOptions,
    dest: &Path,
) -> Result<TransferResult, Error> {
    // A destination that cannot be written is reported before anything is downloaded.
    let new_staging =
        || Ok::<_, Error>(Staging::new_in(dest, transfer.ctx.interrupt)?.durable(options.durable));
    let staging = new_staging()?;
    let rules = FileRules { takes_links: staging.supports_symlinks(), ..options.rules.clone() };
    // Where nothing is on disk, there is nothing to compare with, and everything is needed.
    let directory_first = options.needs_comparison() && !staging.dest_is_empty()?;
    let mut options = ExtractOptions { rules, directory_first, ..*options };
    let Acquired { archives, missing, left_out } =
        acquire_each(transfer, MAX_PARALLEL_DOWNLOADS, |found, alone| {
            AcquiredArchive::acquire(transfer, found, &options, &staging, alone)
        })?;
    if options.delete && (left_out || !missing.is_empty()) {
        let warning = "nothing is removed, because the artifacts of a job are missing";
        transfer.ctx.watch.step(&Step::Warning(warning));
        options.delete = false;
    }
    let options = &options;
    let jobs: Vec<FoundJob> = archives.iter().map(|(found, _)| found.clone()).collect();
    let staged = match stage(transfer, staging, archives, options) {
        // An archive is not what its directory said: download all of them whole and start over.
        Err(error) if needs_download_first(&error) => {
            let staging = new_staging()?;
            let archives = download_all(transfer, jobs, options, &staging)?;
            stage(transfer, staging, archives, options)?
        }
        staged => staged?,
    };
    Ok(TransferResult { jobs: commit(transfer, staged, options, dest)?, missing })
}

type Archives<'a> = Vec<(FoundJob, AcquiredArchive<'a>)>;

/// Files that were extracted and are not in place yet.
struct Staged {
    jobs: Vec<(TransferredJob, Plan)>,
    staging: Staging,
    /// None without `--sync`.
    changes: Option<SyncChanges>,
}

/// Plans all archives together, and extracts the files of each.
fn stage(
    transfer: &Transfer<'_>,
    mut staging: Staging,
    // After the staging, because its files must be closed before the folder is removed.
    mut archives: Archives<'_>,
    options: &ExtractOptions,
) -> Result<Staged, Error> {
    let ctx = transfer.ctx;
    let plans = archives.iter_mut().map(|(found, it)| (&*found, std::mem::take(&mut it.plan)));
    let mut plans = merge_all(transfer, plans.collect(), options)?;
    let cache = transfer.cache.and_then(|cache| cache.path_in(staging.dest()));
    if let Some(cache) = &cache {
        cache_guard::leave_out(ctx, &mut plans, cache, options.rules.system);
    }
    if options.rules.symlinks == Symlinks::KeepInside {
        let system = options.rules.system;
        let on_disk = AtDestination(&staging);
        disk_links::keep_inside(&mut plans, system, &on_disk).map_err(Refusal::from)?;
    }
    let folders = archives.iter().map(|(found, _)| transfer.job_folder(found)).collect();
    let Compared { plans, synced, changes } =
        compare(plans, folders, options, cache.as_deref(), &staging)?;
    staging.require_free_space(plans.iter().map(Plan::size).fold(0, u128::saturating_add))?;
    let mut jobs = Vec::new();
    for (((found, archive), plan), synced) in archives.into_iter().zip(plans).zip(synced) {
        let bytes = archive.extract(ctx, &found, &plan, &mut staging)?;
        let folder = transfer.job_folder(&found);
        jobs.push((TransferredJob { found, folder, files: Vec::new(), bytes, synced }, plan));
    }
    Ok(Staged { jobs, staging, changes })
}

/// The links and folders at the destination of a staging.
struct AtDestination<'a>(&'a Staging);

impl AtDestination<'_> {
    fn path(at: &[Vec<u8>]) -> PathBuf {
        at.iter().map(|component| os_str(component)).collect()
    }
}

impl OnDisk for AtDestination<'_> {
    fn link(&self, at: &[Vec<u8>]) -> Option<Vec<u8>> {
        self.0.link_on_disk(&Self::path(at)).map(OsString::into_encoded_bytes)
    }

    fn is_folder(&self, at: &[Vec<u8>]) -> bool {
        self.0.is_folder_on_disk(&Self::path(at))
    }
}

/// Downloads the archives of all jobs whole.
fn download_all<'a>(
    transfer: &Transfer<'a>,
    jobs: Vec<FoundJob>,
    options: &ExtractOptions,
    staging: &Staging,
) -> Result<Archives<'a>, Error> {
    let ctx = transfer.ctx;
    let download = |found: FoundJob| {
        let body = ctx.gitlab.download(&found.at)?;
        let archive = AcquiredArchive::download_first(ctx, &found, body, options, staging)?;
        Ok((found, archive))
    };
    jobs.into_iter().map(download).collect()
}

/// Puts everything that was staged in place, and reports the files of each job.
fn commit(
    transfer: &Transfer<'_>,
    staged: Staged,
    options: &ExtractOptions,
    dest: &Path,
) -> Result<Vec<TransferredJob>, Error> {
    let jobs: Vec<&FoundJob> = staged.jobs.iter().map(|(job, _)| &job.found).collect();
    (transfer.before_commit)(&jobs)?;
    let Committed { skipped, warnings } = match &staged.changes {
        Some(changes) => staged.staging.commit_sync(changes)?,
        None => staged.staging.commit(options.on_conflict)?,
    };
    for warning in warnings {
        transfer.ctx.watch.step(&Step::Warning(&warning));
    }
    let skipped: HashSet<PathBuf> = skipped.into_iter().collect();
    let jobs = staged.jobs.into_iter().map(|(mut job, plan)| {
        let files = planned_files(plan, &skipped);
        let (count, bytes) = (files.len(), files.iter().map(|(_, size)| size).sum());
        let at: PathBuf = dest.join(&job.folder).components().collect();
        let (label, at) = (job.found.label(), escape_path(&at).into_owned());
        if let Some(synced) = &mut job.synced {
            synced.removed.retain(|path| !skipped.contains(path));
        }
        for path in job.synced.iter().flat_map(|synced| &synced.removed) {
            let path = dest.join(path);
            transfer.ctx.watch.step(&Step::Removed { path: &escape_path(&path) });
        }
        transfer.ctx.watch.step(&match job.synced.as_ref().map(Synced::counts) {
            Some(counts) => Step::Synced { label: &label, counts, bytes, at: &at },
            None => Step::Placed { label: &label, files: count, bytes, at: &at },
        });
        TransferredJob { files, ..job }
    });
    Ok(jobs.collect())
}

/// Returns the files and links of a plan without those that were skipped, with their sizes.
fn planned_files(plan: Plan, skipped: &HashSet<PathBuf>) -> Vec<(PlacementPath, u64)> {
    let written = plan.placements.into_iter().filter(|it| !skipped.contains(&*it.path));
    let sized = written.filter_map(|placement| match placement.kind {
        PlacementKind::File { size, .. } => Some((placement.path, size)),
        PlacementKind::Link { target } => Some((placement.path, target.len() as u64)),
        PlacementKind::Folder { .. } => None,
    });
    sized.collect()
}
