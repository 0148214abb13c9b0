//! A request to the API as data: operation, address, headers, and how it may be authenticated.

use super::address::{Address, escaped};
use super::operation::Operation;
use crate::model::ProjectRef;

/// A request to GitLab.
#[derive(Debug, Clone)]
pub(super) struct ApiRequest {
    pub(super) operation: Operation,
    /// The operation in words, for messages: "listing the bridges of …".
    pub(super) description: String,
    /// The project that the request is about; None for a check that sends nothing.
    pub(super) project: Option<ProjectRef>,
    pub(super) address: Address,
    /// Sends the request without the token, even if there is one.
    pub(super) anonymous: bool,
    /// Additional headers, repeated for every address that a redirect leads to.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Marks a download. Downloads are retried even after `Client::give_up_at`.
    pub(super) is_download: bool,
    /// Marks the target of an earlier redirect: a presigned URL that may have expired.
    pub(super) presigned: bool,
    /// A hint for this request, shown before all others.
    pub(super) advice: Option<&'static str>,
}

impl ApiRequest {
    pub(super) fn new(
        operation: Operation,
        description: String,
        project: Option<ProjectRef>,
        address: Address,
    ) -> ApiRequest {
        ApiRequest {
            operation,
            description,
            project,
            address,
            anonymous: false,
            headers: Vec::new(),
            is_download: false,
            presigned: false,
            advice: None,
        }
    }

    pub(super) fn query(mut self, name: &str, value: &str) -> ApiRequest {
        self.address = self.address.with_query_pair(name, value);
        self
    }

    /// Returns true if only a part of a file is requested.
    pub(super) fn is_range(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == "range")
    }

    pub(super) fn header(mut self, name: &'static str, value: String) -> ApiRequest {
        self.headers.push((name, value));
        self
    }

    /// Returns true if GitLab may redirect the request to object storage.
    pub(super) fn may_redirect_to_storage(&self) -> bool {
        self.is_download && !self.presigned
    }
}

/// Formats a project as one segment of a path.
pub(super) fn project_segment(project: &ProjectRef) -> String {
    match project {
        ProjectRef::Id(id) | ProjectRef::Known { id, .. } => id.to_string(),
        ProjectRef::Path(path) => escaped(path).to_string(),
    }
}
