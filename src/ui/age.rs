//! The age of something, as people say it.

use jiff::Timestamp;

/// Returns the time since `then`, as in `3 hours ago`. None if `then` is no time of RFC 3339.
///
/// A time in the future, as the clock of a server may tell, is `just now`.
pub(super) fn age(then: &str, now: Timestamp) -> Option<String> {
    let then: Timestamp = then.parse().ok()?;
    let seconds = now.as_second().saturating_sub(then.as_second());
    let (number, unit) = match seconds {
        ..60 => return Some("just now".to_owned()),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    Some(format!("{number} {unit}{plural} ago"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let now: Timestamp = "2026-03-02T10:10:00Z".parse().unwrap();
        for (then, expect) in [
            ("2026-03-02T10:10:00.000Z", Some("just now")),
            ("2026-03-02T10:09:01Z", Some("just now")),
            ("2026-03-02T10:09:00Z", Some("1 minute ago")),
            ("2026-03-02T11:11:00.000+01:00", Some("just now")),
            ("2026-03-02T10:00:00+02:00", Some("2 hours ago")),
            ("2026-03-01T10:10:00Z", Some("1 day ago")),
            ("2025-03-02T10:10:00Z", Some("365 days ago")),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(age(then, now).as_deref(), expect, "{then}");
        }
    }
}
