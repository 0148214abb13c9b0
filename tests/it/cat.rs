//! `cat`: the printed bytes of one file, and the requests for them.

use serde_json::json;

use crate::fake::{Fake, Fault, Origin};
use crate::harness::Run;
use crate::made::{large, spread, world, zip};

const JOB: &str = "GET projects/1/jobs/100";
const API: &str = "GET projects/1/jobs/100/artifacts";
const STORE: &str = "GET store/100/artifacts.zip";

/// Prepares a run with a long archive of these files.
fn on(files: &[(&str, &str)]) -> Run<'static> {
    Run::new(world(spread(&zip(files), 5 << 20)))
}

#[test]
fn one_file_is_one_request() {
    let run = on(&[("docs/a.txt", "one\n"), ("b", "two\n")]);
    let ran = run.args("cat --job-id 100 docs/a.txt").succeeds();
    ran.prints("one\n").asks(&[JOB, "GET projects/1/jobs/100/artifacts/docs/a.txt"]);
    let ran = on(&[("a", "one\n")]).args("cat --ref main build a").succeeds();
    ran.prints("one\n").asks(&["GET projects/1/jobs/artifacts/main/raw/a?job=build"]);
}

#[test]
fn the_path_is_the_last_word_with_a_job_or_an_address_before_it() {
    Run::new("two-repos")
        .args("cat --bridge build-sharecode 'matrix: [linux, x64]' linux-x64/radar")
        .succeeds()
        .prints("#!/bin/sh\necho radar\n");
    let fake = Fake::start(world(zip(&[("a", "one\n")])));
    let (job, pipeline) =
        (fake.web("group/project-1/-/jobs/100"), fake.web("group/project-1/-/pipelines/10"));
    Run::new(&fake).args("cat").arg(job.as_str()).args("a").succeeds().prints("one\n");
    Run::new(&fake)
        .args("cat --from pipeline")
        .arg(pipeline)
        .args("build a")
        .succeeds()
        .prints("one\n");
    Run::new(&fake).args("cat").arg(job.as_str()).fails(2).says("no file is named").asks(&[]);
    Run::new(&fake).args("cat").fails(2).says("no file is named");
    Run::new(&fake).args("cat a").fails(2).says("no job is named");
    Run::new(&fake).args("cat --job-id 100 build a").fails(2).says("named twice");
}

#[test]
fn a_path_with_dots_or_without_a_beginning_is_refused_before_anything_is_sent() {
    for path in ["../a", "a/../b", "./a", "/a", "a//b", ""] {
        let ran = on(&[("a", "one\n")]).args("cat --job-id 100").arg(path).fails(2);
        ran.says("in it").says("write it as").asks(&[]);
    }
}

#[test]
fn odd_names_reach_the_server_as_they_are() {
    for name in ["ä #?%&+.txt", "a b/[1]/c:d", "100%25", "-", "..a", "tree", "tree/a", "x\\y"] {
        let run = on(&[(name, "it\n"), ("other", "no\n")]).args("cat --job-id 100 --").arg(name);
        run.succeeds().prints("it\n");
    }
}

#[test]
fn what_could_be_a_link_is_looked_up_in_few_requests() {
    let fake = Fake::start(world(large()));
    let path = "folder-12/subfolder/file-with-a-name-0012.txt";
    let text = "some text\n".repeat(100);
    Run::new(&fake).args("cat --job-id 100").arg(path).succeeds().prints(&text);
    fake.forget();
    // No file of that name for GitLab, though the archive has it.
    fake.fault(Fault::on(&format!("artifacts/{path}")).case(NO_ENTRY));
    let ran = Run::new(&fake).args("cat --job-id 100").arg(path).succeeds();
    ran.prints(&text).asks(&[JOB, &format!("{API}/{path}"), API, STORE, STORE, STORE]);
    let received = fake.bytes_sent(Origin::Api) + fake.bytes_sent(Origin::Store);
    ran.check(received <= 400_000, &format!("{received} bytes are few"));
    // Without a line break it could be the target of a link.
    let ran = on(&[("version", "1.2.3")]).args("cat --job-id 100 version").succeeds();
    ran.prints("1.2.3").asks(&[JOB, "GET projects/1/jobs/100/artifacts/version", API, STORE]);
}

const NO_ENTRY: &str = "single file: entry not in the zip (answered by workhorse)";

#[test]
fn links_are_followed_inside_the_archive() {
    let files = [
        ("current", "->releases/2"),
        ("releases/2/version", "two\n"),
        ("releases/2/up", "->../../notes"),
        ("releases/2/again", "->../../current/version"),
        ("notes", "notes\n"),
        ("first", "->second"),
        ("second", "->./current/up"),
    ];
    for (path, text) in [
        ("current/version", "two\n"),
        ("current/up", "notes\n"),
        ("current/again", "two\n"),
        ("first", "notes\n"),
        ("releases/2/version", "two\n"),
    ] {
        on(&files).args("cat --job-id 100").arg(path).succeeds().prints(text);
    }
}

#[test]
fn links_that_lead_nowhere_are_refused() {
    let files = [
        ("out", "->../x"),
        ("root", "->/etc/passwd"),
        ("a", "->b"),
        ("b", "->a"),
        ("gone", "->note"),
        ("notes", "notes\n"),
    ];
    for (path, exit, says) in [
        ("out", 6, "link `out` leads out of the archive"),
        ("root", 6, "link `root` leads out of the archive"),
        ("a", 6, "link `a` goes round in circles"),
        ("gone", 3, "no file of the archive matches `gone`"),
    ] {
        on(&files).args("cat --job-id 100").arg(path).fails(exit).says(says).prints("");
    }
}

