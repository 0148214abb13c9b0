//! The types of a lookup: where jobs are looked up, which are wanted, and which were found.

use crate::model::{ArchiveAt, Job, JobId, Pipeline, PipelineBy, PipelineId, ProjectRef};
use crate::refusal::Refusal;
use crate::select::job_folder::SeparatedJob;
use crate::select::job_pattern::Pattern;
use crate::select::outcome::{JobCount, OnMissing};

/// The CI job that runs this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnJob {
    pub pipeline: PipelineId,
    pub id: Option<JobId>,
    pub name: Option<String>,
}

/// The pipelines or the job that a lookup starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The downstream pipelines that this pipeline triggered.
    Below(PipelineBy),
    /// This pipeline's own jobs.
    In(PipelineBy),
    /// The downstream pipelines, and for a job that is in none of them this pipeline's own jobs.
    Any(PipelineBy),
    /// Jobs by their ids; no lookup is needed.
    Jobs { project: ProjectRef, ids: Vec<JobId> },
}

/// The jobs that are wanted, and the downstream pipelines they are looked up in.
#[derive(Debug, Clone)]
pub struct JobQuery {
    pub jobs: Vec<Pattern>,
    /// Bridges to follow; empty means all.
    pub bridges: Vec<Pattern>,
    /// Ids or paths of downstream projects to look in; empty means all.
    pub projects: Vec<String>,
    /// Levels of downstream pipelines; 1 is what the upstream pipeline itself triggered.
    pub depth: u32,
    /// Accepts jobs that did not succeed.
    pub any_status: bool,
    /// Accepts only jobs with an archive.
    pub archive: bool,
    pub count: JobCount,
    pub on_missing: OnMissing,
    pub lists: Lists,
    /// Another `--from` would look at the same named pipeline, so that a message may advise it.
    pub from_can_change: bool,
    /// The CI job that runs this program, which cannot be waited for.
    pub own_job: Option<OwnJob>,
    /// The jobs that the user chose from a list; they are not looked up again.
    pub chosen: Option<Vec<FoundJob>>,
}

/// The use of the lists of pipelines and jobs where GitLab could find a job of a ref in the request
/// that downloads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// They are not read.
    Unneeded,
    /// They are read; if the token may not read them, the download finds the job.
    Preferred,
    /// They are read, because nothing is downloaded.
    Required,
}

/// A job that was found, with everything that GitLab told about it.
#[derive(Debug, Clone)]
pub struct FoundJob {
    /// The pattern that it matched, or its name or id where no pattern was given.
    pub pattern: String,
    pub at: ArchiveAt,
    /// None where GitLab was not asked, or does not let a job token read the job.
    pub job: Option<Job>,
    pub pipeline: Option<Pipeline>,
    /// The names of the bridges that led to it, outermost first.
    pub bridges: Vec<String>,
    /// Matched by its name: a missing archive is refused, where a glob would skip it.
    pub named: bool,
}

/// The jobs that were found, and the patterns that matched none.
#[derive(Debug, Default)]
pub struct LookupResult {
    pub found: Vec<FoundJob>,
    /// Each pattern with the reason why it matched nothing.
    pub missing: Vec<(String, Refusal)>,
}

impl LookupResult {
    /// Returns one refusal for every pattern, where none of them could even be looked up.
    pub fn all_missing(refusal: &Refusal, query: &JobQuery) -> LookupResult {
        let missing = query.jobs.iter().map(|pattern| (pattern.text().to_owned(), refusal.clone()));
        LookupResult { found: Vec::new(), missing: missing.collect() }
    }
}

impl FoundJob {
    /// Returns the size of its archive in bytes, where the job lists one.
    pub fn size(&self) -> Option<u64> {
        self.job.as_ref().and_then(Job::archive_size)
    }

    /// Returns its name, where it is known.
    pub fn name(&self) -> Option<&str> {
        match (&self.job, &self.at) {
            (Some(job), _) => Some(&job.name),
            (None, ArchiveAt::Ref { job, .. }) => Some(job),
            (None, ArchiveAt::Job { .. }) => None,
        }
    }

    /// Returns its id, where it is known.
    pub fn id(&self) -> Option<JobId> {
        match &self.at {
            ArchiveAt::Job { id, .. } => Some(*id),
            ArchiveAt::Ref { .. } => None,
        }
    }

    /// Returns its project and id, for endpoints that take nothing else.
    ///
    /// # Errors
    /// A refusal where GitLab found the job by ref and name, and never told its id.
    pub fn project_and_id(&self) -> Result<(&ProjectRef, JobId), Refusal> {
        match &self.at {
            ArchiveAt::Job { project, id } => Ok((project, *id)),
            ArchiveAt::Ref { .. } => Err(Refusal::NotThere { label: self.label() }),
        }
    }

    /// Returns the id of its project, where it is known.
    pub fn project_id(&self) -> Option<u64> {
        let told = self.pipeline.as_ref().and_then(|pipeline| pipeline.project_id);
        let (ArchiveAt::Job { project, .. } | ArchiveAt::Ref { project, .. }) = &self.at;
        told.or_else(|| project.id())
    }

    /// Returns the names that its folder can be made of.
    pub fn separated<'a>(&'a self, label: &'a str) -> SeparatedJob<'a> {
        SeparatedJob { name: self.name(), id: self.id(), bridges: &self.bridges, label }
    }

    /// Returns its name and id, as lists and messages show them.
    pub fn label(&self) -> String {
        match (self.name(), self.id()) {
            (Some(name), Some(id)) => format!("{name} ({id})"),
            (Some(name), None) => name.to_owned(),
            (None, Some(id)) => format!("job {id}"),
            (None, None) => "job".to_owned(),
        }
    }
}
