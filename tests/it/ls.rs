//! `ls`: the listed files of archives, and the requests for them.

use serde_json::json;

use crate::fake::{Fake, Fault, Origin};
use crate::harness::Run;
use crate::made::{large, spread, story, world, zip};

/// Returns an archive that is too long to be downloaded for its directory.
fn long() -> Vec<u8> {
    spread(&zip(&[("a.txt", "one"), ("docs/", ""), ("docs/b", ""), ("l", "->a.txt")]), 5 << 20)
}

const LONG: &str = "0644 3 a.txt\n0644 0 docs/b\n0777 5 l\n";

const JOB: &str = "GET projects/1/jobs/100";
const API: &str = "GET projects/1/jobs/100/artifacts";
const STORE: &str = "GET store/100/artifacts.zip";
const TREE: &str = "GET projects/1/jobs/100/artifacts/tree?recursive=true&per_page=100&page=1";

#[test]
fn files_and_links_are_listed_with_mode_size_and_path() {
    Run::new("two-repos").args("ls build-repo").succeeds().prints(
        "0777     9 current\n\
         0644    20 docs/space name (1).txt\n\
         0644   659 docs/讀我.md\n\
         0755    25 sharecode/bin/run.sh\n\
         0644     0 sharecode/empty\n\
         0644 12000 sharecode/lib/sharecode.dll\n\
         0777    10 sharecode/run\n\
         0600    21 sharecode/version.json\n",
    );
}

#[test]
fn json_has_the_files_and_links_of_all_jobs_in_one_list() {
    let ran = Run::new("two-repos").args("ls --json matrix").succeeds();
    let file = |path: &str, size: u64, mode: &str| json!({"path": path, "size": size, "compressed_size": size, "mode": mode});
    let files = [file("windows-x64/radar.exe", 11, "0644"), file("linux-x64/radar", 21, "0755")];
    assert_eq!(ran.json(), json!({"files": files}));
}

#[test]
fn several_jobs_have_a_heading_each() {
    Run::new("two-repos").args("ls matrix").succeeds().prints(
        "matrix: [windows, x64] (70107):\n\
         0644 11 windows-x64/radar.exe\n\
         \n\
         matrix: [linux, x64] (70102):\n\
         0755 21 linux-x64/radar\n",
    );
}

#[test]
fn a_large_archive_is_listed_by_four_requests_and_400_kb() {
    let fake = Fake::start(world(large()));
    let ran = Run::new(&fake).args("ls --job-id 100").succeeds();
    assert_eq!(ran.stdout.lines().count(), 3000);
    ran.asks(&[JOB, API, STORE, STORE]);
    let received = fake.bytes_sent(Origin::Api) + fake.bytes_sent(Origin::Store);
    ran.check(received <= 400_000, &format!("{received} bytes are few"));
}

#[test]
fn parts_are_asked_for_wherever_the_archive_is_and_whatever_its_tag() {
    for archives in ["redirect", "proxied", "direct"] {
        for etag in ["strong", "weak", "none"] {
            let settings = json!({"archives": archives, "etag": etag});
            let fake = Fake::start(world(large()).server(settings));
            let ran = Run::new(&fake).args("ls --job-id 100").succeeds();
            assert_eq!(ran.stdout.lines().count(), 3000);
            ran.asks(match archives {
                "redirect" => &[JOB, API, STORE, STORE],
                _ => &[JOB, API, API],
            });
            let last = ran.log.last().unwrap();
            assert_eq!(last.header("if-range").is_some(), etag == "strong");
            assert_eq!(last.header("private-token").is_some(), archives != "redirect");
        }
    }
}

#[test]
fn an_address_that_has_run_out_is_replaced_by_a_fresh_one() {
    let fake = Fake::start(world(large()).server(json!({"signature_uses": 1})));
    let ran = Run::new(&fake).args("ls --job-id 100").succeeds();
    ran.asks(&[JOB, API, STORE, STORE, API, STORE]);
    assert_eq!(ran.log[3].status, 403);
    assert!(ran.pauses.is_empty());
}

