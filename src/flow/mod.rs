//! The pipeline of steps.
//!
//! ```text
//! upstream pipeline ──► bridges ──► downstream pipelines ──► jobs ──► archives ──► files
//!      named.rs   1. list the bridges   2. choose among them   3. find the jobs   4. fetch.rs, land.rs
//! ```
//!
//! `find.rs` is the walk on one page. Each step asks GitLab and then chooses; choosing is pure and
//! lives in `select`. Waiting is the same walk, asked again. Here are the words it speaks in:
//! where to look, what is wanted, what was found.

mod afar;
mod at_once;
mod cat;
mod fetch;
mod find;
mod kept;
mod land;
mod list;
mod named;
mod parts;
mod reports;
mod stream;
pub mod tree;
mod trigger;
mod wait;
mod way;

pub use cat::cat;
pub use find::find;
pub use kept::doubted;
pub use land::{ExtractOptions, TransferResult, TransferredJob, extract, keep, stream};
pub use list::{Contents, Listed, list};
pub use reports::{ReportDestination, reports};
pub use trigger::{Again, Order, Started, logs, start, watch};
pub use wait::{Ended, pipelines, refusal};

use crate::clock::Clock;
use crate::disk::Cache;
use crate::gitlab::Client;
use crate::interrupt::Interrupt;
use crate::model::{ArchiveAt, Job, JobId, Pipeline, PipelineBy, ProjectRef};
use crate::patience::Patience;
use crate::refusal::Refusal;
use crate::select::job_pattern::Pattern;
use crate::step::Watch;

/// What every step needs.
pub struct Ctx<'a> {
    pub gitlab: &'a Client,
    pub clock: &'a dyn Clock,
    pub watch: &'a dyn Watch,
    pub interrupt: &'a Interrupt,
    /// Archives of earlier runs.
    pub cache: Option<&'a Cache>,
    pub patience: Patience,
}

/// Where jobs are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// In the pipelines that this one triggered: all steps.
    Below(PipelineBy),
    /// In this very pipeline: from step 3 on.
    In(PipelineBy),
    /// This very job: step 4.
    Job { project: ProjectRef, id: JobId },
}

/// What is looked for on the way.
#[derive(Debug, Clone)]
pub struct JobQuery {
    pub jobs: Vec<Pattern>,
    /// None: all.
    pub bridges: Vec<Pattern>,
    /// Ids or paths; none: all.
    pub projects: Vec<String>,
    /// How many pipelines deep; 1 is what the upstream pipeline itself triggered.
    pub depth: u32,
    pub any_status: bool,
    /// Only jobs with an archive, which is to be taken.
    pub archive: bool,
    /// More than one job is one too many.
    pub one: bool,
    /// What is missing is told, not refused.
    pub lenient: bool,
    /// Lists are looked through also where GitLab would find the job by itself.
    pub listed: bool,
}

/// A job whose archive is to be taken, with all that GitLab told about it.
#[derive(Debug, Clone)]
pub struct FoundJob {
    /// What it was asked for by: the pattern, or what a number was found to mean.
    pub pattern: String,
    pub at: ArchiveAt,
    /// None where GitLab was not asked, or does not let a job token look.
    pub job: Option<Job>,
    pub pipeline: Option<Pipeline>,
    pub bridge: Option<String>,
    /// Meant by its name: one of many that a glob takes may be missing.
    pub named: bool,
}

/// What a lookup ends with: jobs, and patterns that named none.
#[derive(Debug, Default)]
pub struct LookupResult {
    pub found: Vec<FoundJob>,
    /// The pattern, and why it names nothing.
    pub missing: Vec<(String, Refusal)>,
}

impl FoundJob {
    /// The bytes of its archive, where its job tells.
    pub fn size(&self) -> Option<u64> {
        self.job.as_ref().and_then(Job::archive_size)
    }

    /// Its name, where it is known.
    pub fn name(&self) -> Option<&str> {
        match (&self.job, &self.at) {
            (Some(job), _) => Some(&job.name),
            (None, ArchiveAt::Ref { job, .. }) => Some(job),
            (None, ArchiveAt::Job { .. }) => None,
        }
    }

    /// Its number, where it is known.
    pub fn id(&self) -> Option<JobId> {
        match &self.at {
            ArchiveAt::Job { id, .. } => Some(*id),
            ArchiveAt::Ref { .. } => None,
        }
    }

    /// Where the job itself is, for what is asked by its number.
    pub fn place(&self) -> Result<(&ProjectRef, JobId), Refusal> {
        match &self.at {
            ArchiveAt::Job { project, id } => Ok((project, *id)),
            // The lists could not be read; what GitLab finds by name it gives no number of.
            ArchiveAt::Ref { .. } => Err(Refusal::NotThere { label: self.label() }),
        }
    }

    /// The number of its project, where it is known.
    pub fn project_id(&self) -> Option<u64> {
        let told = self.pipeline.as_ref().and_then(|pipeline| pipeline.project_id);
        let (ArchiveAt::Job { project, .. } | ArchiveAt::Ref { project, .. }) = &self.at;
        told.or_else(|| project.id())
    }

    /// How lists and messages call it: its name and its number.
    pub fn label(&self) -> String {
        match (self.name(), self.id()) {
            (Some(name), Some(id)) => format!("{name} ({id})"),
            (Some(name), None) => name.to_owned(),
            (None, Some(id)) => format!("job {id}"),
            (None, None) => "job".to_owned(),
        }
    }
}
