//! Missing archives: the reason why a job has none, and the consequence of an answer 404.

use jiff::Timestamp;

use crate::model::{ArchiveAt, Job};
use crate::refusal::{JobName, Refusal};
use crate::select::outcome::{Attempts, OnMissing};

/// The time after the end of a job, in seconds, within which GitLab may not list its archive yet.
const MAX_LISTING_DELAY: i64 = 60;

/// Returns the reason why a job that ended has no archive: it expired, is not listed yet, or never
/// existed.
pub fn refusal(job: &Job, now: Timestamp) -> Refusal {
    let name = JobName { name: job.name.clone(), id: job.id };
    match &job.artifacts_expire_at {
        Some(at) if is_before(at, now) => Refusal::Expired { job: name, at: at.clone() },
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

/// The state of the search for the job in the lists of pipelines and jobs.
///
/// GitLab finds an archive by ref and job name in one request, but does not say why it finds
/// none. The lists do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListSearch<F> {
    NotAsked,
    /// The lists could not be read, for example because a job token may not.
    Unreadable,
    /// The lists do not have a usable job.
    Refused(Refusal),
    /// The lists have these jobs.
    Found(F),
}

/// The consequence of an answer 404 for an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingArchive<F> {
    /// The job has no archive, for this reason; [`consequence`] says how to go on.
    Refused(Refusal),
    /// The lists must be searched first.
    SearchLists,
    /// Other jobs take the place of the one that was not found by its name.
    Instead(F),
    /// Nothing more is known; the answer 404 itself ends the command.
    KeepError,
}

/// Decides what an answer 404 for an archive means.
///
/// `job` is the job as GitLab lists it, if it was read, and `label` its name in messages.
pub fn classify<F>(
    at: &ArchiveAt,
    job: Option<&Job>,
    label: &str,
    lists: ListSearch<F>,
    (attempts, on_missing): (Attempts, OnMissing),
    now: Timestamp,
) -> MissingArchive<F> {
    match (at, job, lists) {
        (ArchiveAt::Job { .. }, Some(job), _) => MissingArchive::Refused(refusal(job, now)),
        (ArchiveAt::Ref { .. }, _, ListSearch::NotAsked) => MissingArchive::SearchLists,
        (ArchiveAt::Ref { .. }, _, ListSearch::Refused(refusal)) => {
            MissingArchive::Refused(refusal)
        }
        (ArchiveAt::Ref { .. }, _, ListSearch::Found(found)) => MissingArchive::Instead(found),
        (ArchiveAt::Ref { .. }, _, ListSearch::Unreadable) | (ArchiveAt::Job { .. }, None, _) => {
            match (attempts, on_missing) {
                (Attempts::One, OnMissing::Refuse) => MissingArchive::KeepError,
                (Attempts::UntilTimeout, _) | (Attempts::One, OnMissing::Report) => {
                    MissingArchive::Refused(Refusal::NotThere { label: label.to_owned() })
                }
            }
        }
    }
}

/// The way in which a missing archive affects the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// The lookup ends with the refusal, and is repeated where waiting can help.
    End,
    /// The job is left out with a warning. If no other job remains, this is its refusal.
    LeaveOut,
    /// The job is reported as missing beside the others.
    Report,
}

/// Decides how to go on without the archive of a job.
///
/// `named`: the job was asked for by name and not matched by a glob.
pub fn consequence(
    refusal: &Refusal,
    named: bool,
    attempts: Attempts,
    on_missing: OnMissing,
) -> Consequence {
    let may_come = attempts == Attempts::UntilTimeout && refusal.may_change();
    match (may_come, named, on_missing) {
        (true, _, _) => Consequence::End,
        (false, false, _) => Consequence::LeaveOut,
        (false, true, OnMissing::Refuse) => Consequence::End,
        (false, true, OnMissing::Report) => Consequence::Report,
    }
}

fn is_before(at: &str, now: Timestamp) -> bool {
    at.parse::<Timestamp>().is_ok_and(|at| at < now)
}

fn just_ended(job: &Job, now: Timestamp) -> bool {
    let ended = job.finished_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
    ended.is_some_and(|ended| now.as_second() - ended.as_second() < MAX_LISTING_DELAY)
}

#[cfg(test)]
mod tests;
