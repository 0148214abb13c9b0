//! Decisions of `trigger`: whether to create or retry a pipeline, and how to treat manual jobs.

use std::collections::HashSet;

use crate::model::{Bridge, Job, JobId, Pipeline, Status};
use crate::refusal::FailedJob;
use crate::select::job;

/// The way to start a pipeline where the last one may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartPlan {
    /// Creates a new pipeline.
    New,
    /// Requires the commit that the ref points to: a retry makes sense only for that commit.
    NeedsTip,
    /// Retries the failed and canceled jobs of the last pipeline.
    Retry,
}

/// Decides between a new pipeline and a retry of the last one of the ref.
///
/// `tip` is the commit that the ref points to, if it was read. A successful pipeline is not
/// repeated, and a pipeline of an older commit is not retried: both mean a new pipeline.
pub fn start_plan(last: Option<&Pipeline>, tip: Option<&str>) -> StartPlan {
    match (last, tip) {
        (None, _) => StartPlan::New,
        (Some(last), _) if last.status == Status::Success => StartPlan::New,
        (Some(_), None) => StartPlan::NeedsTip,
        (Some(last), Some(tip)) if last.sha.as_deref() == Some(tip) => StartPlan::Retry,
        (Some(_), Some(_)) => StartPlan::New,
    }
}

/// Returns the jobs whose logs are printed, oldest first. Failed jobs come last, next to the
/// prompt.
pub fn log_order(jobs: &[Job]) -> Vec<&Job> {
    let mut jobs = job::latest(jobs);
    jobs.sort_by_key(|job| (job.status == Status::Failed, job.id));
    jobs
}

/// The treatment of manual jobs (`--on-manual`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnManual {
    /// Plays the jobs of these names in this order; with no names, those that block the pipeline.
    Play(Vec<String>),
    /// Counts the pipeline as passed.
    Pass,
    /// Ends the command.
    Fail,
}

/// A job or bridge with the properties that matter for playing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playable {
    pub id: JobId,
    pub name: String,
    pub stage: String,
    pub status: Status,
    /// The pipeline does not continue without it (`allow_failure: false`).
    pub blocks: bool,
    pub web_url: Option<String>,
}

/// The next action for a pipeline that is stopped at manual jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manual {
    Play(Vec<Playable>),
    Pass,
    /// Played jobs are still running, although the pipeline is still shown as manual.
    Wait,
    /// Ends the command: these jobs wait for a person.
    Stop(Vec<FailedJob>),
    /// Ends the command: none of the names is that of a manual job; `jobs` are those that wait.
    NoneNamed {
        names: Vec<String>,
        jobs: Vec<FailedJob>,
    },
}

/// Returns the jobs and bridges of a pipeline, oldest first, newest attempts only.
pub fn playable(jobs: &[Job], bridges: &[Bridge]) -> Vec<Playable> {
    let jobs = job::latest(jobs).into_iter().map(|job| Playable {
        id: job.id,
        name: job.name.clone(),
        stage: job.stage.clone().unwrap_or_default(),
        status: job.status.clone(),
        blocks: !job.allow_failure,
        web_url: job.web_url.clone(),
    });
    let bridges = bridges.iter().map(|bridge| Playable {
        id: bridge.id,
        name: bridge.name.clone(),
        stage: bridge.stage.clone().unwrap_or_default(),
        status: bridge.status.clone(),
        blocks: !bridge.allow_failure,
        web_url: bridge.web_url.clone(),
    });
    let mut all: Vec<Playable> = jobs.chain(bridges).collect();
    all.sort_by_key(|job| job.id);
    all
}

/// Decides what to do, given all jobs of the pipeline and those that were played before.
pub fn manual(all: &[Playable], rule: &OnManual, played: &HashSet<JobId>) -> Manual {
    let open = || all.iter().filter(|job| job.status == Status::Manual);
    let fresh: Vec<&Playable> = open().filter(|job| !played.contains(&job.id)).collect();
    let blocking = || fresh.iter().filter(|job| job.blocks).copied();
    let chosen: Vec<&Playable> = match rule {
        OnManual::Pass => return Manual::Pass,
        OnManual::Fail => Vec::new(),
        OnManual::Play(names) if names.is_empty() => match blocking().count() {
            // In a pipeline that only has optional manual jobs, those are meant.
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
    let left: Vec<Playable> = fresh.into_iter().cloned().collect();
    let jobs = self::blocking(&left);
    let OnManual::Play(names) = rule else { return Manual::Stop(jobs) };
    let is_played =
        |name: &&String| all.iter().any(|job| job.name == **name && played.contains(&job.id));
    let names: Vec<String> = names.iter().filter(|name| !is_played(name)).cloned().collect();
    match names.is_empty() {
        true => Manual::Stop(jobs),
        false => Manual::NoneNamed { names, jobs },
    }
}

/// Returns the manual jobs that block a pipeline; all of its manual jobs if none is known to.
pub fn blocking(all: &[Playable]) -> Vec<FailedJob> {
    let open = || all.iter().filter(|job| job.status == Status::Manual);
    let named = |job: &Playable| FailedJob {
        name: job.name.clone(),
        id: job.id,
        web_url: job.web_url.clone(),
    };
    match open().any(|job| job.blocks) {
        true => open().filter(|job| job.blocks).map(named).collect(),
        false => open().map(named).collect(),
    }
}

#[cfg(test)]
mod tests;
