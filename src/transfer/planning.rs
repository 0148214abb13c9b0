//! Plans the extraction of archives: each by itself from its directory, then all together.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use super::byte_ranges::{merge, total};
use super::context::Transfer;
use super::options::ExtractOptions;
use super::remote_zip::{RemoteZip, archive_error};
use crate::archive::{self, Archive, Layout};
use crate::error::Error;
use crate::lookup::{Ctx, FoundJob};
use crate::model::Job;
use crate::plan::{Mtime, Plan};
use crate::sanitize::sanitize;
use crate::select::files::{self, FileRules};
use crate::select::merge_plans;
use crate::step::Step;

/// Link targets are read by ranges only where they take at most this many requests and bytes.
const MAX_LINK_REQUESTS: (usize, u64) = (4, 256 << 10);
/// Link targets that are at most this many bytes apart are requested together.
const MAX_LINK_GAP: u64 = 64 << 10;

/// The plan of an archive by its own names, and the positions of its entries.
pub struct PlannedLayout {
    pub plan: Plan,
    pub layout: Layout,
}

/// Plans an archive. Of its content, only the targets of the chosen links are read.
pub fn plan_archive<R: Read + Seek>(
    archive: &mut Archive<R>,
    rules: &FileRules,
) -> Result<Plan, Error> {
    let mut targets = BTreeMap::new();
    for index in files::links(archive.entries(), rules) {
        targets.insert(index, archive.link_target(index)?);
    }
    Ok(files::files(archive.entries(), &targets, rules)?)
}

/// Plans an archive from its directory alone; None where the directory does not suffice: entries
/// that overlap or repeat, or too many links.
pub fn plan_directory(
    archive: Result<RemoteZip<'_>, archive::Error>,
    rules: &FileRules,
) -> Result<Option<PlannedLayout>, Error> {
    let mut archive = archive?;
    // The directory has become entries; its bytes are not needed any more.
    archive.reader().evict_large();
    if !archive.is_streamable() || !fetch_link_targets(&mut archive, rules)? {
        return Ok(None);
    }
    let plan = plan_archive(&mut archive, rules)?;
    Ok(Some(PlannedLayout { plan, layout: archive.into_layout() }))
}

/// Settles the plans of all archives together: which job wins a path that two archives hold.
/// Each plan is moved into the folder of its job, and its warnings are told.
pub fn merge_all(
    transfer: &Transfer<'_>,
    plans: Vec<(&FoundJob, Plan)>,
    options: &ExtractOptions,
) -> Result<Vec<Plan>, Error> {
    let ctx = transfer.ctx;
    for pattern in unmatched_everywhere(plans.iter().map(|(_, plan)| plan)) {
        let warning = format!("--path `{}` matches nothing", sanitize(&pattern));
        ctx.watch.step(&Step::Warning(&warning));
    }
    let mut labelled: Vec<(String, Plan)> = Vec::with_capacity(plans.len());
    for (found, mut plan) in plans {
        for warning in plan.warnings.drain(..) {
            ctx.watch.step(&Step::Warning(&format!("{}: {warning}", sanitize(&found.label()))));
        }
        set_modified(ctx, found, &mut plan, options.mtime);
        labelled.push((found.label(), plan.below(&transfer.job_folder(found))));
    }
    let rules = &options.rules;
    let warnings =
        merge_plans::settle(&mut labelled, options.on_conflict, rules.symlinks, rules.system)?;
    for warning in warnings {
        ctx.watch.step(&Step::Warning(&warning));
    }
    Ok(labelled.into_iter().map(|(_, plan)| plan).collect())
}

/// Sets the modification times that the user asked for.
fn set_modified(ctx: &Ctx<'_>, found: &FoundJob, plan: &mut Plan, mtime: Mtime) {
    let committed = || found.job.as_ref().and_then(Job::committed_at);
    match mtime {
        Mtime::Archive => {}
        Mtime::Now => plan.set_modified(ctx.clock.now().as_second()),
        Mtime::Commit => match committed() {
            Some(time) => plan.set_modified(time.as_second()),
            None => ctx.watch.step(&Step::Warning(&format!(
                "{}: GitLab does not tell the time of its commit, so that files keep the times of the archive",
                sanitize(&found.label())
            ))),
        },
    }
}

/// Returns the patterns of `--path` that match nothing in any of the archives.
fn unmatched_everywhere<'a>(plans: impl Iterator<Item = &'a Plan>) -> Vec<String> {
    let in_both = |mut first: Vec<String>, other: Vec<String>| {
        first.retain(|pattern| other.contains(pattern));
        first
    };
    plans.map(|plan| plan.unmatched.clone()).reduce(in_both).unwrap_or_default()
}

/// Describes the extraction of an archive, for messages.
pub fn unpacking(found: &FoundJob) -> String {
    format!("unpacking the artifacts of {}", sanitize(&found.label()))
}

/// Fetches the targets of links, where few requests bring them all; returns if it did.
fn fetch_link_targets(
    archive: &mut RemoteZip<'_>,
    rules: &FileRules,
) -> Result<bool, archive::Error> {
    let links = files::links(archive.entries(), rules);
    let extents = links.into_iter().map(|index| archive.extent(index)).collect();
    let ranges = merge(extents, MAX_LINK_GAP);
    let (max_requests, max_bytes) = MAX_LINK_REQUESTS;
    if ranges.len() > max_requests || total(&ranges) > max_bytes {
        return Ok(false);
    }
    for range in ranges {
        let start = range.start;
        let reader = archive.reader();
        reader.will_read(range);
        // Reading one byte fetches the whole range.
        let read = reader.seek(SeekFrom::Start(start)).and_then(|_| reader.read(&mut [0]));
        read.map_err(archive::Error::Read)?;
    }
    Ok(true)
}

/// Adds the name of the job to an error about its archive.
pub fn extraction_error(error: Error, found: &FoundJob) -> Error {
    match error {
        Error::Archive(error) => archive_error(error, unpacking(found)),
        error => error.context(unpacking(found)),
    }
}