#[test]
fn a_missing_file_is_told_with_the_nearest_names_in_few_requests() {
    let fake = Fake::start(world(large()));
    let path = "folder-12/subfolder/file-with-a-name-12.txt";
    let ran = Run::new(&fake).args("cat --json --job-id 100").arg(path).fails(3);
    ran.asks(&[JOB, &format!("{API}/{path}"), API, STORE, STORE]);
    let received = fake.bytes_sent(Origin::Api) + fake.bytes_sent(Origin::Store);
    ran.check(received <= 400_000, &format!("{received} bytes are few"));
    let error = &ran.json()["error"];
    assert_eq!(error["candidates"][0], "folder-12/subfolder/file-with-a-name-0012.txt");
    assert_eq!(error["candidates"].as_array().unwrap().len(), 50);
    assert_eq!(error["exit"], 3);
}

#[test]
fn a_folder_is_refused_with_the_names_below_it() {
    let files = [("d/", ""), ("d/a", "1\n"), ("d/e/b", "2\n"), ("dd", "3\n"), ("l", "->d/e")];
    for (path, names) in [("d", json!(["d/a", "d/e/b"])), ("l", json!(["d/e/b"]))] {
        let ran = on(&files).args("cat --json --job-id 100").arg(path).fails(3);
        assert_eq!(ran.json()["error"]["candidates"], names);
    }
    on(&files).args("cat --job-id 100 d/").fails(3).says("there are `d/a`, `d/e/b`");
}

#[test]
fn a_page_in_an_archive_is_a_file_and_a_sign_in_page_is_not() {
    let page = "<!DOCTYPE html><html><title>Report</title></html>\n";
    on(&[("index.html", page)]).args("cat --job-id 100 index.html").succeeds().prints(page);
    let fake = Fake::start(world(zip(&[("a", "one\n")])));
    fake.fault(Fault::on("artifacts/a").sign_in_page());
    Run::new(&fake).args("cat --job-id 100 a").fails(4).says("Sign in").prints("");
}

#[test]
fn a_file_that_is_cut_short_is_asked_for_again_and_printed_once() {
    let fake = Fake::start(world(zip(&[("a", "one\ntwo\n")])));
    fake.fault(Fault::on("artifacts/a").cut(5));
    Run::new(&fake).args("cat --job-id 100 a").succeeds().prints("one\ntwo\n");
    let fake = Fake::start(world(zip(&[("a", "one\ntwo\n")])));
    fake.fault(Fault::on("artifacts/a").always().cut(5));
    Run::new(&fake).args("cat --job-id 100 --retries 1 a").fails(5).prints("");
}

#[test]
fn a_server_without_parts_gives_the_whole_once() {
    let ran =
        Run::new(world(zip(&[("l", "->a"), ("a", "one\n")])).server(json!({"ranges": false})))
            .args("cat --job-id 100 l")
            .succeeds();
    ran.prints("one\n").asks(&[JOB, "GET projects/1/jobs/100/artifacts/l", API, STORE]);
}

#[test]
fn a_damaged_file_is_not_printed() {
    let mut archive = zip(&[("a", "one\ntwo\n")]);
    let at = archive.windows(3).position(|bytes| bytes == b"two").unwrap();
    archive[at] = b'T';
    let fake = Fake::start(world(archive));
    fake.fault(Fault::on("artifacts/a").case(NO_ENTRY));
    let ran = Run::new(&fake).args("cat --job-id 100 a").fails(6);
    ran.says("entry `a` is damaged: invalid checksum").prints("");
}

#[test]
fn who_is_refused_asks_for_nothing_more() {
    for (status, exit) in [(401, 4), (403, 4), (500, 5)] {
        let fake = Fake::start(world(zip(&[("a", "one\n")])));
        fake.fault(Fault::on("artifacts/a").always().status(status));
        let ran = Run::new(&fake).args("cat --job-id 100 --retries 0 a").fails(exit);
        ran.asks(&[JOB, "GET projects/1/jobs/100/artifacts/a"]);
    }
    let gone = world(zip(&[])).with(&json!({"set": {"job": 100, "archive": {"gone": 1}}}));
    let ran = Run::new(gone.with_token("job")).args("cat --job-id 100 a").fails(3);
    ran.says("answered 404");
}

#[test]
fn a_terminal_is_spared_what_is_no_text() {
    let files = [("bin", "MZ\0\n"), ("text", "text\n")];
    let ran = on(&files).args("cat --job-id 100 bin").terminal().fails(2);
    ran.says("`bin` is no text").says("> FILE");
    on(&files).args("cat --job-id 100 bin").binary().succeeds().prints("MZ\0\n");
    on(&files).args("cat --job-id 100 text").terminal().succeeds().prints("text\n");
}

#[test]
fn one_file_is_of_one_job() {
    let ran = Run::new("two-repos").args("cat matrix radar").fails(3);
    ran.says("2 jobs where one is wanted");
    let ran = Run::new("two-repos").args("cat matrix build-repo radar").fails(2);
    ran.says("more than one job is named").asks(&[]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let text = "line\n".repeat(100_000);
    on(&[("a", &text)]).args("cat --job-id 100 a").stdout_holds(1000).succeeds();
}
