//! Every "no" of a lookup, as data: what was wanted, what was there, whether time can change it.
//!
//! The world is fine and the answer is no; a question that could not be asked is a
//! `gitlab::Error`. Sentences are in `sentence.rs`, advice in `hint.rs`, and what an archive is
//! refused for in `archive.rs`.

mod archive;
mod candidate;
mod hint;
mod nearest;
mod sentence;
#[cfg(test)]
mod tests;

pub use archive::ArchiveRefusal;
pub use candidate::Candidate;
pub use nearest::nearest;

use crate::exit::Exit;
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef, Status};

/// Why a lookup ends without a job, or a job without files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The project has no pipeline of that number; those are its newest.
    NoSuchPipeline { at: PipelineAt, seen: Vec<String> },
    /// There is no pipeline of that ref, merge request or commit.
    NoPipeline { by: PipelineBy },
    // `ended` is the status of an upstream pipeline that will not go on by itself, where it was
    // asked for: then nothing more is triggered.
    /// The upstream pipeline has no bridges, or none that this token may see.
    NoBridges { upstream: PipelineAt, ended: Option<Status> },
    /// It has bridges, but none is called so.
    NoBridge { wanted: Vec<String>, seen: Vec<String>, ended: Option<Status> },
    /// The bridges that are wanted have no downstream pipeline.
    NotTriggered { bridges: Vec<UntriggeredBridge> },
    /// There are downstream pipelines, but none of the wanted project.
    NoDownstream { wanted: Vec<String>, seen: Vec<String>, ended: Option<Status> },
    /// Pipelines that are waited for have not ended, or have not begun.
    Going { places: Vec<PipelineStatus>, idle: Vec<UntriggeredBridge> },
    /// Pipelines that were waited for ended without success.
    EndedBadly { places: Vec<PipelineStatus>, failed: Vec<FailedJob> },
    /// None of the pipelines has a job that the pattern names.
    NoJob {
        wanted: String,
        seen: Vec<String>,
        places: Vec<PipelineStatus>,
        idle: Vec<UntriggeredBridge>,
    },
    /// The pattern names jobs, but it is a glob and none of them can be taken.
    NoneUsable { wanted: String, unusable: Vec<String>, waiting: bool },
    /// More than one job, and the user asked for one.
    ManyJobs { seen: Vec<String> },
    /// The job has not ended.
    Unfinished { job: JobName, status: Status },
    /// The job ended, but not with success.
    Unsuccessful { job: JobName, status: Status, reason: Option<String> },
    /// The job ended and has no archive.
    NoArchive { job: JobName, reports: bool, just_ended: bool },
    /// GitLab has no such archive, and does not tell more about the job.
    NotThere { label: String },
    /// The archive was there and has expired.
    Expired { job: JobName, at: String },
    /// Somebody erased the job with its artifacts.
    Erased { job: JobName, at: String },
    /// The archive has no file that the patterns choose.
    NoFile { wanted: Vec<String>, seen: Vec<String> },
    /// GitLab starts no pipeline; what it says about that. None: not even the ref is known.
    NotStarted { project: ProjectRef, ref_: Option<String>, said: String },
    /// A pipeline waits for a person, at these jobs.
    Blocked { place: PipelineStatus, jobs: Vec<FailedJob> },
    /// The job has no report of that type.
    NoReport { job: JobName, wanted: String, seen: Vec<String> },
    /// The job has the report, but what came is the archive, or nothing: an older GitLab.
    ReportsUnknown { job: String, wanted: String },
    /// A value for later jobs that would become two.
    LineBreak { name: &'static str },
    /// The archive itself is not fit to be unpacked.
    Archive(ArchiveRefusal),
}

/// A bridge that has no downstream pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntriggeredBridge {
    pub name: String,
    pub status: Status,
    pub reason: Option<String>,
}

/// A pipeline that was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineStatus {
    pub pipeline: PipelineId,
    pub project: ProjectRef,
    pub status: Status,
}

/// A job that failed and where to read why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    pub name: String,
    pub id: JobId,
    pub web_url: Option<String>,
}

/// How a sentence names a job: two pipelines can hold jobs of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobName {
    pub name: String,
    pub id: JobId,
}

