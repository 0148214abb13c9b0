//! Stores that ignore, refuse or misunderstand range requests. Ranges only save time: without them
//! the result is the same, by a plain download.

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World, noise};
use crate::harness::Run;
use crate::made::{self, spread, zip};
use crate::ran::Ran;
use crate::zip_builder::{self, file};

const K: usize = 1 << 10;
const LENGTH: usize = 3_000_000;

/// Three megabytes between two small files.
fn archive() -> Vec<u8> {
    let large = file("large.bin", noise(LENGTH, 1));
    zip_builder::zip(&[file("a.txt", "one"), large, file("docs/b", "two")])
}

fn world(settings: &Value) -> World {
    made::world(archive()).server(json!({"archives": "redirect"})).server(settings.clone())
}

/// Runs with a private token, and with a job token, to which GitLab tells no size.
fn both(settings: &Value, line: &str) -> [Ran; 2] {
    ["private", "job"].map(|token| {
        let fake = Fake::start(world(settings).with_token(token));
        Run::new(&fake).args(line).args("-R 1 --job-id 100").succeeds()
    })
}

/// The `Range` headers that the store got, and the bytes that it sent.
fn store(ran: &Ran) -> (Vec<Option<String>>, usize) {
    let stored: Vec<_> = ran.log.iter().filter(|it| it.short.contains("store/")).collect();
    let sent = stored.iter().map(|it| it.bytes_sent).sum();
    (stored.iter().map(|it| it.header("range").map(str::to_owned)).collect(), sent)
}

const LINES: [(&str, &str); 3] = [
    ("fetch --path a.txt -D out", ""),
    ("ls", "0644       3 a.txt\n0644 3000000 large.bin\n0644       3 docs/b\n"),
    ("cat a.txt", "one"),
];

#[test]
fn suffix_ranges_are_not_needed() {
    for ranges in ["suffix-ignored", "suffix-400"] {
        for (line, prints) in LINES {
            let [known, unknown] = both(&json!({"ranges": ranges}), line);
            for ran in [&known, &unknown] {
                if !prints.is_empty() {
                    ran.prints(prints);
                }
                let (asked, _) = store(ran);
                ran.check(asked.len() <= 4, &format!("{ranges}: {line}"));
            }
            // A whole is not sent for one file.
            let (asked, sent) = store(&known);
            let suffix = |range: &Option<String>| {
                range.as_deref().is_some_and(|range| range.starts_with("bytes=-"))
            };
            known.check(sent < 200 * K && !asked.iter().any(suffix), "closed ranges");
        }
    }
    // Where the first answer tells the length, that is enough.
    let [_, unknown] = both(&json!({"ranges": "suffix-ignored"}), "fetch --path a.txt -D out");
    let (asked, _) = store(&unknown);
    let length = archive().len();
    let closed = format!("bytes={}-{}", length - 66 * K, length - 1);
    assert_eq!(asked[..2], [Some("bytes=-67584".to_owned()), Some(closed)]);
}

#[test]
fn a_connection_lost_behind_the_last_byte_costs_no_request() {
    for (line, prints) in LINES {
        let [plain, lost] = [false, true].map(|lost| {
            let fake = Fake::start(world(&json!({})));
            if lost {
                fake.fault(Fault::on("store/*").always().chunked().cut(usize::MAX));
            }
            Run::new(&fake).args(line).args("-R 1 --job-id 100").succeeds()
        });
        lost.check(lost.pauses.is_empty(), "no retry");
        assert!(prints.is_empty() || lost.stdout == prints, "{line}: {}", lost.stdout);
        assert_eq!(store(&lost).0, store(&plain).0, "{line}");
        assert_eq!(lost.tree(), plain.tree());
    }
}

#[test]
fn where_ranges_are_refused_or_misunderstood_the_whole_is_asked_for_once() {
    let manners = ["400", "403", "416", "501", "multipart", "unknown-total", "no-content-range"];
    for ranges in manners {
        for make in ["s3", "gcs", "azure"] {
            for (line, prints) in LINES {
                for ran in both(&json!({"ranges": ranges, "store": make}), line) {
                    if !prints.is_empty() {
                        ran.prints(prints);
                    }
                    let (asked, _) = store(&ran);
                    let plain = asked.iter().filter(|range| range.is_none()).count();
                    ran.check(plain <= 1 && asked.len() <= 3, &format!("{ranges}: {line}"));
                    ran.check(ran.pauses.is_empty(), &format!("{ranges}: {line} without a pause"));
                }
            }
        }
    }
}

