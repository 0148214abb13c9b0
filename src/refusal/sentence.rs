//! The message of each refusal, in one line.

use std::fmt::{self, Display, Formatter};

use super::start_failure::StartFailure;
use super::variants::{FailedJob, JobName, PipelineStatus, Refusal, UntriggeredBridge};
use crate::model::{PipelineBy, Status};
use crate::sanitize::{join_names, sanitize};

/// The number of names that a message lists; it counts the rest.
const MAX_NAMES: usize = 10;

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoSuchPipeline { at, .. } => {
                write!(
                    f,
                    "project {} has no pipeline {}; its newest are {}",
                    at.project,
                    at.id,
                    candidates(self)
                )
            }
            Refusal::NoPipeline { by: by @ PipelineBy::Ref { .. }, .. } => {
                write!(f, "no successful pipeline of {by}")
            }
            Refusal::NoPipeline { by, .. } => write!(f, "no pipeline of {by}"),
            Refusal::NoLatest { project, ref_, pushed, seen, .. } => {
                write!(f, "no pipeline of ref `{}` in project {project}", sanitize(ref_))?;
                if *pushed == Some(false) {
                    f.write_str(
                        ", which GitLab does not know: it was never pushed, or is deleted",
                    )?;
                }
                match seen.is_empty() {
                    true => f.write_str("; the project has no pipelines at all"),
                    false => write!(f, "; there are pipelines of {}", candidates(self)),
                }
            }
            Refusal::NoBridges { upstream, .. } => {
                write!(
                    f,
                    "pipeline {} of project {} has triggered no pipeline",
                    upstream.id, upstream.project
                )
            }
            Refusal::NoBridge { wanted, .. } => {
                write!(
                    f,
                    "no bridge is called {}; there are {}",
                    join_names(wanted, MAX_NAMES),
                    candidates(self)
                )
            }
            Refusal::NotTriggered { bridges } => {
                f.write_str("no downstream pipeline: ")?;
                separated(f, bridges, "; ")
            }
            Refusal::NoDownstream { wanted, .. } => {
                write!(
                    f,
                    "no downstream pipeline is of project {}; there are those of {}",
                    join_names(wanted, MAX_NAMES),
                    candidates(self)
                )
            }
            Refusal::NotEnded { pipelines, untriggered } => {
                f.write_str("not ended yet: ")?;
                separated(f, pipelines, ", ")?;
                f.write_str(if pipelines.is_empty() || untriggered.is_empty() {
                    ""
                } else {
                    "; "
                })?;
                separated(f, untriggered, "; ")
            }
            Refusal::EndedBadly { pipelines, failed, blocking } => {
                f.write_str("ended without success: ")?;
                separated(f, pipelines, ", ")?;
                f.write_str(if failed.is_empty() { "" } else { "; failed: " })?;
                separated(f, failed, ", ")?;
                f.write_str(if blocking.is_empty() { "" } else { "; blocked by: " })?;
                separated(f, blocking, ", ")
            }
            Refusal::NoJob { wanted, seen, pipelines, untriggered } => {
                write!(f, "no job {} in ", join_names(wanted, MAX_NAMES))?;
                separated(f, pipelines, ", ")?;
                match seen.is_empty() {
                    true => f.write_str(", which shows no jobs at all")?,
                    false => write!(f, "; there are {}", candidates(self))?,
                }
                if !untriggered.is_empty() {
                    f.write_str("; no pipeline came of: ")?;
                    separated(f, untriggered, "; ")?;
                }
                Ok(())
            }
            Refusal::NoneUsable { wanted, unusable, .. } => {
                write!(f, "no job that `{}` names can be taken: ", sanitize(wanted))?;
                separated(f, unusable, "; ")
            }
            Refusal::Several { refusals } => separated(f, refusals, "; also: "),
            Refusal::ManyJobs { seen } => {
                write!(
                    f,
                    "{} jobs where one is wanted: {}",
                    seen.len(),
                    join_names(seen, MAX_NAMES)
                )
            }
            Refusal::SameFolder { folder, jobs } => {
                write!(
                    f,
                    "{} jobs would share the folder `{}`: {}",
                    jobs.len(),
                    sanitize(folder),
                    join_names(jobs, MAX_NAMES)
                )
            }
            Refusal::Unfinished { job, status } => {
                write!(f, "{job} has not finished: it is {status}")
            }
            Refusal::Unsuccessful { job, status: Status::Canceling, .. } => {
                write!(f, "{job} is canceling: it will end as canceled")
            }
            Refusal::Unsuccessful { job, status, reason, .. } => {
                write!(f, "{job} did not succeed: it is {status}")?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({})", sanitize(reason)))
            }
            Refusal::NoArchive { job, reports: true, .. } => {
                write!(f, "{job} has reports but no archive of artifacts")
            }
            Refusal::NoArchive { job, reports: false, .. } => write!(f, "{job} has no artifacts"),
            Refusal::NotThere { label } => {
                write!(f, "GitLab shows no artifacts of `{}`", sanitize(label))
            }
            Refusal::Lost { label, storage } => {
                let label = sanitize(label);
                write!(
                    f,
                    "GitLab lists the artifacts of `{label}`, the storage no longer has them: {storage}"
                )
            }
            Refusal::Expired { job, at } => {
                write!(f, "the artifacts of {job} expired at {}", sanitize(at))
            }
            Refusal::Erased { job, at } => {
                write!(f, "{job} was erased at {}, its artifacts with it", sanitize(at))
            }
            Refusal::NoFile { wanted, .. } => {
                write!(
                    f,
                    "no file of the archive matches {}; there are {}",
                    join_names(wanted, MAX_NAMES),
                    candidates(self)
                )
            }
            Refusal::NotStarted { project, why } => {
                f.write_str("GitLab starts no pipeline ")?;
                match why {
                    StartFailure::NoDefaultBranch => {}
                    StartFailure::UnknownRef { ref_, .. } | StartFailure::Rejected { ref_, .. } => {
                        write!(f, "of ref `{}` ", sanitize(ref_))?;
                    }
                }
                write!(f, "in project {project}: {why}")
            }
            Refusal::Blocked { pipeline, jobs } => {
                write!(f, "{pipeline} waits for a person")?;
                f.write_str(if jobs.is_empty() { "" } else { " at " })?;
                separated(f, jobs, ", ")
            }
            Refusal::NoManualJob { pipeline, names, jobs } => {
                let names = join_names(names, 10);
                write!(f, "{names} is no manual job of {pipeline}, which waits for a person")?;
                f.write_str(if jobs.is_empty() { "" } else { " at " })?;
                separated(f, jobs, ", ")
            }
            Refusal::NoReport { job, wanted, .. } => {
                write!(
                    f,
                    "{job} has no report `{}`; there are {}",
                    sanitize(wanted),
                    candidates(self)
                )
            }
            Refusal::ReportsUnknown { job, wanted } => {
                let (job, wanted) = (sanitize(job), sanitize(wanted));
                write!(f, "GitLab does not give out the report `{wanted}` of {job}")
            }
            Refusal::LineBreak { name } => {
                write!(
                    f,
                    "the value of DOWNRIVER_{name} holds a line break, which no dotenv file can"
                )
            }
            Refusal::Archive(refusal) => refusal.fmt(f),
            Refusal::Elsewhere { refusal, .. } => refusal.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

impl Display for JobName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "job `{}` ({})", sanitize(&self.name), self.id)
    }
}

impl Display for FailedJob {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "job `{}` ({})", sanitize(&self.name), self.id)?;
        self.web_url.as_ref().map_or(Ok(()), |url| write!(f, " {}", sanitize(url)))
    }
}

impl Display for PipelineStatus {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "pipeline {} of project {} ({}", self.pipeline, self.project, self.status)?;
        match &self.reason {
            Some(reason) => write!(f, ": {})", sanitize(reason)),
            None => f.write_str(")"),
        }
    }
}

impl Display for UntriggeredBridge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "bridge `{}` is {}", sanitize(&self.name), self.status)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({})", sanitize(reason)))
    }
}

fn candidates(refusal: &Refusal) -> String {
    match refusal.candidates() {
        none if none.is_empty() => "none".to_owned(),
        some => join_names(&some, MAX_NAMES),
    }
}

fn separated<T: Display>(f: &mut Formatter<'_>, items: &[T], separator: &str) -> fmt::Result {
    for (i, item) in items.iter().take(MAX_NAMES).enumerate() {
        write!(f, "{}{item}", if i == 0 { "" } else { separator })?;
    }
    match items.len().saturating_sub(MAX_NAMES) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}
