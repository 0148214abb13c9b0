//! Requests that change something: sent once.
//!
//! A pipeline that is started twice deploys twice. So such a request is sent again only where it
//! surely had no effect; where nobody can know, the error says so and says where to look.

use ureq::http::{Method, Response};
use ureq::{Body, Timeout};

use super::ApiRequest;
use super::error::{Cause, Error};
use super::http::{Http, unsendable};
use super::redirect::redirect;
use super::response::{ApiResponse, AttemptError};

/// A request that changes something.
pub(super) struct Change {
    pub(super) request: ApiRequest,
    pub(super) method: Method,
    /// The type of the body, and the body. It can hold a token: it is never shown.
    pub(super) body: Option<(&'static str, String)>,
    /// What may have happened where no answer came, and where to look.
    pub(super) outcome_unknown: String,
}

impl Http {
    /// Sends it, and again only after a failure that cannot have had an effect.
    pub(super) fn send_once<T>(
        &self,
        change: &Change,
        mut take: impl FnMut(&mut ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        self.with_retries(&change.request, || {
            let mut answer = self.change(change)?;
            // It is done; that its answer broke off does not undo it.
            take(&mut answer).map_err(|reason| outcome_unknown(reason, change))
        })
    }

    fn change(&self, change: &Change) -> Result<ApiResponse, AttemptError> {
        let at = &change.request.address;
        let response = self.observed(method(change), at, || self.send(change))?;
        let status = response.status().as_u16();
        if let Some(location) = redirect(&response) {
            let next = self.next(at, &location, false).map_err(AttemptError::failed)?;
            let reason = format!(
                "redirected ({status}) to {next}, which is not followed where something is to be changed; \
                 ask there with --api-url, or by the new path of the project"
            );
            return Err(AttemptError::failed(Cause::Redirect { reason }));
        }
        self.check_status(&change.request, response, at.clone()).map_err(|reason| match status {
            // Who throttles or is down for maintenance has not begun with it.
            429 | 503 => reason,
            _ => outcome_unknown(reason, change),
        })
    }

    fn send(&self, change: &Change) -> Result<Response<Body>, AttemptError> {
        let Change { request, method, body, .. } = change;
        let at = &request.address;
        let trusted = !request.anonymous && at.same_origin(&self.root);
        let mut builder = self.builder(method.clone(), request, at, trusted)?;
        if let Some((kind, _)) = body {
            builder = builder.header("content-type", *kind);
        }
        // A connection that was kept from an earlier request can be dead, and whether the server
        // saw this one would not be known: so this one gets a connection of its own.
        let agent = self.network.agent(at).map_err(AttemptError::failed)?;
        let sent = match body {
            Some((_, text)) => agent.run(builder.body(text.as_str()).map_err(unsendable)?),
            None if *method == Method::POST => agent.run(builder.body("").map_err(unsendable)?),
            None => agent.run(builder.body(()).map_err(unsendable)?),
        };
        sent.map_err(|error| {
            let unsent = unsent(&error);
            let reason = self.failed(error, at);
            if unsent { reason } else { outcome_unknown(reason, change) }
        })
    }
}

fn method(change: &Change) -> &'static str {
    if change.method == Method::DELETE { "DELETE" } else { "POST" }
}

/// A failure after which nobody can know whether the request had its effect; a plain refusal
/// stays what it is.
fn outcome_unknown(reason: AttemptError, change: &Change) -> AttemptError {
    let what = change.outcome_unknown.clone();
    match reason {
        AttemptError::Passing { reason, request_id, .. } => {
            AttemptError::failed(Cause::OutcomeUnknown { reason, what, request_id })
        }
        AttemptError::Final(cause) => match *cause {
            Cause::Tls { reason, .. } => {
                AttemptError::failed(Cause::OutcomeUnknown { reason, what, request_id: None })
            }
            cause => AttemptError::failed(cause),
        },
    }
}

/// Whether the failure came before a byte of the request was sent.
fn unsent(error: &ureq::Error) -> bool {
    use std::io::ErrorKind;
    let certificate = |error: &rustls::Error| matches!(error, rustls::Error::InvalidCertificate(_));
    match error {
        ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::InvalidProxyUrl
        | ureq::Error::BadUri(_)
        | ureq::Error::Http(_) => true,
        ureq::Error::Rustls(error) => certificate(error),
        ureq::Error::Io(error) => {
            matches!(
                error.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::AddrNotAvailable
            ) || error.get_ref().and_then(|inner| inner.downcast_ref()).is_some_and(certificate)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn only_what_failed_while_connecting_was_surely_not_sent() {
        let io = |kind| ureq::Error::Io(Error::from(kind));
        for (error, expect) in [
            (io(ErrorKind::ConnectionRefused), true),
            (io(ErrorKind::NetworkUnreachable), true),
            (ureq::Error::HostNotFound, true),
            (ureq::Error::Timeout(Timeout::Connect), true),
            (io(ErrorKind::ConnectionReset), false),
            (io(ErrorKind::BrokenPipe), false),
            (io(ErrorKind::UnexpectedEof), false),
            (ureq::Error::Timeout(Timeout::RecvResponse), false),
            (ureq::Error::Timeout(Timeout::SendBody), false),
        ] {
            assert_eq!(unsent(&error), expect, "{error}");
        }
    }
}
