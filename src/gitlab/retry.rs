//! The retry policy: which statuses are transient, and the delay before each retry (exponential
//! backoff with jitter, or the delay that the server asks for).

use std::time::Duration;

use jiff::Timestamp;

/// The first delay; each further one is twice as long.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// The longest delay of the exponential backoff.
const MAX_BACKOFF: Duration = Duration::from_secs(30);
/// The longest delay that a server may ask for. A CI job costs money while it waits.
const MAX_REQUESTED: Duration = Duration::from_secs(600);

/// Returns true for statuses after which a GET is retried: rate limits, locks, and every failure of
/// GitLab or of a proxy in front of it, those of Cloudflare (520 to 530) included.
pub fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 423 | 425 | 429 | 500..=599)
}

/// Returns true for statuses after which a request surely had no effect, and is retried even if it
/// changes something: rate limits, locks, maintenance, and the statuses by which Cloudflare says
/// that it could not connect to GitLab.
pub fn is_without_effect(status: u16) -> bool {
    matches!(status, 423 | 425 | 429 | 503 | 521 | 523 | 525 | 526)
}

/// Returns the delay that the server asks for: `Retry-After` in seconds or as a date, otherwise
/// `RateLimit-Reset` in Unix seconds.
pub fn requested_delay(
    retry_after: Option<&str>,
    reset: Option<&str>,
    now: Timestamp,
) -> Option<Duration> {
    // A header can contain any number, so the subtraction must not overflow.
    let until = |second: i64| {
        Duration::from_secs(u64::try_from(second.saturating_sub(now.as_second())).unwrap_or(0))
    };
    let after = retry_after.map(str::trim).and_then(|text| match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            let second = date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
            Some(until(i64::try_from(second).ok()?))
        }
    });
    after.or_else(|| reset.and_then(|text| text.trim().parse().ok()).map(until))
}

/// Returns the delay before a retry, of which the first has number 1, or `None` if the server asks
/// for an unacceptable one. `jitter` is in 0..1 and spreads the retries of many clients.
pub fn pause(number: u32, requested: Option<Duration>, jitter: f64) -> Option<Duration> {
    match requested {
        Some(requested) if requested > MAX_REQUESTED => None,
        // Slightly longer than requested, because the clocks may differ.
        Some(requested) => Some(requested.max(FIRST_DELAY) + FIRST_DELAY.mul_f64(jitter)),
        None => {
            let doubled =
                FIRST_DELAY.saturating_mul(2_u32.saturating_pow(number.saturating_sub(1)));
            Some(doubled.min(MAX_BACKOFF).mul_f64(0.75 + jitter / 2.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute() {
        let pauses: Vec<u128> =
            (1..9).filter_map(|n| pause(n, None, 0.5)).map(|p| p.as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
        assert_eq!(pause(u32::MAX, None, 0.5), Some(MAX_BACKOFF));
    }

    #[test]
    fn what_the_server_asks_for_is_honoured_unless_it_is_too_much() {
        assert_eq!(pause(1, Some(Duration::from_secs(37)), 0.0), Some(Duration::from_secs(37)));
        assert_eq!(pause(1, Some(Duration::from_secs(601)), 0.0), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_else_the_reset_counts() {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let seconds =
            |after, reset| requested_delay(after, reset, now).map(|pause| pause.as_secs());
        assert_eq!(seconds(Some("37"), None), Some(37));
        assert_eq!(seconds(Some("Mon, 02 Mar 2026 10:01:30 GMT"), None), Some(90));
        assert_eq!(seconds(Some("Mon, 02 Mar 2026 09:00:00 GMT"), None), Some(0));
        assert_eq!(seconds(None, Some("1772445660")), Some(60));
        assert_eq!(seconds(None, Some("-9223372036854775808")), Some(0));
        assert_eq!(seconds(Some("soon"), None), None);
        assert_eq!(seconds(None, None), None);
    }

    #[test]
    fn only_what_can_pass_is_asked_again() {
        for (status, transient, without_effect) in [
            (200, false, false),
            (301, false, false),
            (400, false, false),
            (401, false, false),
            (403, false, false),
            (404, false, false),
            (405, false, false),
            (416, false, false),
            (408, true, false),
            (409, false, false),
            (423, true, true),
            (425, true, true),
            (429, true, true),
            (500, true, false),
            (501, true, false),
            (502, true, false),
            (503, true, true),
            (504, true, false),
            (520, true, false),
            (521, true, true),
            (522, true, false),
            (523, true, true),
            (524, true, false),
            (525, true, true),
            (530, true, false),
        ] {
            let actual = (is_transient(status), is_without_effect(status));
            assert_eq!(actual, (transient, without_effect), "{status}");
        }
    }

    #[test]
    fn a_requested_delay_is_never_cut_short() {
        let asked = |delay: Duration| pause(1, Some(delay), 0.5).map(|pause| pause - delay);
        let jitter = FIRST_DELAY.mul_f64(0.5);
        for delay in [FIRST_DELAY, Duration::from_secs(9), MAX_REQUESTED] {
            assert_eq!(asked(delay), Some(jitter), "{delay:?}");
        }
        assert_eq!(asked(Duration::ZERO), Some(FIRST_DELAY + jitter));
        assert_eq!(asked(MAX_REQUESTED + Duration::from_nanos(1)), None);
    }
}
