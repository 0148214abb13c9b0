//! Single HTTP requests: headers, the token for its own origin only, and the classification of
//! failures.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use ureq::http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use ureq::http::request::Builder;
use ureq::http::{HeaderName, Method, Request, Response};
use ureq::{Agent, Body, Timeout};

use super::address::Address;
use super::attempt_error::AttemptError;
use super::cause::{Cause, FailureKind};
use super::content_coding::Coding;
use super::error::Error;
use super::error_body::{self, Form, Meaning};
use super::facts::{Facts, Origin};
use super::min_throughput::with_min_throughput;
use super::network::Network;
use super::request::ApiRequest;
use super::response::ApiResponse;
use super::slots::Slots;
use super::tls_config::TlsConfigs;
use super::tls_failure::{self, TlsFailure, tls_error};
use super::{read_deadline, retry};
use crate::clock::Clock;
use crate::descriptors;
use crate::sanitize::sanitize;
use crate::step::{Exchange, Step, Watch};
use crate::token::{Kind, Token};

/// The longest request ID that is shown, in characters.
const MAX_REQUEST_ID: usize = 64;

/// The state of a client: settings, agents, and findings about object storage.
pub(super) struct Http {
    /// The root of the API.
    pub(super) root: Address,
    pub(super) token: Option<Token>,
    pub(super) network: Network,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) watch: Arc<dyn Watch>,
    /// One agent each for http and https, without and with proxy. They are created on first use,
    /// because an agent for https reads the certificates of the system.
    pub(super) agents: [[OnceLock<Agent>; 2]; 2],
    /// The TLS settings, which are read when they are needed first.
    tls: OnceLock<TlsConfigs>,
    /// The settings that exit codes and hints depend on.
    pub(super) origin: Origin,
    /// The projects whose pipelines or jobs could be listed.
    pub(super) readable: Mutex<HashSet<String>>,
    pub(super) list_slots: Slots,
    /// The time on the clock after which no request is retried.
    pub(super) give_up: OnceLock<Duration>,
    /// The number of transient failures to connect to object storage in a row.
    pub(super) storage_failures: AtomicU32,
    /// Set once archives are requested through GitLab, because object storage is unreachable.
    pub(super) via_gitlab: OnceLock<()>,
}

impl Http {
    pub(super) fn new(
        root: Address,
        token: Option<Token>,
        network: Network,
        clock: Arc<dyn Clock>,
        watch: Arc<dyn Watch>,
    ) -> Http {
        Http {
            root,
            token,
            network,
            clock,
            watch,
            agents: Default::default(),
            tls: OnceLock::new(),
            origin: Origin::default(),
            readable: Mutex::default(),
            list_slots: Slots::default(),
            give_up: OnceLock::new(),
            storage_failures: AtomicU32::new(0),
            via_gitlab: OnceLock::new(),
        }
    }

    pub(super) fn token_kind(&self) -> Option<Kind> {
        self.token.as_ref().map(Token::kind)
    }

    /// The error of a request that was made, or would have been made, with the client's token.
    pub(super) fn error(&self, request: &ApiRequest, cause: Cause) -> Error {
        Error::new(request, self.facts(request), Box::new(cause))
    }

    fn facts(&self, request: &ApiRequest) -> Facts {
        Facts::new(
            &self.root,
            self.token.as_ref(),
            &self.origin,
            request,
            self.is_readable(request),
            self.has_readable_projects(),
        )
    }

    /// Turns a response with an error status into an error, transient or permanent.
    pub(super) fn check_status(
        &self,
        request: &ApiRequest,
        response: Response<Body>,
        from: Address,
    ) -> Result<ApiResponse, AttemptError> {
        let (mut head, body) = response.into_parts();
        let status = head.status.as_u16();
        let coding = Coding::of(&head.headers);
        let body = coding.decode(&mut head.headers, body);
        let decoded = coding != Coding::Identity;
        let mut response = ApiResponse { status, headers: head.headers, body, from, decoded };
        if head.status.is_success() {
            // The range of an encoded body is none of the archive.
            if decoded && (status == 206 || matches!(coding, Coding::Unknown(_))) {
                return Err(AttemptError::permanent(encoded(&coding)));
            }
            return Ok(response);
        }
        if status == 407 {
            return Err(AttemptError::permanent(
                self.proxy_wants_credentials(request, &response.from),
            ));
        }
        let request_id = request_id(&response.headers);
        let requested_delay = retry::requested_delay(
            response.header("retry-after"),
            response.header("ratelimit-reset"),
            self.clock.now(),
        );
        let text = response.text().unwrap_or_default();
        let body =
            if response.is_html() { error_body::page(&text) } else { error_body::parse(&text) };
        let from = response.from;
        // A presigned URL may have expired. A retry gets a new one from GitLab, unless the request
        // was for the presigned URL itself.
        // A store that does not know ranges may answer 501, and would answer it again.
        let no_ranges = status == 501 && request.is_range();
        let expired_url = body.form == Form::Xml
            && status == 403
            && request.operation.may_leave_api()
            && !request.presigned
            && !request.is_range();
        let busy = status == 409 && matches!(body.meaning, Meaning::Busy | Meaning::NoReason);
        if (retry::is_transient(status) && !no_ranges) || expired_url || busy {
            let message =
                if body.message.is_empty() { String::new() } else { format!(": {}", body.message) };
            return Err(AttemptError::Transient {
                reason: format!("{from} answered {status}{message}"),
                kind: match status {
                    429 | 503 => FailureKind::Busy,
                    _ => FailureKind::Other,
                },
                // With other statuses, `RateLimit-Reset` does not mean that the client must wait.
                requested_delay: requested_delay.filter(|_| matches!(status, 429 | 503)),
                request_id,
            });
        }
        // Of object storage the status counts, even if the body is a web page.
        let storage = request.presigned || self.facts(request).is_storage(request, &from);
        if body.form == Form::Page && status != 416 && !storage {
            let cause = Cause::Page { title: body.message, status, from };
            return Err(AttemptError::permanent(cause));
        }
        Err(AttemptError::permanent(Cause::Status { status, body, from, request_id }))
    }

