//! The projects whose pipelines or jobs could be listed, which exit codes and hints of later requests
//! depend on.

use std::sync::PoisonError;

use super::http::Http;
use super::request::{ApiRequest, project_segment};

impl Http {
    /// Remembers that pipelines or jobs of the project could be listed.
    pub(super) fn note_readable(&self, request: &ApiRequest) {
        let mut readable = self.readable.lock().unwrap_or_else(PoisonError::into_inner);
        readable.extend(request.project.as_ref().map(project_segment));
    }

    pub(super) fn is_readable(&self, request: &ApiRequest) -> bool {
        let readable = self.readable.lock().unwrap_or_else(PoisonError::into_inner);
        request.project.as_ref().is_some_and(|it| readable.contains(&project_segment(it)))
    }

    /// Returns true if pipelines or jobs of any project could be listed.
    pub(super) fn has_readable_projects(&self) -> bool {
        !self.readable.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}
