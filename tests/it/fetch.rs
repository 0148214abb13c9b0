//! `fetch` in its main form: upstream pipeline, bridges, downstream pipeline, job, archive, files.

use serde_json::json;

use crate::fake::{Fake, Fault, Origin, World};
use crate::folder::takes_links;
use crate::harness::Run;
use crate::ran::slashed;
use crate::scenes::{LOOKUP, downstream, job, job_with};

/// Returns the files of the archives that GitLab's runner wrote. `current` is a link to a folder,
/// which is not copied where links cannot be created.
fn sharecode() -> Vec<&'static str> {
    let mut files = SHARECODE.to_vec();
    files.retain(|file| takes_links() || *file != "current");
    files
}

const SHARECODE: [&str; 8] = [
    "current",
    "docs/space name (1).txt",
    "docs/讀我.md",
    "sharecode/bin/run.sh",
    "sharecode/empty",
    "sharecode/lib/sharecode.dll",
    "sharecode/run",
    "sharecode/version.json",
];

#[test]
fn the_simple_case_is_three_requests_on_one_connection() {
    let fake = Fake::start(World::named("two-repos").server(json!({"archives": "direct"})));
    let ran = Run::new(&fake).args("fetch build-repo --bridge build-sharecode").succeeds();
    ran.asks(&[
        "GET projects/70/pipelines/9001/bridges?per_page=100&page=1",
        "GET projects/93/pipelines/9002/jobs?per_page=100&page=1",
        "GET projects/93/jobs/70108/artifacts",
    ]);
    assert_eq!(fake.connections(Origin::Api), 1);
    assert_eq!(fake.connections(Origin::Store), 0);
}

#[test]
fn an_archive_in_object_storage_costs_one_request_more() {
    let fake = Fake::start(World::named("two-repos"));
    let ran = Run::new(&fake).args("fetch build-repo --bridge build-sharecode").succeeds();
    ran.asks(&[
        "GET projects/70/pipelines/9001/bridges?per_page=100&page=1",
        "GET projects/93/pipelines/9002/jobs?per_page=100&page=1",
        "GET projects/93/jobs/70108/artifacts",
        "GET store/70108/artifacts.zip",
    ]);
    assert_eq!((fake.connections(Origin::Api), fake.connections(Origin::Store)), (1, 1));
}

#[test]
fn the_files_of_the_runner_land_with_their_modes_and_links() {
    let ran = Run::new("two-repos").args("fetch build-repo -D out").succeeds();
    let items = ran.items();
    let line = |path: &str| {
        let found = items.iter().find(|item| item.path == format!("out/{path}"));
        found.map(crate::folder::Item::line).unwrap_or_default()
    };
    assert!(
        line("sharecode/lib/sharecode.dll").ends_with(" 12000 out/sharecode/lib/sharecode.dll")
    );
    assert!(line("empty-dir/").ends_with("out/empty-dir/"));
    #[cfg(unix)]
    {
        assert!(line("sharecode/bin/run.sh").starts_with("0755 "));
        assert!(line("sharecode/version.json").starts_with("0600 "));
        assert_eq!(line("sharecode/run"), "out/sharecode/run -> bin/run.sh");
        assert_eq!(line("current"), "out/current -> sharecode");
    }
    let dll = std::fs::metadata(ran.place.path().join("work/out/sharecode/lib/sharecode.dll"));
    let date = dll.unwrap().modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(date.as_secs(), 1_777_629_600, "2026-05-01 10:00:00 UTC");
}