    /// Sends one GET request, without following redirects.
    pub(super) fn send_get(
        &self,
        request: &ApiRequest,
        at: &Address,
        trusted: bool,
    ) -> Result<Response<Body>, AttemptError> {
        self.observed("GET", at, || {
            let agent = self.agent(at)?;
            let builder = self.builder(Method::GET, request, at, trusted)?;
            let message = builder.body(()).map_err(unsendable)?;
            agent.run(message).map_err(|error| self.send_error(error, request, at))
        })
    }

    /// Calls `send`, reports the exchange to the watcher, and puts the limit of throughput on the
    /// body of the response.
    pub(super) fn observed(
        &self,
        method: &'static str,
        at: &Address,
        send: impl FnOnce() -> Result<Response<Body>, AttemptError>,
    ) -> Result<Response<Body>, AttemptError> {
        let before = self.clock.elapsed();
        let result = send();
        let took = self.clock.elapsed().saturating_sub(before);
        let limited =
            |body| with_min_throughput(body, Arc::clone(&self.clock), self.network.timeout);
        let result = result.map(|response| response.map(limited));
        let headers = result.as_ref().ok().map(Response::headers);
        // The query of any other address could be a signature.
        let is_api = at.same_origin(&self.root) && at.path().starts_with(self.root.path());
        self.watch.step(&Step::Exchange(&Exchange {
            method,
            address: if is_api { at.to_printable_url() } else { at.to_string() },
            outcome: match &result {
                Ok(response) => Ok(response.status().as_u16()),
                Err(AttemptError::Transient { reason, .. }) => Err(reason.clone()),
                Err(AttemptError::Permanent(cause)) => Err(match &**cause {
                    Cause::OutcomeUnknown { reason, .. }
                    | Cause::Unreachable { reason, .. }
                    | Cause::Tls { reason, .. } => reason.clone(),
                    _ => "not sent".to_owned(),
                }),
            },
            took,
            bytes: headers.and_then(content_length),
            request_id: headers.and_then(request_id),
        }));
        result
    }

    /// Builds a request with its headers; with the token if the address is `trusted`.
    pub(super) fn builder(
        &self,
        method: Method,
        request: &ApiRequest,
        at: &Address,
        trusted: bool,
    ) -> Result<Builder, AttemptError> {
        // Servers normalise such a path to that of another endpoint. A name from the server can
        // contain the segments.
        if trusted && at.has_dot_segments() {
            let reason = "not sent, because `..` in its path leads elsewhere".to_owned();
            return Err(AttemptError::permanent(Cause::Unexpected { reason }));
        }
        let mut builder = Request::builder()
            .method(method)
            .uri(at.to_url())
            // A proxy that compresses would remove the length, by which interruptions are detected.
            .header(ACCEPT_ENCODING, "identity");
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(token) = self.token.as_ref().filter(|_| trusted) {
            let mut value = HeaderValue::from_str(token.reveal()).map_err(unsendable)?;
            value.set_sensitive(true);
            let name: HeaderName = token.kind().header().parse().map_err(unsendable)?;
            builder = builder.header(name, value);
        }
        Ok(builder)
    }

    /// Creates an agent for an address, which shares the certificates with all others.
    pub(super) fn new_agent(&self, at: &Address) -> Result<Agent, Cause> {
        let tls = match self.tls.get() {
            Some(tls) => Some(tls),
            None if self.network.needs_tls(at) => {
                let tls = TlsConfigs::new(&self.network, &self.root)?;
                Some(self.tls.get_or_init(|| tls))
            }
            None => None,
        };
        self.network.agent(at, tls.cloned())
    }