#[test]
fn a_server_without_parts_is_asked_for_its_own_listing() {
    let ran =
        Run::new(world(long()).server(json!({"ranges": false}))).args("ls --job-id 100").succeeds();
    ran.prints(LONG).asks(&[JOB, API, STORE, TREE]);
    let ran = Run::new(world(long()).server(json!({"ranges": false})))
        .args("ls --job-id 100 --json")
        .succeeds();
    let size = &ran.json()["files"][1];
    assert_eq!(
        *size,
        json!({"path": "docs/b", "size": 0, "compressed_size": null, "mode": "0644"})
    );
}

#[test]
fn without_parts_and_listing_the_answer_that_is_there_is_the_archive() {
    let settings = json!({"ranges": false, "tree": false});
    let ran = Run::new(world(long()).server(settings.clone())).args("ls --job-id 100").succeeds();
    ran.prints(LONG).asks(&[JOB, API, STORE, TREE]);
    let small = world(zip(&[("a", "b")])).server(settings);
    Run::new(small)
        .args("ls --job-id 100")
        .succeeds()
        .prints("0644 1 a\n")
        .asks(&[JOB, API, STORE]);
}

#[test]
fn a_whole_archive_that_is_cut_short_is_asked_for_again() {
    let fake = Fake::start(world(long()).server(json!({"ranges": false, "tree": false})));
    fake.fault(Fault::on(STORE).cut(1_000_000));
    let ran = Run::new(&fake).args("ls --job-id 100").succeeds();
    ran.prints(LONG).asks(&[JOB, API, STORE, TREE, API, STORE]);
}

#[test]
fn a_part_that_is_cut_short_or_refused_for_a_while_is_asked_for_again() {
    for fault in [
        Fault::on(STORE).after(1).cut(1000),
        Fault::on(STORE).after(1).reset(),
        Fault::on(STORE).after(1).status(503),
        Fault::on(STORE).cut(0),
    ] {
        let fake = Fake::start(world(large()));
        fake.fault(fault);
        let ran = Run::new(&fake).args("ls --job-id 100").succeeds();
        assert_eq!((ran.stdout.lines().count(), ran.pauses.len()), (3000, 1));
    }
}

#[test]
fn who_is_refused_asks_for_nothing_more() {
    for (status, exit) in [(401, 4), (403, 4), (404, 3)] {
        let fake = Fake::start(world(long()));
        fake.fault(Fault::on(API).status(status));
        Run::new(&fake).args("ls --job-id 100").fails(exit).asks(&[JOB, API]);
    }
    let fake = Fake::start(world(long()));
    fake.fault(Fault::on(API).sign_in_page());
    Run::new(&fake).args("ls --job-id 100").fails(4).says("Sign in");
}

#[test]
fn parts_that_never_come_end_the_run_after_the_tries_for_one() {
    let fake = Fake::start(world(large()));
    fake.fault(Fault::on(STORE).after(1).always().status(503));
    let ran = Run::new(&fake).args("ls --job-id 100 --retries 2").fails(5);
    ran.asks(&[JOB, API, STORE, STORE, STORE, STORE]).says("answered 503");
}

#[test]
fn after_an_answer_that_is_not_the_part_asked_for_the_whole_is_asked_for() {
    let at_end = "bytes 299728000-299934463/300000000";
    let bare = |at: Fault| at.without_header("Content-Range");
    let after_one = || Fault::on(STORE).after(1);
    for fault in [
        bare(after_one()).header("Content-Range", at_end),
        bare(after_one()).header("Content-Range", "bytes 0-206885/206886"),
        bare(after_one()),
        bare(Fault::on(STORE)),
        // Another archive has taken its place: the whole comes instead of a part.
        after_one().body(200, "application/zip", zip(&[])),
        after_one().without_header("ETag").header("ETag", "\"other\""),
        after_one().status(400),
        after_one().status(501),
    ] {
        let what = format!("{fault:?}");
        let fake = Fake::start(world(large()));
        fake.fault(fault);
        let ran = Run::new(&fake).args("ls --job-id 100").succeeds();
        ran.check(ran.stdout.lines().count() == 3000 && ran.pauses.is_empty(), &what);
    }
}

