//! The client: a GitLab server, the token for it, and what all endpoints share.

use std::sync::Arc;
use std::time::Duration;

use super::address::Address;
use super::cause::Cause;
use super::error::Error;
use super::facts::Origin;
use super::http::Http;
use super::network::Network;
use super::operation::Operation;
use super::request::{ApiRequest, project_segment};
use crate::clock::Clock;
use crate::model::ProjectRef;
use crate::shell::in_quotes;
use crate::step::Watch;
use crate::token::{Kind, Token};

/// A client for one GitLab server, with or without a token.
pub struct Client {
    pub(super) http: Http,
}

impl Client {
    /// Creates a client; `root` is the root of the API, as in `https://gitlab.com/api/v4`.
    pub fn new(
        root: Address,
        token: Option<Token>,
        network: Network,
        clock: Arc<dyn Clock>,
        watch: Arc<dyn Watch>,
    ) -> Client {
        Client { http: Http::new(root, token, network, clock, watch) }
    }

    /// Tells the client the settings that exit codes and hints depend on.
    pub fn with_origin(mut self, origin: Origin) -> Client {
        self.http.origin = origin;
        self
    }

    /// Sets the time on the clock after which requests other than downloads are not retried.
    pub fn give_up_at(&self, time: Duration) {
        let _ = self.http.give_up.set(time);
    }

    /// Returns true if requests use a token of any kind.
    pub fn has_token(&self) -> bool {
        self.http.token_kind().is_some()
    }

    /// Returns true if requests use a job token, which some endpoints do not support.
    pub fn has_job_token(&self) -> bool {
        self.http.token_kind() == Some(Kind::Job)
    }

    /// Returns true if an archive must have the SHA-256 that GitLab tells, so that it has to be read
    /// as a whole before it is used.
    pub fn requires_digest(&self) -> bool {
        self.http.network.strict_digest
    }

    /// Returns the root of the API, which identifies the server.
    pub fn server(&self) -> String {
        self.http.root.to_string()
    }

    /// Returns a `curl` command for a request, with a shell variable in place of the token.
    pub fn curl(&self, address: &str) -> String {
        let address = in_quotes(address);
        match self.http.token_kind() {
            Some(kind) => {
                format!("curl --header \"{}: ${}\" {address}", kind.header(), kind.variable())
            }
            None => format!("curl {address}"),
        }
    }

    /// Creates a request for a path below that of a project.
    pub(super) fn api_request(
        &self,
        operation: Operation,
        description: String,
        project: &ProjectRef,
        path: &str,
    ) -> ApiRequest {
        let address = self.http.root.join(&format!("/projects/{}{path}", project_segment(project)));
        ApiRequest::new(operation, description, Some(project.clone()), address)
    }

    pub(super) fn error(&self, request: &ApiRequest, cause: Cause) -> Error {
        self.http.error(request, cause)
    }

    /// Repeats a request without the job token if GitLab refuses it: a public project that does
    /// not allow the token still shows its public artifacts. If the repetition fails as well, the
    /// first error is returned.
    pub(super) fn or_without_token<T>(
        &self,
        request: ApiRequest,
        mut open: impl FnMut(&ApiRequest) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match open(&request) {
            Err(error)
                if matches!(error.status(), Some(403 | 404))
                    && self.has_job_token()
                    && !error.is_storage() =>
            {
                open(&ApiRequest { anonymous: true, ..request }).map_err(|_| error)
            }
            result => result,
        }
    }
}
