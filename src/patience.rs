//! How long and how often a lookup is asked again: the only loop that waits.

use std::fmt;
use std::time::Duration;

use crate::clock::Clock;
use crate::step::{Step, Watch};

/// The first pause between two lookups, and the longest.
const SHORTEST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(15);

/// How much patience there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// None: the first answer counts.
    limit: Option<Duration>,
    /// None: growing pauses.
    interval: Option<Duration>,
}

/// The patience is over; `last` is what stood in the way.
#[derive(Debug)]
pub struct TimedOut {
    pub limit: Duration,
    pub last: anyhow::Error,
}

/// Whether time alone can mend what a lookup ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mends {
    Never,
    InTime,
    /// A server that answered before can come back; one that never did is the wrong one.
    OnceHeard,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waited {}: {:#}", humantime::format_duration(self.limit), self.last)
    }
}

impl std::error::Error for TimedOut {}

impl Patience {
    /// One look, and what it finds counts.
    pub const fn none() -> Patience {
        Patience { limit: None, interval: None }
    }

    /// Looks again until `limit` is over, after pauses of `interval` or growing ones.
    pub const fn new(limit: Duration, interval: Option<Duration>) -> Patience {
        Patience { limit: Some(limit), interval }
    }

    pub fn is_none(&self) -> bool {
        self.limit.is_none()
    }

    /// How long, if there is any.
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// Asks until there is something, until time alone cannot help, or until time is over.
    pub fn until<T>(
        &self,
        clock: &dyn Clock,
        watch: &dyn Watch,
        mends: impl Fn(&anyhow::Error) -> Mends,
        mut ask: impl FnMut() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let start = clock.elapsed();
        let (mut pause, mut heard) = (SHORTEST, false);
        loop {
            let last = match ask() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(limit) = self.limit else { return Err(last) };
            match mends(&last) {
                Mends::InTime => heard = true,
                Mends::OnceHeard if heard => {}
                Mends::OnceHeard | Mends::Never => return Err(last),
            }
            let left = limit.saturating_sub(clock.elapsed() - start);
            if left.is_zero() {
                return Err(TimedOut { limit, last }.into());
            }
            let next = self.interval.unwrap_or(pause).min(left);
            watch.step(&Step::Waiting { why: &format!("{last:#}"), pause: next });
            clock.sleep(next);
            pause = pause.mul_f64(1.5).min(LONGEST);
        }
    }
}
