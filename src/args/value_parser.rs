//! Parsers for the values of flags: durations and sizes.

use std::time::Duration;

use bytesize::ByteSize;

/// Parses a duration such as `90s`, `30m`, `1h 30m` or `100ms`; a bare number is in seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write it like 90s, 30m or 2h"))
}

/// Parses a pause between two requests: a duration that is not zero.
pub fn pause(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("a pause of 0 would ask without end; 100ms is allowed".to_owned()),
        pause => Ok(pause),
    }
}

/// Parses a size such as `500M`, `64 GiB` or `1000000` into bytes.
pub fn size(text: &str) -> Result<u64, String> {
    text.parse()
        .map(|size: ByteSize| size.as_u64())
        .map_err(|_| "write it like 500M, 64GiB or 1000000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_parsed_with_their_usual_units() {
        for (text, millis) in
            [("90s", 90_000), ("30m", 1_800_000), ("2h", 7_200_000), ("100ms", 100), ("7", 7000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert!(duration("soon").is_err());
        assert!(pause("0").is_err() && pause("0ms").is_err());
        assert_eq!(pause("100ms"), Ok(Duration::from_millis(100)));
        for (text, bytes) in
            [("1000", 1000), ("1KiB", 1024), ("64 GiB", 64 << 30), ("2MB", 2_000_000)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        assert!(size("big").is_err());
    }
}
