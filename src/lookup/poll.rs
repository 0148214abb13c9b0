//! The only loop that waits: repeats a lookup until it succeeds, cannot succeed any more, or runs
//! out of time.

use std::cell::RefCell;
use std::time::Duration;

use super::context::{Ctx, Polling};
use crate::clock::Clock;
use crate::error::Error;
use crate::select::outcome::RetryState;
use crate::step::{Step, Watch};

/// The first pause between two lookups, and the longest.
const MIN_PAUSE: Duration = Duration::from_secs(2);
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// Tells if repeating a lookup can help after it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retryability {
    Never,
    InTime,
    /// A server that answered before can come back; one that never did is the wrong address.
    OnceHeard,
}

/// Repeats `lookup` for as long as [`Ctx::polling`] allows and time can help.
pub fn poll_until<T>(ctx: &Ctx<'_>, lookup: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let state = RefCell::new(RetryState::default());
    let retryability = |error: &Error| match error.root() {
        Error::GitLab(error) if error.is_transient() => Retryability::InTime,
        Error::GitLab(error) if error.is_unreachable() => Retryability::OnceHeard,
        Error::Refusal(refusal) if state.borrow_mut().should_retry(refusal) => Retryability::InTime,
        _ => Retryability::Never,
    };
    repeat(ctx.polling, ctx.clock, ctx.watch, retryability, lookup)
}

/// Repeats `ask` after pauses that grow, or that the user fixed, until it succeeds, `retryability`
/// says that time cannot help, or the limit is reached.
pub fn repeat<T>(
    polling: Polling,
    clock: &dyn Clock,
    watch: &dyn Watch,
    retryability: impl Fn(&Error) -> Retryability,
    mut ask: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let start = clock.elapsed();
    let (mut pause, mut heard) = (MIN_PAUSE, false);
    loop {
        let last = match ask() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let Some(limit) = polling.limit() else { return Err(last) };
        match retryability(&last) {
            Retryability::InTime => heard = true,
            Retryability::OnceHeard if heard => {}
            Retryability::OnceHeard | Retryability::Never => return Err(last),
        }
        let left = limit.saturating_sub(clock.elapsed() - start);
        if left.is_zero() {
            let flag = polling.limit_flag();
            return Err(Error::TimedOut { limit, flag, last: Box::new(last) });
        }
        let next = polling.interval().unwrap_or(pause).min(left);
        watch.step(&Step::Waiting { reason: &last.to_string(), pause: next });
        clock.sleep(next);
        pause = pause.mul_f64(1.5).min(MAX_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Mutex;

    use jiff::Timestamp;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A clock that records the pauses and starts at one hour.
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

    /// Repeats a lookup that fails with each of these errors and then succeeds. Returns its result
    /// and the pauses in milliseconds.
    fn wait(polling: Polling, answers: &[Retryability]) -> (String, Vec<u128>) {
        let pauses = Pauses::default();
        let (mut left, last) = (answers.iter(), Cell::new(Retryability::Never));
        let found = repeat(
            polling,
            &pauses,
            &pauses,
            |_| last.get(),
            || match left.next() {
                Some(mends) => {
                    last.set(*mends);
                    Err(Error::Fault(anyhow::anyhow!("not yet")))
                }
                None => Ok("found"),
            },
        );
        let told = found.map_or_else(|error| error.to_string(), str::to_owned);
        (told, pauses.0.into_inner().unwrap().iter().map(Duration::as_millis).collect())
    }

    #[test]
    fn lookups_are_repeated_while_time_can_help() {
        use Retryability::{InTime, Never, OnceHeard};
        let minute = Polling::new(60 * SECOND, None);
        let steady = Polling::new(5 * SECOND, Some(2 * SECOND));
        for (polling, answers, expect, pauses) in [
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
            (Polling::once(), &[InTime], "not yet", &[]),
        ] {
            let told = wait(polling, answers);
            assert_eq!(told, (expect.to_owned(), pauses.to_vec()), "{polling:?} {answers:?}");
        }
        let (_, pauses) = wait(minute, &[InTime; 20]);
        assert_eq!(pauses, [2000, 3000, 4500, 6750, 10125, 15000, 15000, 3625]);
    }
}
