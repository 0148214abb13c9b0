//! The causes of a failed request, as data.

use std::io;

use super::address::Address;
use super::error_body::ErrorBody;
use super::tls_failure::TlsFailure;

/// The cause of a request that failed for good, retries included.
#[derive(Debug)]
pub enum Cause {
    /// A response with a status that a retry would not change.
    Status { status: u16, body: ErrorBody, from: Address, request_id: Option<String> },
    /// A transient failure that persisted for this many attempts.
    Failing { reason: String, kind: FailureKind, tries: u32, request_id: Option<String> },
    /// No server at the address of GitLab, or at that of its object storage. `redirected`: at
    /// another address than the requested one.
    Unreachable { reason: String, storage: bool, redirected: bool },
    /// The server asked for a longer delay than is acceptable.
    AskedToWait { seconds: u64 },
    /// A web page in place of JSON or of an archive.
    Page { title: String, status: u16, from: Address },
    /// A redirect to an address that is not of the API, such as a sign-in form or an identity
    /// provider.
    SignIn { from: Address, to: Address },
    /// A refused certificate or a failed handshake.
    Tls { reason: String, failure: TlsFailure, from: Address },
    /// A redirect of a request that changes something. It is not followed, because GET requests
    /// alone are repeated elsewhere without harm.
    NotFollowed { status: u16, from: Address, to: Address },
    /// A redirect that must not be followed.
    Redirect { reason: String },
    /// A changing request without a response; `effect` says what may have happened nevertheless.
    OutcomeUnknown { reason: String, effect: String, request_id: Option<String> },
    /// A request that was not sent, because GitLab would refuse it.
    NotSent { reason: &'static str },
    /// A response that breaks the API's contract, or a setting that cannot be used.
    Unexpected { reason: String },
    /// A complete download whose checksum differs from the one that the server announced.
    Damaged { reason: String },
    /// A local failure to write the received bytes.
    Local(io::Error),
}

/// Kinds of transient failures, as far as a different hint belongs to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No connection within `--connect-timeout`.
    ConnectTimeout,
    /// No bytes, or too few, within `--timeout`.
    Silence,
    /// The server asks for fewer requests: 429 or 503.
    Busy,
    /// This machine allows no further open files.
    NoDescriptors,
    Other,
}