impl Refusal {
    /// Whether time alone could help, so that a wait makes sense.
    pub fn may_change(&self) -> bool {
        match self {
            Refusal::NoPipeline { .. } => true,
            Refusal::NoBridges { ended, .. }
            | Refusal::NoBridge { ended, .. }
            | Refusal::NoDownstream { ended, .. } => ended.is_none(),
            Refusal::NotTriggered { bridges } => {
                bridges.iter().any(|bridge| bridge.status.may_move())
            }
            Refusal::NoJob { places, idle, .. } => {
                places.iter().any(|place| place.status.may_move())
                    || idle.iter().any(|bridge| bridge.status.may_move())
            }
            Refusal::NotThere { .. } | Refusal::Going { .. } => true,
            Refusal::NoneUsable { waiting, .. } => *waiting,
            Refusal::Unfinished { status, .. } => status.may_move(),
            Refusal::NoArchive { just_ended, .. } => *just_ended,
            Refusal::NoSuchPipeline { .. }
            | Refusal::ManyJobs { .. }
            | Refusal::EndedBadly { .. }
            | Refusal::Unsuccessful { .. }
            | Refusal::Expired { .. }
            | Refusal::Erased { .. }
            | Refusal::NoFile { .. }
            | Refusal::NotStarted { .. }
            | Refusal::Blocked { .. }
            | Refusal::NoReport { .. }
            | Refusal::ReportsUnknown { .. }
            | Refusal::LineBreak { .. }
            | Refusal::Archive(_) => false,
        }
    }

    /// The exit code. Who has waited for something that ended badly gets a code of its own.
    pub fn exit(&self, waited: bool) -> Exit {
        // A manual one counts as ended: without a person it stays where it is.
        let ended_badly = |status: &Status| !status.may_move() && *status != Status::Success;
        let unsuccessful = match self {
            Refusal::NotTriggered { bridges } => {
                bridges.iter().any(|bridge| ended_badly(&bridge.status))
            }
            Refusal::NoBridges { ended, .. }
            | Refusal::NoBridge { ended, .. }
            | Refusal::NoDownstream { ended, .. } => ended.as_ref().is_some_and(ended_badly),
            Refusal::NoJob { places, idle, .. } => {
                let failed = |idle: &UntriggeredBridge| {
                    matches!(idle.status, Status::Failed | Status::Canceled)
                };
                places.iter().any(|place| ended_badly(&place.status)) || idle.iter().any(failed)
            }
            Refusal::Unfinished { status, .. } => ended_badly(status),
            Refusal::Unsuccessful { .. } | Refusal::EndedBadly { .. } | Refusal::Blocked { .. } => {
                true
            }
            Refusal::Archive(_) | Refusal::LineBreak { .. } => return Exit::Archive,
            _ => false,
        };
        if waited && unsuccessful { Exit::Unsuccessful } else { Exit::Nothing }
    }

    /// Whether another bridge, or another downstream pipeline, could still mend it.
    pub fn waits_for_bridges(&self) -> bool {
        matches!(
            self,
            Refusal::NoBridges { ended: None, .. }
                | Refusal::NoBridge { ended: None, .. }
                | Refusal::NoDownstream { ended: None, .. }
        )
    }

    /// The same, known to be final: the upstream pipeline triggers nothing more.
    pub fn with_end(mut self, status: Status) -> Refusal {
        if let Refusal::NoBridges { ended, .. }
        | Refusal::NoBridge { ended, .. }
        | Refusal::NoDownstream { ended, .. } = &mut self
        {
            *ended = Some(status);
        }
        self
    }

    /// What there was instead, nearest to the wanted first.
    pub fn candidates(&self) -> Vec<String> {
        match self {
            Refusal::NoBridge { wanted, seen, .. }
            | Refusal::NoDownstream { wanted, seen, .. }
            | Refusal::NoFile { wanted, seen } => nearest(wanted, seen),
            Refusal::NoSuchPipeline { at, seen } => nearest(&[at.id.to_string()], seen),
            Refusal::NoJob { wanted, seen, .. } => nearest(std::slice::from_ref(wanted), seen),
            Refusal::ManyJobs { seen } => seen.clone(),
            Refusal::NoneUsable { unusable, .. } => unusable.clone(),
            Refusal::NotTriggered { bridges } => {
                bridges.iter().map(|bridge| bridge.name.clone()).collect()
            }
            Refusal::NoReport { wanted, seen, .. } => nearest(std::slice::from_ref(wanted), seen),
            Refusal::EndedBadly { failed: jobs, .. } | Refusal::Blocked { jobs, .. } => {
                jobs.iter().map(|job| job.name.clone()).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl From<ArchiveRefusal> for Refusal {
    fn from(refusal: ArchiveRefusal) -> Refusal {
        Refusal::Archive(refusal)
    }
}

impl std::error::Error for Refusal {}
