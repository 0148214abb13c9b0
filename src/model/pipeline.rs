//! Pipelines, and the bridges that trigger them.

use serde::Deserialize;

use super::address::PipelineAt;
use super::id::{JobId, PipelineId, ProjectRef};
use super::status::Status;

/// A pipeline (entity `PipelineBasic` and its extensions).
#[derive(Debug, Clone, Deserialize)]
pub struct Pipeline {
    pub id: PipelineId,
    /// Absent on GitLab 13, where only `web_url` names the project.
    pub project_id: Option<u64>,
    #[serde(default)]
    pub status: Status,
    #[serde(rename = "ref")]
    pub ref_: Option<String>,
    pub sha: Option<String>,
    pub source: Option<String>,
    /// As GitLab writes it: RFC 3339.
    pub created_at: Option<String>,
    pub web_url: Option<String>,
    /// The errors that kept GitLab from creating its jobs; only sent for a single pipeline.
    pub yaml_errors: Option<String>,
    /// The path below which this GitLab is installed, such as `/gitlab`; empty for most. It is no
    /// field of the answer: the client fills it in.
    #[serde(skip)]
    pub web_root: String,
}

impl Pipeline {
    /// Returns its project by its id and the path in its web address, if the server sends either.
    pub fn project(&self) -> Option<ProjectRef> {
        ProjectRef::new(self.project_id, self.path())
    }

    /// Returns the address of the pipeline; `project` is used where the server names no project.
    pub fn at(&self, project: &ProjectRef) -> PipelineAt {
        let project = self.project().unwrap_or_else(|| project.clone());
        PipelineAt { project, id: self.id }
    }

    /// Returns the full path of its project, from its web address.
    pub fn path(&self) -> Option<&str> {
        let (_, rest) = self.web_url.as_deref()?.split_once("://")?;
        let (path, _) = rest[rest.find('/')?..].split_once("/-/")?;
        let below = path.strip_prefix(self.web_root.as_str()).filter(|path| path.starts_with('/'));
        Some(below.unwrap_or(path).trim_matches('/')).filter(|path| !path.is_empty())
    }
}

impl PipelineAt {
    /// Returns the same pipeline with the path of its project, if `told` is of that project and
    /// has it.
    #[must_use]
    pub fn with_path(self, told: Option<&Pipeline>) -> PipelineAt {
        let known = told.and_then(Pipeline::project);
        match (self.project.id(), known) {
            (Some(id), Some(known)) if known.id() == Some(id) => {
                PipelineAt { project: known, ..self }
            }
            _ => self,
        }
    }
}

/// A bridge: the job of an upstream pipeline that triggers a downstream pipeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Bridge {
    pub id: JobId,
    pub name: String,
    pub stage: Option<String>,
    #[serde(default)]
    pub status: Status,
    /// Present only if it failed.
    pub failure_reason: Option<String>,
    /// The pipeline continues if it fails or waits for a person.
    #[serde(default)]
    pub allow_failure: bool,
    pub web_url: Option<String>,
    /// The pipeline that the bridge is a job of.
    pub pipeline: Option<Pipeline>,
    /// Null until the downstream pipeline exists, and after it was deleted.
    pub downstream_pipeline: Option<Pipeline>,
}
