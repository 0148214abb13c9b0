//! Numbers of pipelines and jobs, and references to projects.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sanitize::sanitize;

/// The number of a pipeline, unique in a GitLab instance (`CI_PIPELINE_ID`, not `CI_PIPELINE_IID`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PipelineId(pub u64);

/// The number of a job, unique in a GitLab instance. It exceeds 32 bits on large servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

impl fmt::Display for PipelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A project as the API addresses it: by its id or its full path. Messages name it by its path
/// where that is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProjectRef {
    Id(u64),
    Path(String),
    /// A project that is addressed by its id, and whose path GitLab told.
    Known {
        id: u64,
        path: String,
    },
}

impl ProjectRef {
    /// Parses digits as an id and anything else as a path, like GitLab (`lib/api/helpers.rb`).
    pub fn parse(text: &str) -> ProjectRef {
        match text.parse() {
            Ok(id) => ProjectRef::Id(id),
            Err(_) => ProjectRef::Path(text.trim_matches('/').to_owned()),
        }
    }

    /// Returns the project of this id, path or both; none if neither is known.
    pub fn new(id: Option<u64>, path: Option<&str>) -> Option<ProjectRef> {
        match (id, path) {
            (Some(id), Some(path)) => Some(ProjectRef::Known { id, path: path.to_owned() }),
            (Some(id), None) => Some(ProjectRef::Id(id)),
            (None, Some(path)) => Some(ProjectRef::Path(path.to_owned())),
            (None, None) => None,
        }
    }

    /// Returns the id, if the project is not addressed by its path.
    pub fn id(&self) -> Option<u64> {
        match self {
            ProjectRef::Id(id) | ProjectRef::Known { id, .. } => Some(*id),
            ProjectRef::Path(_) => None,
        }
    }
}

impl fmt::Display for ProjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProjectRef::Id(id) => id.fmt(f),
            ProjectRef::Path(path) | ProjectRef::Known { path, .. } => sanitize(path).fmt(f),
        }
    }
}
