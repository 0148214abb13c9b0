//! The retry loop around single attempts. The policy is in `retry.rs`.

use std::time::Duration;

use super::attempt_error::AttemptError;
use super::cause::Cause;
use super::error::Error;
use super::http::Http;
use super::request::ApiRequest;
use super::response::ApiResponse;
use super::{read_deadline, retry};
use crate::step::Step;

/// The time for an attempt that begins when the waiting ends.
const LAST_ATTEMPT: Duration = Duration::from_secs(1);

impl Http {
    /// Sends a GET request and reads the response with `read`, with retries for both.
    pub(super) fn get<T>(
        &self,
        request: &ApiRequest,
        mut read: impl FnMut(&mut ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        self.open(request, |mut response| read(&mut response))
    }

    /// Sends a GET request like `get`, but passes the response by value, so that its body can be
    /// read later.
    pub(super) fn open<T>(
        &self,
        request: &ApiRequest,
        read: impl FnMut(ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        self.open_after(request, &mut 0, read)
    }

    /// Sends a GET request like `open`; `tries` is the number of attempts that failed before and
    /// is increased by those that fail now.
    pub(super) fn open_after<T>(
        &self,
        request: &ApiRequest,
        tries: &mut u32,
        mut read: impl FnMut(ApiResponse) -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        let value = self.with_retries(request, tries, || {
            let _limit = self.time_left(request).map(read_deadline::limit);
            self.follow(request).and_then(&mut read)
        })?;
        if request.operation.reads_pipelines() {
            self.note_readable(request);
        }
        Ok(value)
    }

    /// Returns the time that an attempt may take, if it must end when the waiting does. The last
    /// one, which begins at that moment, gets a little time as well.
    fn time_left(&self, request: &ApiRequest) -> Option<Duration> {
        let give_up = self.give_up.get().filter(|_| !request.is_download)?;
        Some(give_up.saturating_sub(self.clock.elapsed()).max(LAST_ATTEMPT))
    }

    /// Repeats an attempt until it succeeds, fails permanently, or no retries are left.
    pub(super) fn with_retries<T>(
        &self,
        request: &ApiRequest,
        tries: &mut u32,
        mut attempt: impl FnMut() -> Result<T, AttemptError>,
    ) -> Result<T, Error> {
        loop {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(error) => self.pause_before_retry(request, error, tries)?,
            }
        }
    }

    /// Counts a failed attempt and sleeps until the next one. Returns an error if the failure is
    /// permanent, no retries are left, or the delay would be too long.
    pub(super) fn pause_before_retry(
        &self,
        request: &ApiRequest,
        error: AttemptError,
        tries: &mut u32,
    ) -> Result<(), Error> {
        let (reason, kind, requested_delay, request_id) = match error {
            AttemptError::Permanent(cause) => return Err(self.error(request, *cause)),
            AttemptError::Transient { reason, kind, requested_delay, request_id } => {
                (reason, kind, requested_delay, request_id)
            }
        };
        let of = self.network.retries;
        *tries += 1;
        let number = *tries;
        if number > of {
            let cause = Cause::Failing { reason, kind, tries: number, request_id };
            return Err(self.error(request, cause));
        }
        let Some(pause) = retry::pause(number, requested_delay, fastrand::f64()) else {
            let seconds = requested_delay.unwrap_or_default().as_secs();
            return Err(self.error(request, Cause::AskedToWait { seconds }));
        };
        if !request.is_download
            && self.give_up.get().is_some_and(|at| self.clock.elapsed() + pause > *at)
        {
            let cause = Cause::Failing { reason, kind, tries: number, request_id };
            return Err(self.error(request, cause));
        }
        self.watch.step(&Step::Retry { reason: &reason, pause, number, of });
        self.clock.sleep(pause);
        Ok(())
    }
}
