//! The headers `Content-Range` and `Range` (RFC 9110, section 14).

use std::fmt;
use std::ops::Range;

/// A byte range and the length of the complete file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentRange {
    pub range: Range<u64>,
    pub total: u64,
}

impl ContentRange {
    /// Parses `bytes 0-99/1000`. Returns `None` for anything else, including an unknown length
    /// (`*`) and a range that is empty or outside of the file.
    pub fn parse(header: &str) -> Option<ContentRange> {
        let (unit, rest) = header.trim().split_once(' ')?;
        let (range, total) = rest.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let parsed = ContentRange {
            range: number(first)?..number(last)?.checked_add(1)?,
            total: number(total)?,
        };
        let valid = parsed.range.start < parsed.range.end && parsed.range.end <= parsed.total;
        (unit.eq_ignore_ascii_case("bytes") && valid).then_some(parsed)
    }

    /// Returns the range of the last `length` bytes of a file, or of all of it if it is shorter.
    pub fn tail(length: u64, total: u64) -> ContentRange {
        ContentRange { range: total.saturating_sub(length)..total, total }
    }

    /// Formats the value of a `Range` header. Both ends are named, because some stores know no
    /// other form.
    pub fn range_header(&self) -> String {
        let Range { start, end } = self.range;
        format!("bytes={start}-{}", end.saturating_sub(1))
    }

    /// Returns the length of the range in bytes.
    pub fn length(&self) -> u64 {
        self.range.end - self.range.start
    }
}

impl fmt::Display for ContentRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bytes {}-{}/{}", self.range.start, self.range.end.saturating_sub(1), self.total)
    }
}

/// Parses a number of digits only, without sign or space.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read_to_the_byte_or_not_at_all() {
        for (header, expect) in [
            ("bytes 0-99/1000", Some((0..100, 1000))),
            ("bytes 0-0/1", Some((0..1, 1))),
            (" Bytes  900-999/1000 ", Some((900..1000, 1000))),
            (
                "bytes 18446744073709551000-18446744073709551001/18446744073709551615",
                Some((18446744073709551000..18446744073709551002, u64::MAX)),
            ),
            ("bytes 900-1000/1000", None),
            ("bytes 99-0/1000", None),
            ("bytes 0-99/*", None),
            ("bytes */1000", None),
            ("bytes 0-18446744073709551615/18446744073709551615", None),
            ("bytes 0-18446744073709551616/1", None),
            ("bytes +0-9/10", None),
            ("bytes 0- 9/10", None),
            ("bytes -9/10", None),
            ("bytes=0-9/10", None),
            ("items 0-9/10", None),
            ("0-9/10", None),
            ("", None),
        ] {
            let expect = expect.map(|(range, total)| ContentRange { range, total });
            assert_eq!(ContentRange::parse(header), expect, "{header}");
            if let Some(part) = expect {
                assert_eq!(ContentRange::parse(&part.to_string()), Some(part));
            }
        }
    }

    #[test]
    fn a_tail_is_never_longer_than_the_file() {
        assert_eq!(ContentRange::tail(64, 1000), ContentRange { range: 936..1000, total: 1000 });
        assert_eq!(ContentRange::tail(64, 10), ContentRange { range: 0..10, total: 10 });
        assert_eq!(ContentRange::tail(64, 1000).length(), 64);
        assert_eq!(ContentRange::tail(64, 1000).range_header(), "bytes=936-999");
        assert_eq!(ContentRange { range: 5..10, total: 11 }.range_header(), "bytes=5-9");
    }
}
