//! Pipelines, and the bridges that trigger them.

use serde::Deserialize;

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
}

impl Pipeline {
    /// Returns its project by id, or by the path in its web address, if the server sends either.
    pub fn project(&self) -> Option<ProjectRef> {
        if let Some(id) = self.project_id {
            return Some(ProjectRef::Id(id));
        }
        self.path().map(|path| ProjectRef::Path(path.to_owned()))
    }

    /// Returns the full path of its project, from its web address.
    pub fn path(&self) -> Option<&str> {
        let (_, rest) = self.web_url.as_deref()?.split_once("://")?;
        let (path, _) = rest.split_once('/')?.1.split_once("/-/")?;
        Some(path)
    }
}

/// A bridge: the job of an upstream pipeline that triggers a downstream pipeline.
#[derive(Debug, Clone, Deserialize)]
pub struct Bridge {
    pub id: JobId,
    pub name: String,
    #[serde(default)]
    pub status: Status,
    /// Present only if it failed.
    pub failure_reason: Option<String>,
    /// The pipeline continues if it fails or waits for a person.
    #[serde(default)]
    pub allow_failure: bool,
    pub web_url: Option<String>,
    /// Null until the downstream pipeline exists, and after it was deleted.
    pub downstream_pipeline: Option<Pipeline>,
}
