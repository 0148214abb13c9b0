//! Step 3: the choice of jobs among those that the pipelines list.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::{Job, Pipeline, PipelineAt, Status};
use crate::refusal::{Candidate, JobName, PipelineStatus, Refusal, UntriggeredBridge};
use crate::select::job_pattern::{NameMatch, Pattern};
use crate::select::missing_archive;

/// A pipeline with its jobs, and the bridges that led to it.
#[derive(Debug, Clone)]
pub struct Listing {
    pub at: PipelineAt,
    pub pipeline: Pipeline,
    /// Outermost first; empty for the upstream pipeline itself.
    pub bridges: Vec<String>,
    pub jobs: Vec<Job>,
    /// GitLab's reason why the pipeline could not be created as it should.
    pub reason: Option<String>,
}

/// The conditions under which a job is usable.
#[derive(Debug, Clone, Copy)]
pub struct JobRules {
    /// Accepts jobs that did not succeed (`--any-status`).
    pub any_status: bool,
    /// Requires an archive; otherwise, the status alone decides.
    pub needs_archive: bool,
    /// Lets a glob wait for all jobs that it matches, instead of taking those that are usable now.
    pub waits_for_all: bool,
    pub now: Timestamp,
}

/// A chosen job, with the index of the listing that it is in.
#[derive(Debug, Clone)]
pub struct ChosenJob {
    pub listing: usize,
    pub job: Job,
    /// Matched by its name or base name, and not by a glob.
    pub named: bool,
}

/// The jobs chosen for one pattern.
#[derive(Debug, Clone)]
pub struct JobChoice {
    pub jobs: Vec<ChosenJob>,
    /// The reasons why other jobs that a glob matches are not chosen.
    pub left_out: Vec<Refusal>,
}

/// Chooses the jobs that one pattern matches, over all pipelines.
///
/// In each pipeline, an exact name wins over a base name, and a base name over a glob. An exact or
/// base name fails if any matching job is unusable; a glob skips those.
///
/// # Errors
/// The reason why an exactly named job is unusable, [`Refusal::NoneUsable`] for a glob, or
/// [`Refusal::NoJob`] if nothing matches.
pub fn choose(
    listings: &[Listing],
    untriggered: &[UntriggeredBridge],
    wanted: &Pattern,
    rules: JobRules,
) -> Result<JobChoice, Refusal> {
    let (mut chosen, mut refused, mut unusable) = (Vec::new(), Vec::new(), Vec::new());
    for (index, listing) in listings.iter().enumerate() {
        let jobs = latest(&listing.jobs);
        let Some((matched, found)) = wanted.best(&jobs, |job| &job.name) else { continue };
        for job in found {
            let usable = usable(job, rules).map_err(|refusal| match refusal {
                Refusal::Unsuccessful { job, status: status @ Status::Failed, reason, .. } => {
                    let may_be_retried = listing.pipeline.status.may_move();
                    Refusal::Unsuccessful { job, status, reason, may_be_retried }
                }
                refusal => refusal,
            });
            match (usable, matched) {
                (Ok(()), _) => chosen.push(ChosenJob {
                    listing: index,
                    job: (*job).clone(),
                    named: matched != NameMatch::Glob,
                }),
                (Err(refusal), NameMatch::Glob) => unusable.push(refusal),
                (Err(refusal), _) => refused.push(refusal),
            }
        }
    }
    // Refusals that waiting cannot resolve come first: waiting for the others would be useless.
    refused.sort_by_key(Refusal::may_change);
    if let Some(refusal) = refused.into_iter().next() {
        return Err(refusal);
    }
    let waits = rules.waits_for_all && unusable.iter().any(Refusal::may_change);
    if !unusable.is_empty() && (chosen.is_empty() || waits) {
        return Err(Refusal::NoneUsable { wanted: wanted.text().to_owned(), unusable });
    }
    if chosen.is_empty() {
        return Err(no_job(listings, untriggered, wanted));
    }
    Ok(JobChoice { jobs: chosen, left_out: unusable })
}

