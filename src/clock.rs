//! Time, as something that is handed in: tests wait an hour in no time.

use std::time::Duration;

use jiff::Timestamp;

/// The only way to learn the time or to wait.
pub trait Clock: Send + Sync {
    /// The time of day, for what expires.
    fn now(&self) -> Timestamp;
    /// Time since some fixed start, for what lasts; it never goes backwards.
    fn elapsed(&self) -> Duration;
    /// Waits.
    fn sleep(&self, pause: Duration);
}
