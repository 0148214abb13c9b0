//! The means of a run: the server, the clock, the listener, and how long a lookup may be repeated.

use std::time::Duration;

use crate::clock::Clock;
use crate::gitlab::Client;
use crate::interrupt::Interrupt;
use crate::select::outcome::Attempts;
use crate::step::Watch;

/// Everything that a lookup or a transfer uses besides its own arguments.
pub struct Ctx<'a> {
    pub gitlab: &'a Client,
    pub clock: &'a dyn Clock,
    pub watch: &'a dyn Watch,
    pub interrupt: &'a Interrupt,
    pub polling: Polling,
}

/// How long a lookup is repeated, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polling {
    /// None: the first answer counts.
    limit: Option<Duration>,
    /// The flag that sets the limit, if there is one.
    flag: Option<&'static str>,
    /// None: growing pauses.
    interval: Option<Duration>,
}

impl Polling {
    /// Looks once; the first answer counts.
    pub const fn once() -> Polling {
        Polling { limit: None, flag: None, interval: None }
    }

    /// Repeats the lookup until the limit of `--wait-timeout` is over, after pauses of `interval` or
    /// growing ones.
    pub const fn new(limit: Duration, interval: Option<Duration>) -> Polling {
        Polling { limit: Some(limit), flag: Some("--wait-timeout"), interval }
    }

    /// Repeats the lookup as [`Polling::new`] does, with a limit that no flag sets.
    pub const fn with_fixed_limit(limit: Duration, interval: Option<Duration>) -> Polling {
        Polling { limit: Some(limit), flag: None, interval }
    }

    /// Returns if a lookup is repeated at all.
    pub fn attempts(&self) -> Attempts {
        if self.limit.is_some() { Attempts::UntilTimeout } else { Attempts::One }
    }

    /// Returns the longest time, if lookups are repeated at all.
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// Returns the flag that allows more time, if there is one.
    pub fn limit_flag(&self) -> Option<&'static str> {
        self.flag
    }

    /// Returns the fixed pause, if the user gave one.
    pub fn interval(&self) -> Option<Duration> {
        self.interval
    }
}
