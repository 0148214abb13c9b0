//! The list of refusals, and the data that their messages name.

use super::archive::ArchiveRefusal;
use super::elsewhere::Elsewhere;
use super::start_failure::StartFailure;
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef, Status};

/// The reason why a lookup ends without a job, or a job without files.
///
/// `seen` holds the names that exist instead of the wanted one. `ended` is the status of an
/// upstream pipeline that no longer moves by itself, where that was asked for: such a pipeline
/// triggers nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The project has no pipeline of that number; `seen` holds the numbers of its newest ones.
    NoSuchPipeline { at: PipelineAt, seen: Vec<String> },
    /// There is no pipeline of that ref, merge request or commit. `by_job_token`: GitLab does not
    /// show the pipelines of a private fork to the token that asked.
    NoPipeline { by: PipelineBy, by_job_token: bool },
    /// The ref has no pipeline of any status. `pushed`: GitLab knows the ref; None where that could
    /// not be asked. `seen` holds the refs that have pipelines, those of the newest first.
    NoLatest {
        project: ProjectRef,
        ref_: String,
        pushed: Option<bool>,
        default_branch: Option<String>,
        seen: Vec<String>,
    },
    /// The upstream pipeline has no bridges, or none that this token may see.
    NoBridges { upstream: PipelineAt, ended: Option<Status> },
    /// The upstream pipeline has bridges, but none of the wanted name.
    NoBridge { wanted: Vec<String>, seen: Vec<String>, ended: Option<Status> },
    /// None of the wanted bridges has a downstream pipeline.
    NotTriggered { bridges: Vec<UntriggeredBridge> },
    /// There are downstream pipelines, but none in the wanted project.
    NoDownstream { wanted: Vec<String>, seen: Vec<String>, ended: Option<Status> },
    /// Pipelines that are waited for have not ended, or have not been created.
    NotEnded { pipelines: Vec<PipelineStatus>, untriggered: Vec<UntriggeredBridge> },
    /// Pipelines that were waited for ended without success. `failed` holds their jobs that failed,
    /// `blocking` the manual jobs without which they do not continue.
    EndedBadly { pipelines: Vec<PipelineStatus>, failed: Vec<FailedJob>, blocking: Vec<FailedJob> },
    /// None of the pipelines has a job that these patterns match.
    NoJob {
        wanted: Vec<String>,
        seen: Vec<String>,
        pipelines: Vec<PipelineStatus>,
        untriggered: Vec<UntriggeredBridge>,
    },
    /// A glob matches jobs, but none of them is usable; `unusable` holds one reason for each.
    NoneUsable { wanted: String, unusable: Vec<Refusal> },
    /// Several jobs match, and the command takes only one.
    ManyJobs { seen: Vec<String> },
    /// With `--separate`, these jobs would share one folder.
    SameFolder { folder: String, jobs: Vec<String> },
    /// The job has not ended.
    Unfinished { job: JobName, status: Status },
    /// The job ended without success, or is being canceled; `reason` is GitLab's `failure_reason`.
    ///
    /// `may_be_retried`: the job failed and its pipeline has not ended, so GitLab may be about to
    /// retry it (`retry:` of the job).
    Unsuccessful { job: JobName, status: Status, reason: Option<String>, may_be_retried: bool },
    /// The job ended and has no archive.
    ///
    /// `reports`: it has report artifacts. `just_ended`: GitLab may still list the archive within
    /// the next seconds.
    NoArchive { job: JobName, reports: bool, just_ended: bool },
    /// GitLab answered 404 for the archive, and nothing else is known of the job.
    NotThere { label: String },
    /// GitLab lists the archive, but its object storage no longer has it; `storage` is the
    /// response of the storage.
    Lost { label: String, storage: String },
    /// The archive has expired.
    Expired { job: JobName, at: String },
    /// The job was erased, together with its artifacts.
    Erased { job: JobName, at: String },
    /// No file of the archive matches the patterns.
    NoFile { wanted: Vec<String>, seen: Vec<String> },
    /// GitLab did not create a pipeline.
    NotStarted { project: ProjectRef, why: StartFailure },
    /// A pipeline is stopped at these manual jobs.
    Blocked { pipeline: PipelineStatus, jobs: Vec<FailedJob> },
    /// These names were to be played and are no manual jobs; `jobs` are those that wait.
    NoManualJob { pipeline: PipelineStatus, names: Vec<String>, jobs: Vec<FailedJob> },
    /// The job has no report of the wanted type.
    NoReport { job: JobName, wanted: String, seen: Vec<String> },
    /// The job lists the report, but GitLab sent the archive or 404, as servers before 19.4 do.
    ReportsUnknown { job: String, wanted: String },
    /// The value of this dotenv variable has a line break, which would start a second variable.
    LineBreak { name: &'static str },
    /// The archive is not safe to extract.
    Archive(ArchiveRefusal),
    /// Several of the wanted jobs are missing, for different reasons.
    Several { refusals: Vec<Refusal> },
    /// The job was refused where it was looked for, and is in another place.
    Elsewhere { refusal: Box<Refusal>, place: Elsewhere },
}

/// A bridge without a downstream pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntriggeredBridge {
    pub name: String,
    pub status: Status,
    /// GitLab's `failure_reason`.
    pub reason: Option<String>,
    /// GitLab counts its failure as a warning (`allow_failure`).
    pub may_fail: bool,
}

impl UntriggeredBridge {
    /// Returns true if it may still trigger a pipeline without a person.
    pub fn may_trigger(&self) -> bool {
        self.status.may_move() && self.status != Status::Canceling
    }
}

/// A pipeline and the status it had when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineStatus {
    pub pipeline: PipelineId,
    pub project: ProjectRef,
    pub status: Status,
    /// GitLab's reason why the pipeline could not be created as it should.
    pub reason: Option<String>,
}

/// A failed or manual job, with the address of its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    pub name: String,
    pub id: JobId,
    pub web_url: Option<String>,
}

/// A job as messages name it: with its number, because two pipelines can have jobs of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobName {
    pub name: String,
    pub id: JobId,
}

impl From<ArchiveRefusal> for Refusal {
    fn from(refusal: ArchiveRefusal) -> Refusal {
        Refusal::Archive(refusal)
    }
}
