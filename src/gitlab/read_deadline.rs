//! A deadline for everything that the current thread does with sockets.
//!
//! The timeouts of ureq restart with every byte, and some bytes are no progress: chunk extensions,
//! trailers, the head of a proxy's answer. ureq works on the calling thread, so a deadline of the
//! thread ends such an exchange wherever it hangs.

#![allow(clippy::disallowed_methods, reason = "the timeouts of sockets are in real time")]

use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Restores the earlier deadline when dropped.
pub(super) struct DeadlineGuard {
    earlier: Option<Instant>,
}

/// Limits what the current thread does with sockets to `limit` from now on, until the guard is
/// dropped. An earlier deadline stays in force. A limit too long for the clock is none.
pub(super) fn limit(limit: Duration) -> DeadlineGuard {
    let earlier = DEADLINE.get();
    let until = Instant::now().checked_add(limit);
    DEADLINE.set(match (earlier, until) {
        (Some(earlier), Some(until)) => Some(earlier.min(until)),
        (earlier, until) => earlier.or(until),
    });
    DeadlineGuard { earlier }
}

/// Returns the time until the deadline; zero if it has passed, `None` without a deadline.
pub(super) fn remaining() -> Option<Duration> {
    DEADLINE.get().map(|deadline| deadline.saturating_duration_since(Instant::now()))
}

impl Drop for DeadlineGuard {
    fn drop(&mut self) {
        DEADLINE.set(self.earlier);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_deadline_counts_until_its_guard_is_dropped() {
        const MINUTE: Duration = Duration::from_secs(60);
        assert_eq!(remaining(), None);
        let outer = limit(MINUTE);
        {
            let _longer = limit(10 * MINUTE);
            assert!(remaining().is_some_and(|left| left <= MINUTE));
            let _endless = limit(Duration::MAX);
            assert!(remaining().is_some_and(|left| left <= MINUTE));
            let _none = limit(Duration::ZERO);
            assert_eq!(remaining(), Some(Duration::ZERO));
        }
        assert!(remaining().is_some_and(|left| left > MINUTE / 2));
        drop(outer);
        assert_eq!(remaining(), None);
    }
}
