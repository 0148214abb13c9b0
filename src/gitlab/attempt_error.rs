//! The error of a single attempt, before the decision about a retry.

use std::fmt::Display;
use std::io;
use std::time::Duration;

use super::cause::{Cause, FailureKind};
use super::min_throughput::TooSlow;

/// The failure of one attempt of a request.
pub(super) enum AttemptError {
    /// A failure that a retry may resolve, not earlier than the server asked for.
    Transient {
        reason: String,
        kind: FailureKind,
        requested_delay: Option<Duration>,
        request_id: Option<String>,
    },
    Permanent(Box<Cause>),
}

impl AttemptError {
    pub(super) fn permanent(cause: Cause) -> AttemptError {
        AttemptError::Permanent(Box::new(cause))
    }

    pub(super) fn transient(reason: impl Into<String>) -> AttemptError {
        AttemptError::transient_of(FailureKind::Other, reason)
    }

    pub(super) fn transient_of(kind: FailureKind, reason: impl Into<String>) -> AttemptError {
        let reason = reason.into();
        AttemptError::Transient { reason, kind, requested_delay: None, request_id: None }
    }

    /// A failed read of a body; `event` says what ended, as in "the answer broke off".
    pub(super) fn read(event: impl Display, error: &io::Error) -> AttemptError {
        let source = error.get_ref();
        if let Some(ureq::Error::Timeout(_)) = source.and_then(|source| source.downcast_ref()) {
            let reason = format!("{event}: no byte arrived in time");
            return AttemptError::transient_of(FailureKind::Silence, reason);
        }
        let too_slow = source.is_some_and(|source| source.is::<TooSlow>());
        let kind = if too_slow { FailureKind::Silence } else { FailureKind::Other };
        AttemptError::transient_of(kind, format!("{event}: {error}"))
    }
}
