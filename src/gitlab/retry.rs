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

/// Returns true for transient statuses: rate limits and overload of GitLab or of a proxy before it.
pub fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
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
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(is_transient(status));
        }
        for status in [200, 301, 400, 401, 403, 404, 405, 409, 416, 501] {
            assert!(!is_transient(status), "{status}");
        }
    }
}
