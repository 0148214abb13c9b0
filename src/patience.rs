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
pub enum Retryability {
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
        mends: impl Fn(&anyhow::Error) -> Retryability,
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
                Retryability::InTime => heard = true,
                Retryability::OnceHeard if heard => {}
                Retryability::OnceHeard | Retryability::Never => return Err(last),
            }
            let left = limit.saturating_sub(clock.elapsed() - start);
            if left.is_zero() {
                return Err(TimedOut { limit, last }.into());
            }
            let next = self.interval.unwrap_or(pause).min(left);
            watch.step(&Step::Waiting { reason: &format!("{last:#}"), pause: next });
            clock.sleep(next);
            pause = pause.mul_f64(1.5).min(LONGEST);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Mutex;

    use jiff::Timestamp;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Keeps the pauses; an hour was over before anything began.
    #[derive(Default)]
    struct Pauses(Mutex<Vec<Duration>>);

    impl Clock for Pauses {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn elapsed(&self) -> Duration {
            self.0.lock().unwrap().iter().sum::<Duration>() + 3600 * SECOND
        }

        fn sleep(&self, pause: Duration) {
            self.0.lock().unwrap().push(pause);
        }
    }

    impl Watch for Pauses {
        fn step(&self, step: &Step<'_>) {
            assert!(matches!(step, Step::Waiting { reason: "not yet", .. }), "{step:?}");
        }
    }

    /// Looks again as long as these tell to, then finds something: what came of it, and the
    /// pauses in milliseconds.
    fn wait(patience: Patience, answers: &[Retryability]) -> (String, Vec<u128>) {
        let pauses = Pauses::default();
        let (mut left, last) = (answers.iter(), Cell::new(Retryability::Never));
        let found = patience.until(
            &pauses,
            &pauses,
            |_| last.get(),
            || match left.next() {
                Some(mends) => {
                    last.set(*mends);
                    Err(anyhow::anyhow!("not yet"))
                }
                None => Ok("found"),
            },
        );
        let told = found.map_or_else(|error| error.to_string(), str::to_owned);
        (told, pauses.0.into_inner().unwrap().iter().map(Duration::as_millis).collect())
    }

    #[test]
    fn what_time_can_mend_is_looked_at_again() {
        use Retryability::{InTime, Never, OnceHeard};
        let minute = Patience::new(60 * SECOND, None);
        let steady = Patience::new(5 * SECOND, Some(2 * SECOND));
        for (patience, answers, expect, pauses) in [
            (minute, &[][..], "found", &[][..]),
            (minute, &[InTime, InTime, InTime], "found", &[2000, 3000, 4500]),
            (minute, &[Never], "not yet", &[]),
            (minute, &[InTime, Never], "not yet", &[2000]),
            // A server that never answered is the wrong one.
            (minute, &[OnceHeard], "not yet", &[]),
            (minute, &[InTime, OnceHeard], "found", &[2000, 3000]),
            // The last look is at the very end.
            (steady, &[InTime; 3], "found", &[2000, 2000, 1000]),
            (steady, &[InTime; 4], "waited 5s: not yet", &[2000, 2000, 1000]),
            (Patience::none(), &[InTime], "not yet", &[]),
        ] {
            let told = wait(patience, answers);
            assert_eq!(told, (expect.to_owned(), pauses.to_vec()), "{patience:?} {answers:?}");
        }
        let (_, pauses) = wait(minute, &[InTime; 20]);
        assert_eq!(pauses, [2000, 3000, 4500, 6750, 10125, 15000, 15000, 3625]);
    }

    #[test]
    fn patience_has_a_limit_or_there_is_none() {
        assert!(Patience::none().is_none());
        assert_eq!(Patience::none().limit(), None);
        let some = Patience::new(SECOND, None);
        assert!(!some.is_none());
        assert_eq!(some.limit(), Some(SECOND));
    }
}
