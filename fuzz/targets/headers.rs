//! Response headers, and error bodies in unexpected formats.
#![no_main]

use std::time::Duration;

use downriver::gitlab::{
    Address, ContentRange, next_page, parse_error_body, pause, requested_delay,
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let (first, second, third) = (lines.next().unwrap_or_default(), lines.next(), lines.next());
    let number = lines.next().and_then(|line| line.parse().ok()).unwrap_or(1_777_777_777_i32);
    let count = (text.len() % 256) as u8;

    // `Content-Range`
    if let Some(part) = ContentRange::parse(first) {
        assert!(part.range.start < part.range.end && part.range.end <= part.total);
        assert_eq!(ContentRange::parse(&part.to_string()), Some(part));
    }

    // `Retry-After` and `RateLimit-Reset`
    let now = Timestamp::from_second(i64::from(number)).unwrap();
    let asked = requested_delay(Some(first), second, now);
    let jitter = f64::from(count) / 256.0;
    match pause(u32::from(count), asked, jitter) {
        Some(pause) => assert!(pause <= Duration::from_secs(601)),
        None => assert!(asked.is_some_and(|asked| asked > Duration::from_secs(600))),
    }

    // `X-Next-Page` and `Link`
    let page = usize::from(count) + 1;
    if let Some(next) = next_page(second, third, page, usize::from(count)) {
        assert!(next > page);
    }

    // `Location`
    if let Ok(address) = Address::parse(first) {
        let again = Address::parse(&address.to_url()).unwrap();
        assert!(again == address && again.same_origin(&address));
        assert_harmless(&address.to_string());
        assert!(!address.to_string().contains('?'));
        if let Ok(led) = address.resolve(second.unwrap_or_default().as_bytes()) {
            assert_harmless(&led.to_string());
            assert!(Address::parse(&led.to_url()).unwrap() == led);
        }
        let more = address.join("/a?b=c").with_query_pair("d", second.unwrap_or_default());
        assert!(Address::parse(&more.to_url()).unwrap() == more);
        assert!(more.same_origin(&address));
    }

    // Error body
    let body = parse_error_body(first.as_bytes());
    assert_harmless(&body.message);
    assert!(body.message.chars().count() <= 12 * 301);
});

fn assert_harmless(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}
