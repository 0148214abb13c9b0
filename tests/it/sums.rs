//! Archives with and without a SHA-256 from GitLab.

use std::fmt::Write;

use ring::digest::{SHA256, digest};
use serde_json::json;

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::scenes::one_archive;
use crate::zip_builder::{file, zip};

const ARCHIVE: &str = "jobs/201/artifacts";

fn archive() -> Vec<u8> {
    zip(&[file("a.txt", "hello")])
}

fn world(archives: &str) -> World {
    one_archive(archive()).server(json!({"archives": archives}))
}

fn sum(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::new(), |mut sum, byte| {
        write!(sum, "{byte:02x}").unwrap();
        sum
    })
}

/// Sets this ETag on the responses of GitLab or of the storage.
fn tagged(on: &str, tag: &str) -> Fault {
    Fault::on(on).always().without_header("ETag").header("ETag", tag)
}

#[test]
fn an_archive_with_another_sum_than_gitlab_tells_is_a_warning_or_an_error() {
    for (line, binary) in [("-o it.zip", false), ("-o -", true), ("", false)] {
        let run = |tag: &str, strict: &str| {
            let fake = Fake::start(world("direct"));
            fake.fault(tagged(ARCHIVE, tag));
            let run = Run::new(fake).args("fetch build").args(line).args(strict);
            if binary { run.binary() } else { run }
        };
        let right = sum(&archive());
        let other = format!("\"{}\"", sum(b"other"));
        for strict in ["", "--digest warn", "--digest error"] {
            run(&format!("\"{right}\""), strict).succeeds().never_says("SHA-256");
        }
        for strict in ["", "--digest warn"] {
            let ran = run(&other, strict).succeeds();
            ran.says("warning: the archive may be damaged: its SHA-256 should be ").says(&right);
        }
        let ran = run(&other, "--digest error").fails(6);
        ran.says("its SHA-256 should be ").says(&right);
        assert!(ran.raw_stdout.is_empty() && ran.files().is_empty());
        // These are no checksums.
        run(&format!("W/{other}"), "--digest error").succeeds();
        run(&format!("\"{}\"", &sum(b"other")[1..]), "--digest error").succeeds();
        run(&format!("\"{}\"", sum(b"other").to_uppercase()), "--digest error").succeeds();
    }
}

#[test]
fn a_wrong_sum_beside_a_wrong_size_or_crc_is_always_an_error() {
    let broken = {
        let mut bytes = archive();
        let at = bytes.windows(5).position(|five| five == b"hello").unwrap();
        bytes[at] = b'j';
        bytes
    };
    let tag = format!("\"{}\"", sum(&archive()));
    let longer = [archive(), b"more".to_vec()].concat();
    for bytes in [broken, longer] {
        let fake = Fake::start(world("direct"));
        let answer = Fault::on(ARCHIVE).always().body(200, "application/zip", bytes);
        fake.fault(answer.header("ETag", &tag));
        Run::new(fake).args("fetch build").fails(6).changes_nothing();
    }
    // Extracted while it arrives, an archive could not be refused any more.
    let large = zip(&[file("a.bin", crate::fake::noise(3 << 20, 1))]);
    for (strict, exit) in [("", 0), ("--digest error", 6)] {
        let fake = Fake::start(one_archive(large.clone()).server(json!({"archives": "direct"})));
        fake.fault(tagged(ARCHIVE, &format!("\"{}\"", sum(b"other"))));
        Run::new(fake).args("fetch build").args(strict).exits(exit);
    }
}

#[test]
fn a_sum_that_must_be_right_is_that_of_the_whole_archive_also_where_parts_would_do() {
    let files = [file("a.bin", crate::fake::noise(3 << 20, 1)), file("b.txt", "small")];
    let large = zip(&files);
    let run = |of: &[u8], line: &str| {
        let fake = Fake::start(one_archive(large.clone()).server(json!({"archives": "direct"})));
        fake.fault(tagged(ARCHIVE, &format!("\"{}\"", sum(of))));
        Run::new(fake).file("b.txt", "old").args("fetch build").args(line)
    };
    for line in ["--path b.txt", "--sync", "--on-conflict skip"] {
        let error = format!("{line} --digest error");
        let ran = run(&large, &error).succeeds();
        ran.check(
            ran.log.iter().all(|it| it.header("range").is_none()),
            "the archive is downloaded whole",
        );
        run(b"other", &error).fails(6).says("its SHA-256 should be ");
        // Otherwise parts are enough, and no sum can be compared.
        let ran = run(b"other", line).succeeds();
        ran.check(ran.log.iter().any(|it| it.header("range").is_some()), "parts are asked for");
    }
}

#[test]
fn a_tag_of_the_storage_is_no_checksum() {
    let fake = Fake::start(world("redirect"));
    fake.fault(tagged("store/*", &format!("\"{}\"", sum(b"other"))));
    Run::new(fake).args("fetch build -o it.zip").succeeds();
}

#[test]
fn a_download_that_begins_again_is_held_to_what_it_is_told_then() {
    let fake = Fake::start(world("direct"));
    let tag = format!("\"{}\"", sum(b"other"));
    fake.fault(Fault::on(ARCHIVE).cut(20).without_header("ETag").header("ETag", &tag));
    let ran = Run::new(fake).args("fetch build -o it.zip").succeeds();
    assert_eq!(ran.items()[0].content, archive());
}
