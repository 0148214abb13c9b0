//! Requests: one token in one header to one origin, tries that are counted, and what a failure
//! means.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::http::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};
use ureq::http::request::Builder;
use ureq::http::{HeaderName, Method, Request, Response};
use ureq::{Agent, Body, Timeout};

use super::address::Address;
use super::agent::Network;
use super::error::{Cause, Error};
use super::error_body::{self, Form};
use super::min_throughput::with_min_throughput;
use super::response::{ApiResponse, AttemptError};
use super::{ApiRequest, retry};
use crate::clock::Clock;
use crate::step::{Exchange, Step, Watch};
use crate::token::Token;

/// The way to one GitLab.
pub(super) struct Http {
    pub(super) root: Address,
    pub(super) token: Option<Token>,
    pub(super) network: Network,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) watch: Arc<dyn Watch>,
    /// For http and for https, each past the proxy and through it: the certificates are read only
    /// when https is spoken.
    pub(super) agents: [[OnceLock<Agent>; 2]; 2],
    /// When waiting is over, on the clock; a question is not asked again after that.
    pub(super) give_up: OnceLock<Duration>,
    /// How many connections to the storage failed in a row, in a way that can pass.
    pub(super) storage_failures: AtomicU32,
    /// Set as soon as archives come through GitLab, because the storage cannot be reached.
    pub(super) via_gitlab: OnceLock<()>,
}

impl Http {
    /// Asks until there is an answer that `take` can read, as often as the settings allow.
    pub(super) fn get<T>(
        &self,
        request: &ApiRequest,
        mut take: impl FnMut(&mut ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        self.open(request, |mut answer| take(&mut answer))
    }

    /// The same, where the answer itself is wanted, to be read later.
    pub(super) fn open<T>(
        &self,
        request: &ApiRequest,
        mut take: impl FnMut(ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        self.with_retries(request, || self.follow(request).and_then(&mut take))
    }

    /// The same, where `tries` counts what failed before.
    pub(super) fn open_counting<T>(
        &self,
        request: &ApiRequest,
        tries: &mut u32,
        mut take: impl FnMut(ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        self.with_retries_after(request, tries, || self.follow(request).and_then(&mut take))
    }

    /// Tries until it works, or fails in a way that does not pass, as often as the settings allow.
    pub(super) fn with_retries<T>(
        &self,
        request: &ApiRequest,
        try_it: impl FnMut() -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        self.with_retries_after(request, &mut 0, try_it)
    }

    fn with_retries_after<T>(
        &self,
        request: &ApiRequest,
        tries: &mut u32,
        mut try_it: impl FnMut() -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        loop {
            match try_it() {
                Ok(value) => return Ok(value),
                Err(reason) => self.pause_before_retry(request, reason, tries)?,
            }
        }
    }

    /// Waits before the next try, of which there are only so many; none after what will not pass.
    pub(super) fn pause_before_retry(
        &self,
        request: &ApiRequest,
        reason: AttemptError,
        tries: &mut u32,
    ) -> Result<(), Error> {
        let error = |cause: Cause| {
            Error::new(request, self.token.as_ref().map(Token::kind), Box::new(cause))
        };
        let (reason, asked, request_id) = match reason {
            AttemptError::Final(cause) => return Err(error(*cause)),
            AttemptError::Passing { reason, asked, request_id } => (reason, asked, request_id),
        };
        let of = self.network.retries;
        *tries += 1;
        let number = *tries;
        if number > of {
            return Err(error(Cause::Failing { reason, tries: number, request_id }));
        }
        let Some(pause) = retry::pause(number, asked, fastrand::f64()) else {
            let seconds = asked.unwrap_or_default().as_secs();
            return Err(error(Cause::AskedToWait { seconds }));
        };
        if !request.is_download
            && self.give_up.get().is_some_and(|at| self.clock.elapsed() + pause > *at)
        {
            return Err(error(Cause::Failing { reason, tries: number, request_id }));
        }
        self.watch.step(&Step::Retry { reason: &reason, pause, number, of });
        self.clock.sleep(pause);
        Ok(())
    }

    /// A final response: an answer to read, or what is wrong with it.
    pub(super) fn check_status(
        &self,
        request: &ApiRequest,
        response: Response<Body>,
        from: Address,
    ) -> Result<ApiResponse, AttemptError> {
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        let mut answer = ApiResponse { status, headers: head.headers, body, from };
        if head.status.is_success() {
            return Ok(answer);
        }
        let request_id = request_id(&answer.headers);
        let asked = retry::asked(
            answer.header("retry-after"),
            answer.header("ratelimit-reset"),
            self.clock.now(),
        );
        let body = error_body::parse(&answer.text().unwrap_or_default());
        let from = answer.from;
        // A signed address may have run out: the next try gets a fresh one, unless the address
        // asked is that very one.
        let storage = body.form == Form::Xml && status == 403 && !request.presigned;
        if retry::may_pass(status) || storage {
            let words =
                if body.words.is_empty() { String::new() } else { format!(": {}", body.words) };
            let reason = format!("{from} answered {status}{words}");
            // Only a throttled client is told when it may come back; other resets are not for us.
            let asked = asked.filter(|_| matches!(status, 429 | 503));
            return Err(AttemptError::Passing { reason, asked, request_id });
        }
        // What a web server or a store says of a range or a signature in a page is an answer.
        if body.form == Form::Page && status != 416 && !request.presigned {
            return Err(AttemptError::failed(Cause::Page { title: body.words, from }));
        }
        Err(AttemptError::failed(Cause::Status { status, body, from, request_id }))
    }

    /// Sends one request and tells the watcher.
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
            agent.run(message).map_err(|error| self.failed(error, at))
        })
    }

