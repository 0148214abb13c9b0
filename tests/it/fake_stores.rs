//! The stand-in's storages: ranges as different makes hear them, their errors, and who asks how
//! often at the same time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, Make, Origin, World};
use crate::raw::{Got, ask, exchange, get};

const ARCHIVE: &str = "projects/1/jobs/100/artifacts";

/// One job whose archive is ten bytes.
fn world(server: Value) -> World {
    let archive = json!({"made": "ten"});
    let jobs = json!([{"id": 100, "name": "build", "archive": archive}]);
    let world = json!({"projects": [{"id": 1, "pipelines": [{"id": 10, "jobs": jobs}]}]});
    World::from_json(world).made("ten", b"0123456789".to_vec()).server(server)
}

fn ranged(fake: &Fake, range: &str) -> Got {
    ask(fake, "GET", ARCHIVE, &[("Range", range)])
}

/// The address at the storage that GitLab redirects to.
fn stored(fake: &Fake) -> String {
    get(fake, ARCHIVE).header("Location").unwrap().to_owned()
}

#[test]
fn suffix_ranges_may_be_ignored_or_refused_where_closed_ones_are_heard() {
    for archives in ["direct", "proxied"] {
        for (ranges, suffix) in [("suffix-ignored", 200), ("suffix-400", 400)] {
            let fake = Fake::start(world(json!({"archives": archives, "ranges": ranges})));
            assert_eq!(ranged(&fake, "bytes=-4").status, suffix, "{ranges}");
            let closed = ranged(&fake, "bytes=6-9");
            assert_eq!((closed.status, closed.text().as_str()), (206, "6789"));
            assert_eq!(closed.header("Content-Range"), Some("bytes 6-9/10"));
            assert!(fake.violations().is_empty());
        }
    }
}

#[test]
fn every_range_may_be_refused() {
    for status in [400, 403, 416, 501] {
        let fake = Fake::start(world(json!({"ranges": status.to_string()})));
        let got = exchange("GET", &stored(&fake), &[("Range", "bytes=0-3")], "").unwrap();
        assert_eq!(got.status, status);
        assert!(got.text().contains("<Code>"), "{}", got.text());
        let whole = exchange("GET", &stored(&fake), &[], "").unwrap();
        assert_eq!((whole.status, whole.text().as_str()), (200, "0123456789"));
        assert_eq!(whole.header("Accept-Ranges"), None);
    }
}

#[test]
fn a_part_may_come_in_several_parts_without_a_total_or_without_saying_which_part() {
    let part = |ranges: &str| {
        let fake = Fake::start(world(json!({"archives": "proxied", "ranges": ranges})));
        let got = ranged(&fake, "bytes=2-3");
        assert_eq!(got.status, 206, "{ranges}");
        got
    };
    let several = part("multipart");
    let kind = several.header("Content-Type").unwrap();
    assert!(kind.starts_with("multipart/byteranges; boundary="), "{kind}");
    assert!(several.text().contains("Content-Range: bytes 2-3/10\r\n\r\n23\r\n--"));
    assert_eq!(several.header("Content-Range"), None);
    let unknown = part("unknown-total");
    assert_eq!(unknown.header("Content-Range"), Some("bytes 2-3/*"));
    let silent = part("no-content-range");
    assert_eq!((silent.header("Content-Range"), silent.text().as_str()), (None, "23"));
}

#[test]
fn each_make_has_its_own_words_for_an_object_that_is_gone_and_for_an_old_signature() {
    for (store, gone, refused) in [
        ("s3", "<Code>NoSuchKey</Code>", (403, "AccessDenied")),
        ("gcs", "<Code>NoSuchKey</Code>", (400, "ExpiredToken")),
        ("azure", "<Code>BlobNotFound</Code>", (403, "AuthenticationFailed")),
    ] {
        let fake = Fake::start(world(json!({"store": store, "signature_uses": 1})));
        let signed = stored(&fake);
        assert_eq!(exchange("GET", &signed, &[], "").unwrap().status, 200);
        let again = exchange("GET", &signed, &[], "").unwrap();
        assert_eq!(again.status, refused.0, "{store}");
        assert!(again.text().contains(refused.1), "{}", again.text());

        let lost = json!({"set": {"job": 100, "archive": {"made": "ten", "lost": true}}});
        fake.change(&lost);
        let job = get(&fake, "projects/1/jobs/100").json();
        assert_eq!(job["artifacts_file"]["size"], 10, "GitLab lists it all the same");
        let lost = exchange("GET", &stored(&fake), &[], "").unwrap();
        assert_eq!(lost.status, 404);
        assert!(lost.text().contains(gone), "{}", lost.text());
        assert_eq!(lost.text().starts_with('\u{feff}'), store == "azure");
    }
}

