//! Addresses of pipelines and archives: the ways in which a user or the API refers to them.

use std::fmt;

use super::id::{JobId, PipelineId, ProjectRef};
use crate::sanitize::sanitize;

/// A pipeline by its project and number, which the API needs together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PipelineAt {
    pub project: ProjectRef,
    pub id: PipelineId,
}

/// The ways to refer to a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PipelineBy {
    Id(PipelineAt),
    /// The pipeline of a job.
    OfJob {
        project: ProjectRef,
        id: JobId,
    },
    /// The latest successful pipeline of a branch or tag. `recent`: also an earlier one, if only that
    /// one has the wanted jobs.
    Ref {
        project: ProjectRef,
        ref_: String,
        recent: bool,
    },
    /// The latest pipeline of a merge request; `iid` is its number in the project.
    MergeRequest {
        project: ProjectRef,
        iid: u64,
    },
    /// The latest pipeline of a commit.
    /// The SHA may be shortened.
    Commit {
        project: ProjectRef,
        sha: String,
    },
    /// The newest pipeline of a ref, whatever its status.
    Latest {
        project: ProjectRef,
        of: LatestOf,
    },
}

/// The ref of which the newest pipeline is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LatestOf {
    /// A branch or tag.
    Ref(String),
    /// A commit that is checked out without a branch; if it has no pipeline, the default branch.
    Commit(String),
    /// The default branch of the project.
    DefaultBranch,
}

impl fmt::Display for PipelineBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PipelineBy::Id(at) => write!(f, "pipeline {} of project {}", at.id, at.project),
            PipelineBy::OfJob { project, id } => write!(f, "job {id} of project {project}"),
            PipelineBy::Ref { project, ref_, .. } => {
                write!(f, "ref `{}` of project {project}", sanitize(ref_))
            }
            PipelineBy::MergeRequest { project, iid } => {
                write!(f, "merge request {iid} of project {project}")
            }
            PipelineBy::Commit { project, sha } => {
                write!(f, "commit {} of project {project}", sanitize(sha))
            }
            PipelineBy::Latest { project, of: LatestOf::Ref(ref_) } => {
                write!(f, "ref `{}` of project {project}", sanitize(ref_))
            }
            PipelineBy::Latest { project, of: LatestOf::Commit(_) | LatestOf::DefaultBranch } => {
                write!(f, "the default branch of project {project}")
            }
        }
    }
}

/// The address of an archive of artifacts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ArchiveAt {
    Job {
        project: ProjectRef,
        id: JobId,
    },
    /// The archive of the job of this name in the latest successful pipeline of a branch or tag.
    /// `recent`: also in an earlier one.
    Ref {
        project: ProjectRef,
        ref_: String,
        job: String,
        recent: bool,
    },
}
