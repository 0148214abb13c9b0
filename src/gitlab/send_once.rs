//! Requests that change something. They are retried only if they certainly had no effect.
//!
//! A pipeline that is started twice deploys twice. If the outcome is unknown, the error says so and
//! says how to find out.

use ureq::http::{Method, Response};
use ureq::{Body, Timeout};

use super::attempt_error::AttemptError;
use super::cause::Cause;
use super::error::Error;
use super::http::{Http, unsendable};
use super::redirect::redirect_location;
use super::request::ApiRequest;
use super::response::ApiResponse;
use super::retry;
use super::tls_failure::tls_error;

/// A request that changes something.
pub(super) struct Change {
    pub(super) request: ApiRequest,
    pub(super) method: Method,
    /// Content type and text of the body. The text can contain a token and must not be printed.
    pub(super) body: Option<(&'static str, String)>,
    /// The message for an unknown outcome: the possible effect, and how to find out.
    pub(super) possible_effect: String,
}

impl Http {
    /// Sends the request and reads the response with `read`. Retries only after failures that
    /// cannot have had an effect.
    pub(super) fn send_once<T>(
        &self,
        change: &Change,
        mut read: impl FnMut(&mut ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        self.with_retries(&change.request, &mut 0, || {
            let mut response = self.send_change(change)?;
            // The change has happened, even if its response is incomplete.
            read(&mut response).map_err(|reason| outcome_unknown(reason, change))
        })
    }

    fn send_change(&self, change: &Change) -> Result<ApiResponse, AttemptError> {
        let at = &change.request.address;
        let response = self.observed(method(change), at, || self.send_request(change))?;
        let status = response.status().as_u16();
        if let Some(location) = redirect_location(&response) {
            let next = self
                .redirect_target(&change.request, at, &location, false)
                .map_err(AttemptError::permanent)?;
            let cause = Cause::NotFollowed { status, from: at.clone(), to: next };
            return Err(AttemptError::permanent(cause));
        }
        self.check_status(&change.request, response, at.clone()).map_err(|error| {
            // A conflict says that nothing was done.
            if retry::is_without_effect(status) || status == 409 {
                error
            } else {
                outcome_unknown(error, change)
            }
        })
    }

    fn send_request(&self, change: &Change) -> Result<Response<Body>, AttemptError> {
        let Change { request, method, body, .. } = change;
        let at = &request.address;
        let trusted = !request.anonymous && at.same_origin(&self.root);
        let mut builder = self.builder(method.clone(), request, at, trusted)?;
        if let Some((kind, _)) = body {
            builder = builder.header("content-type", *kind);
        }
        // On a reused connection that the server has closed, a failure would not show if the
        // server processed the request. So the request gets a new connection.
        let agent = self.new_agent(at).map_err(AttemptError::permanent)?;
        let sent = match body {
            Some((_, text)) => agent.run(builder.body(text.as_str()).map_err(unsendable)?),
            None if *method == Method::POST => agent.run(builder.body("").map_err(unsendable)?),
            None => agent.run(builder.body(()).map_err(unsendable)?),
        };
        sent.map_err(|error| {
            let unsent = is_unsent(&error);
            let error = self.send_error(error, request, at);
            if unsent { error } else { outcome_unknown(error, change) }
        })
    }
}

fn method(change: &Change) -> &'static str {
    if change.method == Method::DELETE { "DELETE" } else { "POST" }
}

/// Turns a failure after which the outcome is unknown into a permanent one. A refusal by GitLab
/// stays unchanged.
fn outcome_unknown(error: AttemptError, change: &Change) -> AttemptError {
    let effect = change.possible_effect.clone();
    match error {
        AttemptError::Transient { reason, request_id, .. } => {
            AttemptError::permanent(Cause::OutcomeUnknown { reason, effect, request_id })
        }
        AttemptError::Permanent(cause) => match *cause {
            Cause::Tls { reason, .. } => {
                AttemptError::permanent(Cause::OutcomeUnknown { reason, effect, request_id: None })
            }
            cause => AttemptError::permanent(cause),
        },
    }
}

/// Returns true if a request failed before a byte of it was sent.
fn is_unsent(error: &ureq::Error) -> bool {
    use std::io::ErrorKind;
    let refused_certificate =
        |error: &rustls::Error| matches!(error, rustls::Error::InvalidCertificate(_));
    match error {
        ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::InvalidProxyUrl
        | ureq::Error::BadUri(_)
        | ureq::Error::Http(_) => true,
        ureq::Error::Rustls(error) => refused_certificate(error),
        ureq::Error::Io(error) => {
            matches!(
                error.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::AddrNotAvailable
            ) || tls_error(error).is_some_and(refused_certificate)
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
        let wrapped = |error: rustls::Error| ureq::Error::Io(Error::other(error));
        let refused = || rustls::Error::from(rustls::CertificateError::UnknownIssuer);
        let alert = || rustls::Error::AlertReceived(rustls::AlertDescription::InternalError);
        for (error, expect) in [
            (io(ErrorKind::ConnectionRefused), true),
            (io(ErrorKind::NetworkUnreachable), true),
            (ureq::Error::HostNotFound, true),
            (ureq::Error::Timeout(Timeout::Connect), true),
            (ureq::Error::Rustls(refused()), true),
            (wrapped(refused()), true),
            (ureq::Error::Rustls(alert()), false),
            (wrapped(alert()), false),
            (io(ErrorKind::ConnectionReset), false),
            (io(ErrorKind::BrokenPipe), false),
            (io(ErrorKind::UnexpectedEof), false),
            (ureq::Error::Timeout(Timeout::RecvResponse), false),
            (ureq::Error::Timeout(Timeout::SendBody), false),
        ] {
            assert_eq!(is_unsent(&error), expect, "{error}");
        }
    }
}