#[test]
fn the_paths_are_printed_and_the_steps_are_told_beside_them() {
    let ran =
        Run::new("two-repos").args("fetch build-repo --list --bridge build-sharecode").succeeds();
    let printed = slashed(&ran.stdout);
    let mut printed: Vec<&str> = printed.lines().collect();
    printed.sort_unstable();
    assert_eq!(printed, sharecode());
    ran.says("[1/4] pipeline 9001 of project shop/linebot: 4 bridges\n")
        .says("[2/4] bridge `build-sharecode`: pipeline 9002 of project shop/radar-sharecode (success)\n")
        .says("[3/4] job build-repo (70108), success, 5.5 KiB\n")
        .says("[4/4] build-repo (70108): 5.5 KiB in 0.0 s\n")
        .says(&format!("[4/4] build-repo (70108): {} files (", sharecode().len()));
    let silent = Run::new("two-repos").args("fetch build-repo --bridge build-sharecode");
    silent.succeeds().prints("");
    let quiet = Run::new("two-repos").args("fetch build-repo --list -q -D out");
    quiet.succeeds().prints("");
}

#[test]
fn archives_of_every_writer_land() {
    for (file, some) in [
        ("runner-legacy", "sharecode/version.json"),
        ("runner-fastzip", "sharecode/version.json"),
        ("runner-fastzip-level-fastest", "sharecode/version.json"),
        ("dot-entries", "sub/a.txt"),
        ("zip64-python", ""),
        ("zip64-infozip", ""),
        ("zip64-python-pipe", "one.txt"),
    ] {
        let archive = json!({"file": format!("archives/{file}.zip")});
        let world = downstream(&[json!({"id": 201, "name": "build", "archive": archive})]);
        let ran = Run::new(world).args("fetch build").succeeds();
        let files = ran.files();
        assert!(!files.is_empty(), "{file}");
        assert!(some.is_empty() || files.iter().any(|path| path == some), "{file}: {files:?}");
        if file.starts_with("runner") {
            assert_eq!(files, sharecode(), "{file}");
        }
    }
}

#[test]
fn however_gitlab_hands_an_archive_out_it_lands() {
    for archives in ["redirect", "direct", "proxied"] {
        for etag in ["strong", "weak", "none"] {
            let world = downstream(&[job(201, "build")]);
            let world = world.server(json!({"archives": archives, "etag": etag}));
            let ran = Run::new(world).args("fetch build").succeeds();
            assert_eq!(ran.read("from"), "201", "{archives} {etag}");
        }
    }
}

#[test]
fn however_the_length_of_an_archive_is_told_it_lands() {
    let archive = || Fault::on("GET jobs/201/artifacts");
    for (what, fault) in [
        ("in chunks", archive().chunked()),
        ("not at all", archive().until_close()),
        ("with more behind it", archive().extra("surplus")),
    ] {
        let fake = Fake::start(downstream(&[job(201, "build")]));
        fake.fault(fault);
        let ran = Run::new(&fake).args("fetch build").succeeds();
        ran.check(ran.read("from") == "201", what);
    }
}

#[test]
fn an_archive_shorter_than_its_job_says_is_whole_where_its_end_is_told() {
    let archive = || Fault::on("GET jobs/201/artifacts").always();
    let short = job_with(201, "build", json!({"announced_size": 100_000}));
    for (fault, exit) in [
        (archive(), 0),
        (archive().chunked(), 0),
        (archive().chunked().cut(40), 5),
        (archive().until_close(), 5),
    ] {
        let fake = Fake::start(downstream(std::slice::from_ref(&short)));
        fake.fault(fault);
        Run::new(&fake).args("fetch build --retries 0").exits(exit);
    }
}

#[test]
fn a_job_token_is_enough_on_a_newer_server() {
    let world = downstream(&[job(201, "build")]).with_token("job");
    let ran = Run::new(world).args("fetch build").succeeds();
    ran.asks(&[LOOKUP[0], LOOKUP[1], "GET projects/2/jobs/201/artifacts"]);
}

#[test]
fn a_child_pipeline_of_the_same_project_is_a_downstream_pipeline() {
    let ran = Run::new("two-repos").args("fetch 'unit: client'").succeeds();
    assert_eq!(ran.files(), ["coverage/index.html"]);
}

#[test]
fn fetching_again_changes_nothing_and_succeeds() {
    let first = Run::new("two-repos").args("fetch build-repo").succeeds();
    let again = Run::new("two-repos").after(&first).args("fetch build-repo").succeeds();
    again.changes_nothing();
}