    fn agent(&self, at: &Address) -> Result<&Agent, AttemptError> {
        let has_proxy = self.network.proxy_for(at).is_some();
        let cell = &self.agents[usize::from(at.is_secure())][usize::from(has_proxy)];
        if let Some(agent) = cell.get() {
            return Ok(agent);
        }
        let agent = self.new_agent(at).map_err(AttemptError::permanent)?;
        Ok(cell.get_or_init(|| agent))
    }

    /// The cause of the status 407, whether a tunnel or a forwarded request was asked for.
    fn proxy_wants_credentials(&self, request: &ApiRequest, at: &Address) -> Cause {
        let origin = at.origin();
        Cause::Unreachable {
            reason: format!("the proxy requires a user name and a password for {origin} (407)"),
            storage: self.facts(request).is_storage(request, at),
            redirected: !at.same_origin(&request.address),
        }
    }

    /// Classifies a failure to send a request or to receive its response.
    pub(super) fn send_error(
        &self,
        error: ureq::Error,
        request: &ApiRequest,
        at: &Address,
    ) -> AttemptError {
        let (origin, storage) = (at.origin(), self.facts(request).is_storage(request, at));
        let redirected = !at.same_origin(&request.address);
        let unreachable =
            |reason| AttemptError::permanent(Cause::Unreachable { reason, storage, redirected });
        match error {
            ureq::Error::Timeout(_) if read_deadline::remaining() == Some(Duration::ZERO) => {
                let reason = format!("{origin} did not answer before the waiting ended");
                AttemptError::transient_of(FailureKind::Other, reason)
            }
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                let seconds = self.network.connect_timeout.as_secs_f32();
                let reason = format!("connecting to {origin} took longer than {seconds} s");
                AttemptError::transient_of(FailureKind::ConnectTimeout, reason)
            }
            ureq::Error::Timeout(_) => {
                let seconds = self.network.timeout.as_secs_f32();
                let reason = format!("no byte arrived from {origin} for {seconds} s");
                AttemptError::transient_of(FailureKind::Silence, reason)
            }
            ureq::Error::Rustls(error) => self.tls(&error, at),
            ureq::Error::Io(error) => match tls_error(&error) {
                Some(error) => self.tls(error, at),
                None if error.kind() == ErrorKind::ConnectionRefused => {
                    let has_proxy = self.network.proxy_for(at).is_some();
                    let proxy = if has_proxy { ", or the proxy before it does" } else { "" };
                    unreachable(format!("{origin} refuses the connection{proxy}"))
                }
                None => {
                    // A retry can help: other threads close their files and connections.
                    let kind = match descriptors::are_exhausted(&error) {
                        true => FailureKind::NoDescriptors,
                        false => FailureKind::Other,
                    };
                    let reason = format!("the connection to {origin} failed: {error}");
                    AttemptError::transient_of(kind, reason)
                }
            },
            ureq::Error::HostNotFound => {
                unreachable(format!("the host name of {origin} does not exist"))
            }
            // 407 asks for credentials, which a retry would not change. ureq has only a text here.
            ureq::Error::ConnectProxyFailed(status) if status.contains("407") => {
                AttemptError::permanent(self.proxy_wants_credentials(request, at))
            }
            ureq::Error::ConnectProxyFailed(status) => {
                AttemptError::transient(format!("the proxy cannot connect to {origin}: {status}"))
            }
            // The remaining errors are violations of HTTP.
            other => AttemptError::transient(format!(
                "{origin} did not send a valid HTTP response: {other}"
            )),
        }
    }

    fn tls(&self, error: &rustls::Error, at: &Address) -> AttemptError {
        let failure = TlsFailure::new(error, self.network.cacert.is_some());
        let reason = tls_failure::reason(error);
        AttemptError::permanent(Cause::Tls { reason, failure, from: at.clone() })
    }
}

/// The error of a request that the HTTP library refuses to build.
pub(super) fn unsendable(error: impl Into<ureq::http::Error>) -> AttemptError {
    let error: ureq::http::Error = error.into();
    AttemptError::permanent(Cause::Unexpected {
        reason: format!("the request cannot be written: {error}"),
    })
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    Some(sanitize(&id.chars().take(MAX_REQUEST_ID).collect::<String>()).to_string())
}

/// The cause for a body that cannot be decoded.
fn encoded(coding: &Coding) -> Cause {
    let name = match coding {
        Coding::Unknown(name) => name,
        Coding::Gzip => "gzip",
        Coding::Deflate | Coding::Identity => "deflate",
    };
    let reason = format!(
        "the answer is compressed (`{}`), although it was asked for as it is; a proxy in between does that",
        sanitize(name)
    );
    Cause::Unexpected { reason }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.parse().ok()
}
