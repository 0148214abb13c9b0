//! The error of a failed request: operation, cause, exit code and message.
//!
//! Tokens appear by their kind, never by their value. Hints are in `hint.rs`.

use std::fmt;

use super::cause::{Cause, FailureKind};
use super::denial::may_be_denied;
use super::error_body::{Form, Meaning};
use super::facts::Facts;
use super::hint::hints;
use super::request::ApiRequest;
use crate::exit::Exit;

/// A failed request to GitLab.
#[derive(Debug)]
pub struct Error {
    pub cause: Box<Cause>,
    request: Box<ApiRequest>,
    facts: Box<Facts>,
    /// Hints of the lookup, shown before all others.
    advice: Vec<String>,
}

impl Error {
    pub(super) fn new(request: &ApiRequest, facts: Facts, cause: Box<Cause>) -> Error {
        let (request, facts) = (Box::new(request.clone()), Box::new(facts));
        Error { cause, request, facts, advice: Vec::new() }
    }

    /// Adds a hint that is shown before all others.
    pub fn advise(mut self, hint: String) -> Error {
        self.advice.push(hint);
        self
    }

    /// Records that GitLab named the project of the request in an earlier answer, so that the
    /// project exists.
    pub fn of_existing_project(mut self) -> Error {
        self.facts.is_named_by_gitlab = true;
        self
    }