#[test]
fn a_lost_object_is_told_by_whoever_serves_it() {
    let lost = json!({"set": {"job": 100, "archive": {"files": {"a": "b"}, "lost": true}}});
    for (archives, says) in [("proxied", "NoSuchKey"), ("direct", "404 page not found\n")] {
        let fake = Fake::start(world(json!({"archives": archives})).with(&lost));
        let got = get(&fake, ARCHIVE);
        assert_eq!(got.status, 404, "{archives}");
        assert!(got.text().contains(says), "{}", got.text());
        assert_eq!(get(&fake, &format!("{ARCHIVE}/a")).text(), "404 page not found\n");
        assert_eq!(get(&fake, &format!("{ARCHIVE}/tree")).json()[0]["path"], "a");
    }
}

#[test]
fn a_tag_of_64_digits_may_or_may_not_be_the_checksum() {
    let tag = |etag: &str| {
        let fake = Fake::start(world(json!({"archives": "proxied", "etag": etag})));
        get(&fake, ARCHIVE).header("ETag").unwrap().to_owned()
    };
    let sum = "\"84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882\"";
    assert_eq!(tag("sha256"), sum);
    let other = tag("hex");
    assert!(other != sum && other.len() == 66, "{other}");
}

#[test]
fn errors_of_a_storage_can_be_scripted() {
    let fake = Fake::start(world(json!({})));
    fake.fault(Fault::on("store/*").store_error(Make::S3, 503, "SlowDown", "Reduce your rate."));
    fake.fault(Fault::on("store/*").cloudflare(523));
    fake.fault(Fault::on("store/*").no_such_key(Make::Azure));
    let seen = [503, 523, 404].map(|_| exchange("GET", &stored(&fake), &[], "").unwrap());
    assert_eq!(seen.each_ref().map(|got| got.status), [503, 523, 404]);
    assert!(seen[0].text().contains("<Code>SlowDown</Code>"));
    assert!(seen[1].text().contains("Origin is unreachable"));
    assert_eq!(seen[2].header("x-ms-error-code"), Some("BlobNotFound"));
}

#[test]
fn each_connection_has_its_own_bandwidth_and_its_own_count() {
    let world = world(json!({"store_bandwidth": 100_000}));
    let fake = Fake::start(world.made("ten", vec![7; 20_000]));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for range in ["bytes=0-9999", "bytes=10000-19999"] {
            let signed = stored(&fake);
            scope.spawn(move || {
                let got = exchange("GET", &signed, &[("Range", range)], "").unwrap();
                assert_eq!((got.status, got.body.len()), (206, 10_000));
            });
        }
    });
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(90), "{took:?}");
    assert_eq!((fake.most_at_once(Origin::Store), fake.connections(Origin::Store)), (2, 2));
    assert_eq!(fake.most_ranges_at_once(Origin::Store), 2);
    let bytes: Vec<usize> = fake.bytes_by_connection(Origin::Store).into_values().collect();
    assert_eq!(bytes, [10_000, 10_000]);
}

#[test]
fn a_storage_may_refuse_what_is_too_much_at_once() {
    let fake = Fake::start(world(json!({"store_bandwidth": 10_000})).made("ten", vec![7; 5_000]));
    let slow = || Fault::on("store/*").store_error(Make::S3, 503, "SlowDown", "Reduce your rate.");
    fake.fault(slow().over(1).always());
    let signed = [stored(&fake), stored(&fake)];
    std::thread::scope(|scope| {
        let first = scope.spawn(|| exchange("GET", &signed[0], &[], "").unwrap().status);
        while fake.most_at_once(Origin::Store) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(exchange("GET", &signed[1], &[], "").unwrap().status, 503);
        assert_eq!(first.join().unwrap(), 200);
    });
    assert_eq!(exchange("GET", &stored(&fake), &[], "").unwrap().status, 200);
    assert!(fake.idle_faults().is_empty() && fake.violations().is_empty());
}

#[test]
fn head_is_answered_as_grape_answers_it_and_noted() {
    let fake = Fake::start(world(json!({})));
    let got = ask(&fake, "HEAD", ARCHIVE, &[]);
    assert_eq!((got.status, got.body.len()), (303, 0));
    let signed = got.header("Location").unwrap();
    let object = exchange("HEAD", signed, &[], "").unwrap();
    assert_eq!((object.status, object.header("Content-Length")), (200, Some("10")));
    assert!(object.body.is_empty());
    assert_eq!(exchange("GET", signed, &[], "").unwrap().status, 403);
    assert!(fake.violations()[0].contains("HEAD"));

    let fake = Fake::start(world(json!({"archives": "direct"})));
    let got = ask(&fake, "HEAD", ARCHIVE, &[]);
    assert_eq!((got.status, got.header("Content-Length"), got.body.len()), (200, Some("10"), 0));
    // Other storages sign for GET only.
    let fake = Fake::start(world(json!({"store": "gcs"})));
    let got = ask(&fake, "HEAD", ARCHIVE, &[]);
    assert_eq!(exchange("HEAD", got.header("Location").unwrap(), &[], "").unwrap().status, 400);
}
