//! The error context for a pipeline that was started and cannot be watched.

use std::fmt;

use crate::model::PipelineId;

/// Context of a GitLab error that came after the pipeline was started.
#[derive(Debug)]
pub struct Unwatched(pub PipelineId);

impl fmt::Display for Unwatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pipeline {} goes on, but cannot be watched", self.0)
    }
}