    /// Sends, and tells the watcher what was sent and what came back.
    pub(super) fn observed(
        &self,
        method: &'static str,
        at: &Address,
        send: impl FnOnce() -> Result<Response<Body>, AttemptError>,
    ) -> Result<Response<Body>, AttemptError> {
        let before = self.clock.elapsed();
        let result = send();
        let took = self.clock.elapsed().saturating_sub(before);
        let slowest =
            |body| with_min_throughput(body, Arc::clone(&self.clock), self.network.timeout);
        let result = result.map(|response| response.map(slowest));
        let response = result.as_ref().ok();
        let headers = response.map(Response::headers);
        // Only the queries of the API are our own; any other could be a signature.
        let ours = at.same_origin(&self.root) && at.path().starts_with(self.root.path());
        self.watch.step(&Step::Exchange(&Exchange {
            method,
            address: if ours { at.with_query() } else { at.to_string() },
            outcome: match &result {
                Ok(response) => Ok(response.status().as_u16()),
                Err(AttemptError::Passing { reason, .. }) => Err(reason.clone()),
                Err(AttemptError::Final(cause)) => Err(match &**cause {
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

    /// A request with its headers, the token among them if the address may see it.
    pub(super) fn builder(
        &self,
        method: Method,
        request: &ApiRequest,
        at: &Address,
        trusted: bool,
    ) -> Result<Builder, AttemptError> {
        // It would become the address of something else; a name from a server can have brought it.
        if trusted && at.has_dots() {
            let reason = "not asked, because `..` in its path leads elsewhere".to_owned();
            return Err(AttemptError::failed(Cause::Unexpected { reason }));
        }
        let mut builder = Request::builder()
            .method(method)
            .uri(at.to_call())
            // A proxy that compresses would take the length away, and with it the check of it.
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

    fn agent(&self, at: &Address) -> Result<&Agent, AttemptError> {
        let via_gitlab = self.network.proxy_for(at).is_some();
        let cell = &self.agents[usize::from(at.is_secure())][usize::from(via_gitlab)];
        if let Some(agent) = cell.get() {
            return Ok(agent);
        }
        let agent = self.network.agent(at).map_err(AttemptError::failed)?;
        Ok(cell.get_or_init(|| agent))
    }

    /// What a failed request means: some failures pass, others will come again.
    pub(super) fn failed(&self, error: ureq::Error, at: &Address) -> AttemptError {
        let (origin, storage) = (at.origin(), !at.same_origin(&self.root));
        match error {
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                let seconds = self.network.connect_timeout.as_secs_f32();
                AttemptError::passing(format!(
                    "connecting to {origin} took longer than {seconds} s"
                ))
            }
            ureq::Error::Timeout(_) => {
                let seconds = self.network.timeout.as_secs_f32();
                AttemptError::passing(format!("no byte arrived from {origin} for {seconds} s"))
            }
            ureq::Error::Rustls(error) => {
                AttemptError::failed(Cause::Tls { reason: error.to_string(), from: at.clone() })
            }
            ureq::Error::Io(error) if is_tls(&error) => {
                AttemptError::failed(Cause::Tls { reason: error.to_string(), from: at.clone() })
            }
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                let proxy = self.network.or_proxy(at);
                let reason = format!("{origin} refuses the connection{proxy}");
                AttemptError::failed(Cause::Unreachable { reason, storage })
            }
            ureq::Error::HostNotFound => {
                let reason = format!("there is no host of that name ({origin})");
                AttemptError::failed(Cause::Unreachable { reason, storage })
            }
            ureq::Error::Io(error) => {
                AttemptError::passing(format!("the connection to {origin} failed: {error}"))
            }
            // 407: it wants a user and a password, and will want them again.
            ureq::Error::ConnectProxyFailed(body) if body.contains("407") => {
                let reason = format!(
                    "the proxy lets nobody through to {origin} without its user and password (407)"
                );
                AttemptError::failed(Cause::Unreachable { reason, storage })
            }
            ureq::Error::ConnectProxyFailed(body) => {
                AttemptError::passing(format!("the proxy has no way to {origin}: {body}"))
            }
            // What is left is no fault of the line: the answer breaks the protocol.
            other => AttemptError::passing(format!(
                "{origin} did not answer as a web server does: {other}"
            )),
        }
    }
}

pub(super) fn is_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

pub(super) fn unsendable(error: impl Into<ureq::http::Error>) -> AttemptError {
    let error: ureq::http::Error = error.into();
    AttemptError::failed(Cause::Unexpected {
        reason: format!("the request cannot be written: {error}"),
    })
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    Some(crate::sanitize::sanitize(&id.chars().take(64).collect::<String>()).to_string())
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.parse().ok()
}