#[test]
fn gitlab_itself_may_refuse_ranges_as_well() {
    for archives in ["direct", "proxied"] {
        for ranges in ["400", "416", "501", "multipart", "suffix-ignored"] {
            let settings = json!({"archives": archives, "ranges": ranges});
            for (line, _) in LINES {
                both(&settings, line);
            }
        }
    }
}

#[test]
fn a_size_that_is_no_longer_right_costs_one_request() {
    // The store has a longer archive than the job says.
    let (small, large) = (zip(&[("a.txt", "old")]), spread(&zip(&[("a.txt", "new")]), LENGTH));
    let fake =
        Fake::start(made::world(spread(&small, 2_500_000)).server(json!({"archives": "direct"})));
    let tail = large[LENGTH - 66 * K..].to_vec();
    let total = |first: usize, last: usize| format!("bytes {first}-{last}/{LENGTH}");
    fake.fault(
        Fault::on("jobs/100/artifacts")
            .body(206, "application/zip", large[2_432_416..2_500_000].to_vec())
            .header("ETag", "\"n\"")
            .header("Content-Range", &total(2_432_416, 2_499_999)),
    );
    fake.fault(
        Fault::on("jobs/100/artifacts")
            .body(206, "application/zip", tail)
            .header("ETag", "\"n\"")
            .header("Content-Range", &total(LENGTH - 66 * K, LENGTH - 1)),
    );
    Run::new(&fake).args("ls --job-id 100").succeeds().prints("0644 3 a.txt\n");
    let ranges: Vec<_> =
        fake.log().iter().filter_map(|it| it.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, ["bytes=2432416-2499999", "bytes=2932416-2999999"]);
}

#[test]
fn a_denial_is_not_taken_for_a_refusal_of_ranges() {
    for (status, exit) in [(401, 4), (403, 4), (404, 3)] {
        let fake = Fake::start(world(&json!({})));
        fake.fault(Fault::on("jobs/100/artifacts").always().status(status));
        let ran = Run::new(&fake).args("ls --job-id 100").fails(exit);
        let asked = ran.log.iter().filter(|it| it.short.ends_with("/artifacts")).count();
        assert_eq!(asked, 1, "{status}");
    }
}

/// A refusal of the first range, for every status that does not say that the request may be repeated
/// or that the object is gone.
#[test]
fn any_refusal_of_a_range_leads_to_a_plain_download() {
    for status in [402, 405, 406, 411, 412, 413, 415, 417, 422, 426, 431, 451, 501] {
        for (line, prints) in LINES {
            let fake = Fake::start(world(&json!({})));
            fake.fault(Fault::on("store/*").status(status));
            let ran = Run::new(&fake).args(line).args("-R 1 --job-id 100").succeeds();
            if !prints.is_empty() {
                ran.prints(prints);
            }
            let (asked, _) = store(&ran);
            let plain = asked.iter().filter(|range| range.is_none()).count();
            ran.check(asked.len() <= 3 && plain <= 1, &format!("{status}: {line}"));
        }
    }
}

#[test]
fn a_store_without_suffix_ranges_serves_the_other_ways_to_save_bytes() {
    for ranges in ["suffix-ignored", "suffix-400"] {
        for line in ["--sync", "--on-conflict skip"] {
            let run = || {
                let run = Run::new(world(&json!({"ranges": ranges})));
                run.file("out/large.bin", noise(LENGTH, 1)).args("fetch -D out")
            };
            let ran = run().args(line).args("-R 1 --job-id 100").succeeds();
            assert_eq!(
                (ran.read("out/a.txt"), ran.read("out/docs/b")),
                ("one".into(), "two".into())
            );
            let (_, sent) = store(&ran);
            ran.check(sent < 200 * K, &format!("{ranges} {line}: {sent} bytes"));
        }
    }
}