/// Returns all jobs of one pipeline for `explain`, each with the reason why it is not chosen.
pub fn candidates(listing: &Listing, wanted: &[Pattern], rules: JobRules) -> Vec<Candidate> {
    let jobs = latest(&listing.jobs);
    let best: Vec<(&Pattern, Option<NameMatch>)> = wanted
        .iter()
        .map(|pattern| (pattern, pattern.best(&jobs, |job| &job.name).map(|(matched, _)| matched)))
        .collect();
    let candidates = jobs.iter().map(|job| {
        let matches = || best.iter().map(|(pattern, best)| (pattern.match_name(&job.name), *best));
        if matches().any(|(matched, best)| matched.is_some() && matched == best) {
            let why_not = usable(job, rules).err().map(|refusal| refusal.to_string());
            return Candidate { name: job.name.clone(), why_not };
        }
        let why_not = match matches().any(|(matched, _)| matched.is_some()) {
            true => "another job fits the name better",
            false => "its name is not asked for",
        };
        Candidate::rejected(job.name.clone(), why_not)
    });
    candidates.collect()
}

/// Checks that a job is usable.
///
/// # Errors
/// The reason why it is not.
pub fn usable(job: &Job, rules: JobRules) -> Result<(), Refusal> {
    let name = || JobName { name: job.name.clone(), id: job.id };
    if let Some(at) = &job.erased_at {
        return Err(Refusal::Erased { job: name(), at: at.clone() });
    }
    // With `--any-status`, an archive that is listed is enough, even of a job that still runs.
    let early = rules.any_status && rules.needs_archive && job.has_archive();
    if job.status != Status::Success && !early {
        // A job that is being canceled cannot succeed any more.
        let may_succeed = !job.status.is_final() && job.status != Status::Canceling;
        if may_succeed || (rules.any_status && !job.status.is_final()) {
            return Err(Refusal::Unfinished { job: name(), status: job.status.clone() });
        }
        if !rules.any_status {
            let (status, reason) = (job.status.clone(), job.failure_reason.clone());
            let may_be_retried = false;
            return Err(Refusal::Unsuccessful { job: name(), status, reason, may_be_retried });
        }
    }
    if job.has_archive() || !rules.needs_archive {
        return Ok(());
    }
    match missing_archive::refusal(job, rules.now) {
        // If the server sends nothing about artifacts, only the download shows if there are any.
        Refusal::NoArchive { .. } if job.is_silent() => Ok(()),
        refusal => Err(refusal),
    }
}

/// Returns the newest attempt of each job, which has the highest id of its name.
pub fn latest(jobs: &[Job]) -> Vec<&Job> {
    let mut latest: Vec<&Job> = Vec::with_capacity(jobs.len());
    let mut positions = HashMap::new();
    for job in jobs {
        let position = *positions.entry(&job.name).or_insert(latest.len());
        match latest.get_mut(position) {
            Some(known) if known.id < job.id => *known = job,
            Some(_) => {}
            None => latest.push(job),
        }
    }
    latest
}

fn no_job(listings: &[Listing], untriggered: &[UntriggeredBridge], wanted: &Pattern) -> Refusal {
    let names = |listing: &Listing| {
        let mut jobs = latest(&listing.jobs);
        jobs.sort_by_key(|job| job.id);
        jobs.into_iter().map(|job| job.name.clone()).collect::<Vec<_>>()
    };
    Refusal::NoJob {
        wanted: vec![wanted.text().to_owned()],
        seen: listings.iter().flat_map(names).collect(),
        pipelines: listings.iter().map(pipeline_status).collect(),
        untriggered: untriggered.to_vec(),
    }
}

fn pipeline_status(listing: &Listing) -> PipelineStatus {
    PipelineStatus {
        pipeline: listing.at.id,
        project: listing.at.project.clone(),
        status: listing.pipeline.status.clone(),
        reason: listing.reason.clone(),
    }
}