    /// Returns the status of the response, if there was a response.
    pub fn status(&self) -> Option<u16> {
        match &*self.cause {
            Cause::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Returns GitLab's message; empty if there is none.
    pub fn message(&self) -> &str {
        match &*self.cause {
            Cause::Status { body, .. } => &body.message,
            _ => "",
        }
    }

    /// Returns true if the server does not know the route: either GitLab is older than the
    /// endpoint, or the address is not the root of the API.
    pub fn is_unknown_route(&self) -> bool {
        self.is_status(404, Meaning::UnknownRoute)
    }

    /// Returns true if object storage refused an address that GitLab redirected to earlier.
    /// Stores use different statuses for an expired signature; GitLab alone can tell whether
    /// access to the archive is denied.
    pub(super) fn is_expired_address(&self) -> bool {
        self.request.presigned && matches!(self.status(), Some(400 | 401 | 403))
    }

    /// Returns true if the server refused or misunderstood a range request, so that a request for
    /// the complete file may succeed. GitLab's own 401, 403 and 404 are about the file.
    pub fn is_range_refused(&self) -> bool {
        match &*self.cause {
            Cause::Unexpected { .. } => true,
            Cause::Status { status: 404 | 410, .. } => false,
            Cause::Status { status: 401 | 403, from, .. } => {
                !from.same_origin(&self.request.address)
            }
            Cause::Status { status, .. } => matches!(status, 400..=499 | 501),
            Cause::Page { from, .. } => !from.same_origin(&self.request.address),
            _ => false,
        }
    }

    /// Returns true if the project exists and is readable, but has no such pipeline or job.
    pub fn is_no_record(&self) -> bool {
        self.is_status(404, Meaning::NoRecord)
    }

    /// Returns true if GitLab hides the project: it does not exist, or the token may not read it.
    pub fn is_hidden_project(&self) -> bool {
        self.is_status(404, Meaning::ProjectNotFound)
    }

    /// Returns true if GitLab denies access, or may do so by an answer 404.
    pub fn is_denied(&self) -> bool {
        self.exit() == Exit::Denied
    }

    /// Returns true if the archive or file does not exist, and access to it is not the reason.
    pub fn is_missing_artifact(&self) -> bool {
        matches!(self.status(), Some(404 | 410)) && self.exit() == Exit::Nothing
    }

    /// Returns the words of object storage, if it no longer has an archive that GitLab lists.
    pub fn lost_in_storage(&self) -> Option<String> {
        match &*self.cause {
            Cause::Status { status: status @ (404 | 410), body, from, .. } if self.is_storage() => {
                let words = match body.message.as_str() {
                    "" => String::new(),
                    message => format!(": {message}"),
                };
                Some(format!("{} answered {status}{words}", from.origin()))
            }
            _ => None,
        }
    }

    /// Returns true if the server refused the range of a request, and may send the whole.
    pub(super) fn is_refused_range(&self) -> bool {
        match self.status() {
            Some(416) => true,
            Some(400 | 403 | 501) => self.is_storage(),
            _ => false,
        }
    }

    /// Returns true if object storage sent the response, directly or through GitLab.
    pub(super) fn is_storage(&self) -> bool {
        match &*self.cause {
            Cause::Status { body, from, .. } => {
                body.form == Form::Xml || self.facts.is_storage(&self.request, from)
            }
            _ => false,
        }
    }

    /// Returns true for failures that may not occur again later.
    pub fn is_transient(&self) -> bool {
        matches!(&*self.cause, Cause::Failing { .. })
    }

    /// Returns true if no server can be reached at the address.
    pub fn is_unreachable(&self) -> bool {
        matches!(&*self.cause, Cause::Unreachable { .. })
    }

    /// Returns true if the received bytes could not be written on this machine.
    pub fn is_local(&self) -> bool {
        matches!(&*self.cause, Cause::Local(_))
    }

    /// Returns the exit code of the program for this error.
    pub fn exit(&self) -> Exit {
        match &*self.cause {
            Cause::Status { status: 404 | 410, .. } if self.is_storage() => Exit::Nothing,
            // Object storage answers in XML; a page is of a proxy or a sign-in before it.
            Cause::Status { status: 401 | 403, body, .. }
                if !self.is_storage() || body.form == Form::Page =>
            {
                Exit::Denied
            }
            Cause::Status { status: 404, body, from, .. }
                if may_be_denied(&self.request, &self.facts, body.meaning, from) =>
            {
                Exit::Denied
            }
            Cause::Status { status: 404 | 410, .. } => Exit::Nothing,
            Cause::Status { status: 405, body, .. } if body.meaning == Meaning::ProjectMoved => {
                Exit::Nothing
            }
            Cause::NotSent { .. } | Cause::Page { .. } | Cause::SignIn { .. } => Exit::Denied,
            Cause::NotFollowed { to, .. } if self.facts.is_other_api(to) => Exit::Denied,
            Cause::Damaged { .. } => Exit::Archive,
            Cause::Local(_) | Cause::Failing { kind: FailureKind::NoDescriptors, .. } => Exit::Disk,
            Cause::Status { .. }
            | Cause::Failing { .. }
            | Cause::Unreachable { .. }
            | Cause::AskedToWait { .. }
            | Cause::Tls { .. }
            | Cause::Redirect { .. }
            | Cause::NotFollowed { .. }
            | Cause::OutcomeUnknown { .. }
            | Cause::Unexpected { .. } => Exit::Network,
        }
    }

    /// Returns at most two hints, the most likely one first.
    pub fn hints(&self) -> Vec<String> {
        let own = self.request.advice.map(str::to_owned);
        let advice = self.advice.iter().cloned().chain(own).collect();
        hints(&self.cause, &self.request, &self.facts, advice)
    }

    fn is_status(&self, expected: u16, meaning: Meaning) -> bool {
        matches!(&*self.cause, Cause::Status { status, body, .. }
            if *status == expected && body.meaning == meaning)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = &self.request.address;
        write!(f, "{}: ", self.request.description)?;
        match &*self.cause {
            Cause::Status { status, body, from, request_id } => {
                write!(f, "{from} answered {status}")?;
                if !body.message.is_empty() {
                    write!(f, ": {}", body.message)?;
                }
                write_request_id(f, request_id.as_deref())
            }
            Cause::Failing { reason, tries, request_id, kind: _ } => {
                let times = if *tries == 1 { "once".to_owned() } else { format!("{tries} times") };
                write!(f, "asked {address} {times}: {reason}")?;
                write_request_id(f, request_id.as_deref())
            }
            Cause::Unreachable { reason, .. } => write!(f, "asked {address}: {reason}"),
            Cause::AskedToWait { seconds } => {
                write!(
                    f,
                    "{address} asks to wait {seconds} s before the next request, which is too long"
                )
            }
            Cause::SignIn { from, to } => {
                write!(f, "{from} redirected to {to}, which is no address of the API")
            }
            Cause::NotFollowed { status, from, to } => write!(
                f,
                "{from} redirected ({status}) to {to}, which is not followed for a request that changes something"
            ),
            Cause::Page { title, from, .. } if title.is_empty() => {
                write!(f, "{from} answered with a web page")
            }
            Cause::Page { title, from, .. } => {
                write!(f, "{from} answered with a web page (\"{title}\")")
            }
            Cause::Tls { reason, from, failure: _ } => {
                write!(f, "no secure connection to {}: {reason}", from.origin())
            }
            Cause::OutcomeUnknown { reason, effect, request_id } => {
                f.write_str(reason)?;
                write_request_id(f, request_id.as_deref())?;
                write!(f, "; {effect}")
            }
            Cause::NotSent { reason } => write!(f, "not sent: {reason}"),
            Cause::Redirect { reason } | Cause::Unexpected { reason } => {
                write!(f, "{address}: {reason}")
            }
            Cause::Damaged { reason } => write!(f, "the archive is damaged: {reason}"),
            Cause::Local(error) => write!(f, "cannot write the received bytes: {error}"),
        }
    }
}

fn write_request_id(f: &mut fmt::Formatter<'_>, id: Option<&str>) -> fmt::Result {
    match id {
        Some(id) => write!(f, " (request {id})"),
        None => Ok(()),
    }
}

impl std::error::Error for Error {}
