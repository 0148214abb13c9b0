//! A request to the API as data: address, headers, and how it may be authenticated.

use super::address::{Address, escaped};
use crate::model::ProjectRef;
use crate::token::Kind;

/// A request to GitLab.
#[derive(Debug, Clone)]
pub(super) struct ApiRequest {
    /// The operation, for messages: "listing the bridges of …".
    pub(super) operation: String,
    pub(super) address: Address,
    pub(super) job_tokens: JobTokens,
    /// Sends the request without the token, even if there is one.
    pub(super) anonymous: bool,
    /// Additional headers, repeated for every address that a redirect leads to.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Marks a download. Downloads are retried even after `Client::give_up_at`.
    pub(super) is_download: bool,
    /// Marks the target of an earlier redirect: a presigned URL that may have expired.
    pub(super) presigned: bool,
    /// A hint for this operation, shown before all others.
    pub(super) advice: Option<&'static str>,
}

/// Support of an endpoint for job tokens (`doc/ci/jobs/fine_grained_permissions.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobTokens {
    Always,
    /// Supported since a version between 18.3 and 18.7. Older servers silently ignore the token.
    Newer,
    Never,
    /// The token is a field of the request body and is of this kind.
    InBody(Kind),
}

impl ApiRequest {
    pub(super) fn new(operation: String, address: Address, job_tokens: JobTokens) -> ApiRequest {
        ApiRequest {
            operation,
            address,
            job_tokens,
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
