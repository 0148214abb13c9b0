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
use super::answer::{Answer, Trouble};
use super::error::{Cause, Error};
use super::network::Network;
use super::pace::paced;
use super::said::{Form, said};
use super::{Ask, retry};
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
    pub(super) lost: AtomicU32,
    /// Set as soon as archives come through GitLab, because the storage cannot be reached.
    pub(super) through: OnceLock<()>,
}

impl Http {
    /// Asks until there is an answer that `take` can read, as often as the settings allow.
    pub(super) fn get<T>(
        &self,
        ask: &Ask,
        mut take: impl FnMut(&mut Answer) -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        self.open(ask, |mut answer| take(&mut answer))
    }

    /// The same, where the answer itself is wanted, to be read later.
    pub(super) fn open<T>(
        &self,
        ask: &Ask,
        mut take: impl FnMut(Answer) -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        self.insist(ask, || self.follow(ask).and_then(&mut take))
    }

    /// The same, where `tries` counts what failed before.
    pub(super) fn open_within<T>(
        &self,
        ask: &Ask,
        tries: &mut u32,
        mut take: impl FnMut(Answer) -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        self.insist_within(ask, tries, || self.follow(ask).and_then(&mut take))
    }

    /// Tries until it works, or fails in a way that does not pass, as often as the settings allow.
    pub(super) fn insist<T>(
        &self,
        ask: &Ask,
        try_it: impl FnMut() -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        self.insist_within(ask, &mut 0, try_it)
    }

    fn insist_within<T>(
        &self,
        ask: &Ask,
        tries: &mut u32,
        mut try_it: impl FnMut() -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        loop {
            match try_it() {
                Ok(value) => return Ok(value),
                Err(trouble) => self.again(ask, trouble, tries)?,
            }
        }
    }

    /// Waits before the next try, of which there are only so many; none after what will not pass.
    pub(super) fn again(&self, ask: &Ask, trouble: Trouble, tries: &mut u32) -> Result<(), Error> {
        let error =
            |cause: Cause| Error::new(ask, self.token.as_ref().map(Token::kind), Box::new(cause));
        let (trouble, asked, request_id) = match trouble {
            Trouble::Final(cause) => return Err(error(*cause)),
            Trouble::Passing { trouble, asked, request_id } => (trouble, asked, request_id),
        };
        let of = self.network.retries;
        *tries += 1;
        let number = *tries;
        if number > of {
            return Err(error(Cause::Failing { trouble, tries: number, request_id }));
        }
        let Some(pause) = retry::pause(number, asked, fastrand::f64()) else {
            let seconds = asked.unwrap_or_default().as_secs();
            return Err(error(Cause::AskedToWait { seconds }));
        };
        if !ask.long && self.give_up.get().is_some_and(|at| self.clock.elapsed() + pause > *at) {
            return Err(error(Cause::Failing { trouble, tries: number, request_id }));
        }
        self.watch.step(&Step::Retry { trouble: &trouble, pause, number, of });
        self.clock.sleep(pause);
        Ok(())
    }

    /// A final response: an answer to read, or what is wrong with it.
    pub(super) fn settled(
        &self,
        ask: &Ask,
        response: Response<Body>,
        from: Address,
    ) -> Result<Answer, Trouble> {
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        let mut answer = Answer { status, headers: head.headers, body, from };
        if head.status.is_success() {
            return Ok(answer);
        }
        let request_id = request_id(&answer.headers);
        let asked = retry::asked(
            answer.header("retry-after"),
            answer.header("ratelimit-reset"),
            self.clock.now(),
        );
        let said = said(&answer.text().unwrap_or_default());
        let from = answer.from;
        // A signed address may have run out: the next try gets a fresh one, unless the address
        // asked is that very one.
        let storage = said.form == Form::Xml && status == 403 && !ask.leased;
        if retry::may_pass(status) || storage {
            let words =
                if said.words.is_empty() { String::new() } else { format!(": {}", said.words) };
            let trouble = format!("{from} answered {status}{words}");
            // Only a throttled client is told when it may come back; other resets are not for us.
            let asked = asked.filter(|_| matches!(status, 429 | 503));
            return Err(Trouble::Passing { trouble, asked, request_id });
        }
        // What a web server or a store says of a range or a signature in a page is an answer.
        if said.form == Form::Page && status != 416 && !ask.leased {
            return Err(Trouble::failed(Cause::Page { title: said.words, from }));
        }
        Err(Trouble::failed(Cause::Answer { status, said, from, request_id }))
    }

    /// Sends one request and tells the watcher.
    pub(super) fn call(
        &self,
        ask: &Ask,
        at: &Address,
        trusted: bool,
    ) -> Result<Response<Body>, Trouble> {
        self.told("GET", at, || {
            let agent = self.agent(at)?;
            let request = self.request(Method::GET, ask, at, trusted)?;
            let request = request.body(()).map_err(unsendable)?;
            agent.run(request).map_err(|error| self.failed(error, at))
        })
    }

