//! Starting a pipeline: a new one, or the last one again? And at a manual job: play, pass or stop?

use std::collections::HashSet;

use crate::model::{Bridge, Job, JobId, Pipeline, Status};
use crate::refusal::FailedJob;
use crate::select::job;

/// What to do where the last pipeline may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    New,
    /// Whether the ref has moved on decides: ask where it is.
    AskTip,
    Retry,
}

/// A success is not repeated, and an old commit is not built again: both mean a new pipeline.
pub fn course(last: Option<&Pipeline>, tip: Option<&str>) -> Course {
    match (last, tip) {
        (None, _) => Course::New,
        (Some(last), _) if last.status == Status::Success => Course::New,
        (Some(_), None) => Course::AskTip,
        (Some(last), Some(tip)) if last.sha.as_deref() == Some(tip) => Course::Retry,
        (Some(_), Some(_)) => Course::New,
    }
}

/// The jobs whose logs are printed, oldest first and those that failed last, where they are read.
pub fn log_order(jobs: &[Job]) -> Vec<&Job> {
    let mut jobs = job::latest(jobs);
    jobs.sort_by_key(|job| (job.status == Status::Failed, job.id));
    jobs
}

/// What is done about manual jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnManual {
    /// Play them; only these, in this order, unless there are none.
    Play(Vec<String>),
    /// The pipeline counts as passed where it stands.
    Pass,
    Fail,
}

/// A job or bridge that can be played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playable {
    pub id: JobId,
    pub name: String,
    pub status: Status,
    /// The pipeline goes no further without it.
    pub blocks: bool,
    pub web_url: Option<String>,
}

/// What to do about a pipeline that stands at manual jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manual {
    Play(Vec<Playable>),
    Pass,
    /// What was played is on its way, though the pipeline does not show it yet.
    Wait,
    /// Nothing more happens without a person.
    Stop(Vec<FailedJob>),
}

/// The jobs and bridges of a pipeline, oldest first, as they stand in it.
pub fn playable(jobs: &[Job], bridges: &[Bridge]) -> Vec<Playable> {
    let jobs = job::latest(jobs).into_iter().map(|job| Playable {
        id: job.id,
        name: job.name.clone(),
        status: job.status.clone(),
        blocks: !job.allow_failure,
        web_url: job.web_url.clone(),
    });
    let bridges = bridges.iter().map(|bridge| Playable {
        id: bridge.id,
        name: bridge.name.clone(),
        status: bridge.status.clone(),
        blocks: !bridge.allow_failure,
        web_url: bridge.web_url.clone(),
    });
    let mut all: Vec<Playable> = jobs.chain(bridges).collect();
    all.sort_by_key(|job| job.id);
    all
}

/// What to do, given all jobs of the pipeline and those that were played before.
pub fn manual(all: &[Playable], rule: &OnManual, played: &HashSet<JobId>) -> Manual {
    let open = || all.iter().filter(|job| job.status == Status::Manual);
    let fresh: Vec<&Playable> = open().filter(|job| !played.contains(&job.id)).collect();
    let blocking = || fresh.iter().filter(|job| job.blocks).copied();
    let chosen: Vec<&Playable> = match rule {
        OnManual::Pass => return Manual::Pass,
        OnManual::Fail => Vec::new(),
        OnManual::Play(names) if names.is_empty() => match blocking().count() {
            // A pipeline of optional jobs alone is stopped by none of them.
            0 if played.is_empty() => fresh.clone(),
            _ => blocking().collect(),
        },
        OnManual::Play(names) => {
            let fresh = &fresh;
            let each = names.iter().flat_map(|name| fresh.iter().filter(move |j| j.name == *name));
            each.copied().collect()
        }
    };
    if !chosen.is_empty() {
        return Manual::Play(chosen.into_iter().cloned().collect());
    }
    let moving = all.iter().any(|job| {
        played.contains(&job.id) && (job.status.may_move() || job.status == Status::Manual)
    });
    if moving && *rule != OnManual::Fail {
        return Manual::Wait;
    }
    let left: Vec<&Playable> = match blocking().count() {
        0 => fresh.clone(),
        _ => blocking().collect(),
    };
    let named = |job: &Playable| FailedJob {
        name: job.name.clone(),
        id: job.id,
        web_url: job.web_url.clone(),
    };
    Manual::Stop(left.into_iter().map(named).collect())
}

#[cfg(test)]
mod tests;
