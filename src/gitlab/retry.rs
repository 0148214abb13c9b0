//! When to ask again, and after how long: decided without asking.

use std::time::Duration;

use jiff::Timestamp;

/// The first pause; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(500);
/// No pause of our own is longer.
const LONGEST: Duration = Duration::from_secs(30);
/// A server that wants more patience than this is told on the spot: a CI job costs while it waits.
const MOST: Duration = Duration::from_secs(600);

/// Statuses that can pass: GitLab's throttles, its overload, and what stands before it.
pub fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// How long the server asked us to wait: `Retry-After` in seconds or as a date, else
/// `RateLimit-Reset` (unix seconds) of a 429.
pub fn asked(retry_after: Option<&str>, reset: Option<&str>, now: Timestamp) -> Option<Duration> {
    // Any number can stand in a header, so the difference need not be one.
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

/// The pause before the try with this number (the first further one is 1), or none when the
/// server wants more than anybody should wait. `luck` is in 0..1 and spreads many clients out.
pub fn pause(number: u32, asked: Option<Duration>, luck: f64) -> Option<Duration> {
    match asked {
        Some(asked) if asked > MOST => None,
        // A little more than asked for: a clock that is behind would be a second refusal.
        Some(asked) => Some(asked.max(FIRST) + FIRST.mul_f64(luck)),
        None => {
            let doubled = FIRST.saturating_mul(2_u32.saturating_pow(number.saturating_sub(1)));
            Some(doubled.min(LONGEST).mul_f64(0.75 + luck / 2.0))
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
        assert_eq!(pause(u32::MAX, None, 0.5), Some(LONGEST));
    }

    #[test]
    fn what_the_server_asks_for_is_honoured_unless_it_is_too_much() {
        assert_eq!(pause(1, Some(Duration::from_secs(37)), 0.0), Some(Duration::from_secs(37)));
        assert_eq!(pause(1, Some(Duration::from_secs(601)), 0.0), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_else_the_reset_counts() {
        let now: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
        let seconds = |after, reset| asked(after, reset, now).map(|pause| pause.as_secs());
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
            assert!(may_pass(status));
        }
        for status in [200, 301, 400, 401, 403, 404, 405, 409, 416, 501] {
            assert!(!may_pass(status), "{status}");
        }
    }
}