    /// Sends, and tells the watcher what was sent and what came back.
    pub(super) fn told(
        &self,
        method: &'static str,
        at: &Address,
        send: impl FnOnce() -> Result<Response<Body>, Trouble>,
    ) -> Result<Response<Body>, Trouble> {
        let before = self.clock.elapsed();
        let result = send();
        let took = self.clock.elapsed().saturating_sub(before);
        let slowest = |body| paced(body, Arc::clone(&self.clock), self.network.timeout);
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
                Err(Trouble::Passing { trouble, .. }) => Err(trouble.clone()),
                Err(Trouble::Final(cause)) => Err(match &**cause {
                    Cause::Doubt { trouble, .. }
                    | Cause::Unreachable { trouble, .. }
                    | Cause::Tls { trouble, .. } => trouble.clone(),
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
    pub(super) fn request(
        &self,
        method: Method,
        ask: &Ask,
        at: &Address,
        trusted: bool,
    ) -> Result<Builder, Trouble> {
        // It would become the address of something else; a name from a server can have brought it.
        if trusted && at.has_dots() {
            let trouble = "not asked, because `..` in its path leads elsewhere".to_owned();
            return Err(Trouble::failed(Cause::Unexpected { trouble }));
        }
        let mut request = Request::builder()
            .method(method)
            .uri(at.to_call())
            // A proxy that compresses would take the length away, and with it the check of it.
            .header(ACCEPT_ENCODING, "identity");
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(token) = self.token.as_ref().filter(|_| trusted) {
            let mut value = HeaderValue::from_str(token.reveal()).map_err(unsendable)?;
            value.set_sensitive(true);
            let name: HeaderName = token.kind().header().parse().map_err(unsendable)?;
            request = request.header(name, value);
        }
        Ok(request)
    }

    fn agent(&self, at: &Address) -> Result<&Agent, Trouble> {
        let through = self.network.proxy_for(at).is_some();
        let cell = &self.agents[usize::from(at.is_secure())][usize::from(through)];
        if let Some(agent) = cell.get() {
            return Ok(agent);
        }
        let agent = self.network.agent(at).map_err(Trouble::failed)?;
        Ok(cell.get_or_init(|| agent))
    }

    /// What a failed request means: some failures pass, others will come again.
    pub(super) fn failed(&self, error: ureq::Error, at: &Address) -> Trouble {
        let (origin, storage) = (at.origin(), !at.same_origin(&self.root));
        match error {
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                let seconds = self.network.connect_timeout.as_secs_f32();
                Trouble::passing(format!("connecting to {origin} took longer than {seconds} s"))
            }
            ureq::Error::Timeout(_) => {
                let seconds = self.network.timeout.as_secs_f32();
                Trouble::passing(format!("no byte arrived from {origin} for {seconds} s"))
            }
            ureq::Error::Rustls(error) => {
                Trouble::failed(Cause::Tls { trouble: error.to_string(), from: at.clone() })
            }
            ureq::Error::Io(error) if is_tls(&error) => {
                Trouble::failed(Cause::Tls { trouble: error.to_string(), from: at.clone() })
            }
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                let proxy = self.network.or_proxy(at);
                let trouble = format!("{origin} refuses the connection{proxy}");
                Trouble::failed(Cause::Unreachable { trouble, storage })
            }
            ureq::Error::HostNotFound => {
                let trouble = format!("there is no host of that name ({origin})");
                Trouble::failed(Cause::Unreachable { trouble, storage })
            }
            ureq::Error::Io(error) => {
                Trouble::passing(format!("the connection to {origin} failed: {error}"))
            }
            // 407: it wants a user and a password, and will want them again.
            ureq::Error::ConnectProxyFailed(said) if said.contains("407") => {
                let trouble = format!(
                    "the proxy lets nobody through to {origin} without its user and password (407)"
                );
                Trouble::failed(Cause::Unreachable { trouble, storage })
            }
            ureq::Error::ConnectProxyFailed(said) => {
                Trouble::passing(format!("the proxy has no way to {origin}: {said}"))
            }
            // What is left is no fault of the line: the answer breaks the protocol.
            other => {
                Trouble::passing(format!("{origin} did not answer as a web server does: {other}"))
            }
        }
    }
}

pub(super) fn is_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

pub(super) fn unsendable(error: impl Into<ureq::http::Error>) -> Trouble {
    let error: ureq::http::Error = error.into();
    Trouble::failed(Cause::Unexpected {
        trouble: format!("the request cannot be written: {error}"),
    })
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    Some(crate::shown::shown(&id.chars().take(64).collect::<String>()).to_string())
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get("content-length")?.to_str().ok()?.parse().ok()
}