#[test]
fn a_server_that_knows_no_such_range_is_asked_for_the_whole() {
    let fake = Fake::start(world(zip(&[("a", "b")])));
    fake.fault(Fault::on(STORE).body(416, "text/html", "<html>416</html>"));
    let ran = Run::new(&fake).args("ls --job-id 100").succeeds();
    ran.prints("0644 1 a\n").asks(&[JOB, API, STORE, API, STORE]);
    assert_eq!(ran.log[4].header("range"), None);
}

#[test]
fn what_is_no_archive_is_refused_after_few_requests() {
    for (bytes, most, says) in [
        (b"{\"message\": \"no\"}".to_vec(), 3, "not a zip archive: it is JSON"),
        (vec![b'x'; 3_000_000], 6, "not a zip archive: it does not look like any archive"),
    ] {
        let fake = Fake::start(world(bytes));
        let ran = Run::new(&fake).args("ls --job-id 100").runs();
        ran.check(ran.exit == Some(6), "it is an archive that is wrong");
        ran.says(says);
        ran.check(ran.requests.len() <= most, "few requests");
    }
    let ran = Run::new(world(Vec::new()).server(json!({"ranges": false})));
    ran.args("ls --job-id 100").fails(6).says("not a zip archive: it is empty");
}

#[test]
fn an_archive_without_files_prints_nothing() {
    Run::new(world(zip(&[]))).args("ls --job-id 100").succeeds().prints("");
    Run::new(world(zip(&[("d/", "")]))).args("ls --job-id 100").succeeds().prints("");
    let ran = Run::new(world(zip(&[]))).args("ls --job-id 100 --json").succeeds();
    assert_eq!(ran.json(), json!({"files": []}));
}

#[test]
fn names_are_printed_harmless_and_are_whole_in_json() {
    let evil = "a\u{1b}[2Jb\nc";
    let ran = Run::new(world(zip(&[(evil, "")]))).args("ls --job-id 100").succeeds();
    ran.prints("0644 0 a\\u{1b}[2Jb\\u{a}c\n");
    let ran = Run::new(world(zip(&[(evil, "")]))).args("ls --job-id 100 --json").succeeds();
    assert_eq!(ran.json()["files"][0]["path"], evil);
}

#[test]
fn a_job_is_found_by_ref_by_address_and_by_waiting() {
    let ran = Run::new(world(long())).args("ls --ref main build").succeeds();
    let by_ref = "GET projects/1/jobs/artifacts/main/download?job=build";
    ran.prints(LONG).asks(&[by_ref, STORE]);
    let fake = Fake::start(world(long()));
    let url = fake.web("group/project-1/-/jobs/100");
    Run::new(&fake).args("ls").arg(url).succeeds().prints(LONG);
    let done = json!([{
        "after": {"request": "GET pipelines/10/jobs", "times": 2},
        "set": [{"job": 100, "status": "success"}],
    }]);
    let late = Run::new(story(long(), "running", &done)).args("ls --from pipeline build --wait");
    assert_eq!(late.succeeds().prints(LONG).pauses.len(), 2);
}

#[test]
fn what_is_missing_is_refused_or_told() {
    Run::new(world(long())).args("ls --from pipeline biuld").fails(3).says("did you mean `build`?");
    let ran = Run::new(world(long())).args("ls --from pipeline biuld --if-missing warn").succeeds();
    ran.prints("").says("`biuld` is missing");
    Run::new(world(long())).args("ls").fails(2).says("no job is named");
}

#[test]
fn a_reader_that_has_seen_enough_and_one_that_wants_nothing_are_no_failure() {
    Run::new(world(long())).args("ls --job-id 100").stdout_holds(5).succeeds();
    Run::new(world(long())).args("ls --job-id 100 --quiet").succeeds().prints("");
}
