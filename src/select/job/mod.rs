//! Step 3: from the jobs that were listed to those whose archives are taken.

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::model::{Job, Pipeline, PipelineAt, Status};
use crate::refusal::{Candidate, JobName, PipelineStatus, Refusal, UntriggeredBridge};
use crate::select::job_pattern::{Fit, Pattern};

/// How long after a job's end its archive may still be missing from the list, in seconds.
const SETTLING: i64 = 60;

/// A pipeline with its jobs, and the bridge that led to it.
#[derive(Debug, Clone)]
pub struct Listing {
    pub at: PipelineAt,
    pub pipeline: Pipeline,
    pub bridge: Option<String>,
    pub jobs: Vec<Job>,
}

/// What makes a job good enough.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Also jobs that did not succeed.
    pub any_status: bool,
    /// Only jobs whose archive can be taken; else any that ended well.
    pub archive: bool,
    /// A glob waits for all that it names, rather than taking what is there.
    pub patient: bool,
    pub now: Timestamp,
}

/// A chosen job: which of the listings it is in, and itself.
#[derive(Debug, Clone)]
pub struct Pick {
    pub listing: usize,
    pub job: Job,
    /// Meant by its name, and not one of many by a glob.
    pub named: bool,
}

/// The choice for one pattern.
#[derive(Debug, Clone)]
pub struct Choice {
    pub picks: Vec<Pick>,
    /// Why others that a glob names are not among them.
    pub left_out: Vec<Refusal>,
}

/// The jobs that one pattern names, over all pipelines.
///
/// In each pipeline an exact name wins over a base name, and that over a glob. A name must be
/// good wherever it is found; a glob takes the good ones among what it finds.
pub fn jobs(
    listings: &[Listing],
    idle: &[UntriggeredBridge],
    wanted: &Pattern,
    rules: Rules,
) -> Result<Choice, Refusal> {
    let (mut picks, mut refused, mut unusable) = (Vec::new(), Vec::new(), Vec::new());
    for (index, listing) in listings.iter().enumerate() {
        let jobs = latest(&listing.jobs);
        let Some((fit, found)) = wanted.best(&jobs, |job| &job.name) else { continue };
        for job in found {
            match (usable(job, rules), fit) {
                (Ok(()), _) => picks.push(Pick {
                    listing: index,
                    job: (*job).clone(),
                    named: fit != Fit::Glob,
                }),
                (Err(refusal), Fit::Glob) => unusable.push(refusal),
                (Err(refusal), _) => refused.push(refusal),
            }
        }
    }
    // What time cannot mend comes first: waiting for the rest would be in vain.
    refused.sort_by_key(Refusal::may_change);
    if let Some(refusal) = refused.into_iter().next() {
        return Err(refusal);
    }
    let waiting = unusable.iter().any(Refusal::may_change);
    if !unusable.is_empty() && (picks.is_empty() || (rules.patient && waiting)) {
        let unusable = unusable.iter().map(Refusal::to_string).collect();
        return Err(Refusal::NoneUsable { wanted: wanted.text().to_owned(), unusable, waiting });
    }
    if picks.is_empty() {
        return Err(none(listings, idle, wanted));
    }
    Ok(Choice { picks, left_out: unusable })
}

/// The same choice in one pipeline, as a list of all its jobs with what became of each.
pub fn candidates(listing: &Listing, wanted: &[Pattern], rules: Rules) -> Vec<Candidate> {
    let jobs = latest(&listing.jobs);
    let best: Vec<(&Pattern, Option<Fit>)> = wanted
        .iter()
        .map(|pattern| (pattern, pattern.best(&jobs, |job| &job.name).map(|(fit, _)| fit)))
        .collect();
    let told = jobs.iter().map(|job| {
        let fits = || best.iter().map(|(pattern, best)| (pattern.fit(&job.name), *best));
        if fits().any(|(fit, best)| fit.is_some() && fit == best) {
            let why_not = usable(job, rules).err().map(|refusal| refusal.to_string());
            return Candidate { name: job.name.clone(), why_not };
        }
        let why_not = match fits().any(|(fit, _)| fit.is_some()) {
            true => "another job fits the name better",
            false => "its name is not asked for",
        };
        Candidate::lost(job.name.clone(), why_not)
    });
    told.collect()
}

/// Whether the archive of a job can be taken.
pub fn usable(job: &Job, rules: Rules) -> Result<(), Refusal> {
    let name = || JobName { name: job.name.clone(), id: job.id };
    if let Some(at) = &job.erased_at {
        return Err(Refusal::Erased { job: name(), at: at.clone() });
    }
    let soon = rules.any_status && rules.archive && job.has_archive();
    if job.status != Status::Success && !soon {
        if !job.status.is_final() {
            return Err(Refusal::Unfinished { job: name(), status: job.status.clone() });
        }
        if !rules.any_status {
            let (status, reason) = (job.status.clone(), job.failure_reason.clone());
            return Err(Refusal::Unsuccessful { job: name(), status, reason });
        }
    }
    if job.has_archive() || !rules.archive {
        return Ok(());
    }
    match gone(job, rules.now) {
        Refusal::NoArchive { .. } if job.is_silent() => Ok(()),
        refusal => Err(refusal),
    }
}

/// Why a job that ended has no archive: it expired, or it never had one, or not yet.
pub fn gone(job: &Job, now: Timestamp) -> Refusal {
    let name = JobName { name: job.name.clone(), id: job.id };
    match &job.artifacts_expire_at {
        Some(at) if before(at, now) => Refusal::Expired { job: name, at: at.clone() },
        _ => {
            let reports = job
                .artifacts
                .iter()
                .flatten()
                .any(|a| !matches!(&*a.file_type, "trace" | "metadata" | "archive"));
            Refusal::NoArchive {
                job: name,
                reports: reports && !job.has_archive(),
                just_ended: just_ended(job, now),
            }
        }
    }
}

/// Of jobs with one name the one with the highest id: the others were retried.
pub fn latest(jobs: &[Job]) -> Vec<&Job> {
    let mut latest: Vec<&Job> = Vec::with_capacity(jobs.len());
    let mut places = std::collections::HashMap::new();
    for job in jobs {
        let place = *places.entry(&job.name).or_insert(latest.len());
        match latest.get_mut(place) {
            Some(known) if known.id < job.id => *known = job,
            Some(_) => {}
            None => latest.push(job),
        }
    }
    latest
}

fn none(listings: &[Listing], idle: &[UntriggeredBridge], wanted: &Pattern) -> Refusal {
    Refusal::NoJob {
        wanted: wanted.text().to_owned(),
        seen: listings
            .iter()
            .flat_map(|listing| listing.jobs.iter().map(|job| job.name.clone()))
            .collect(),
        places: listings.iter().map(place).collect(),
        idle: idle.to_vec(),
    }
}

fn place(listing: &Listing) -> PipelineStatus {
    PipelineStatus {
        pipeline: listing.at.id,
        project: listing.at.project.clone(),
        status: listing.pipeline.status.clone(),
    }
}

fn before(at: &str, now: Timestamp) -> bool {
    at.parse::<Timestamp>().is_ok_and(|at| at < now)
}

fn just_ended(job: &Job, now: Timestamp) -> bool {
    let ended = job.finished_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
    ended.is_some_and(|ended| now.as_second() - ended.as_second() < SETTLING)
}
