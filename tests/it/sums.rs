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
fn what_is_kept_must_be_what_gitlab_says_it_is() {
    for (line, binary) in [("-o it.zip", false), ("-o -", true), ("", false)] {
        let run = |tag: &str| {
            let fake = Fake::start(world("direct"));
            fake.fault(tagged(ARCHIVE, tag));
            let run = Run::new(fake).args("fetch build").args(line);
            if binary { run.binary() } else { run }
        };
        let right = sum(&archive());
        run(&format!("\"{right}\"")).succeeds();
        let ran = run(&format!("\"{}\"", sum(b"other"))).fails(6);
        ran.says("its SHA-256 should be ").says(&right);
        assert!(ran.raw_stdout.is_empty() && ran.files().is_empty());
        // These are no checksums.
        run(&format!("W/\"{}\"", sum(b"other"))).succeeds();
        run(&format!("\"{}\"", &sum(b"other")[1..])).succeeds();
        run(&format!("\"{}\"", sum(b"other").to_uppercase())).succeeds();
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
