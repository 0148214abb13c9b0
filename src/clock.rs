//! The clock as a trait, so that tests control the time and do not sleep.

use std::time::Duration;

use jiff::Timestamp;

/// A source of time. All code that reads the time or sleeps uses it.
pub trait Clock: Send + Sync {
    /// Returns the time of day, for expiry dates.
    fn now(&self) -> Timestamp;
    /// Returns the monotonic time since a fixed start, for measuring durations.
    fn elapsed(&self) -> Duration;
    /// Blocks the current thread.
    fn sleep(&self, pause: Duration);
}
