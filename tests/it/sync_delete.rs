//! `--sync --delete`: what is removed, what stays, and what is refused.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::fake::{Fake, World};
use crate::harness::Run;
use crate::scenes::{downstream, job};

fn world() -> World {
    let files = json!({
        "top.txt": "top", "docs/": "", "docs/a.md": "a", "empty/": "",
        "bin/run": {"text": "run", "mode": "0755"}, "to-run": {"link": "bin/run"},
    });
    let archive = json!({"id": 201, "name": "build", "archive": {"files": files}});
    downstream(&[archive, job(202, "other")])
}

const DELETE: &str = "fetch build -D out --sync --delete";

#[test]
fn files_and_empty_folders_that_no_archive_holds_are_removed() {
    let fake = Fake::start(world());
    let fresh = Run::new(&fake).args("fetch build -D out").succeeds();
    let run = || {
        let run = Run::new(&fake).args(DELETE).file("out/old/deep/x", "").file("out/docs/b", "");
        run.prepared(|work| fs::create_dir_all(work.join("out/none/in")).unwrap())
    };
    let ran = run().args("-v --json").succeeds();
    assert!(ran.items() == fresh.items());
    let removed = ["docs/b", "none/in", "none", "old/deep/x", "old/deep", "old"];
    assert_eq!(ran.json()["fetched"][0]["removed"], json!(removed));
    ran.says("6 removed").says("removed <dir>/out/old/deep/x");
    let ran = run().succeeds();
    ran.says("0 files the same, 0 changed, 4 new, 6 removed").never_says("removed <dir>");
    // Without `--delete` all of it stays.
    let ran = Run::new(&fake).args("fetch build -D out --sync").file("out/old", "").succeeds();
    assert_eq!(ran.read("out/old"), "");
}

#[test]
fn what_exclude_names_and_what_an_archive_holds_stays() {
    let fake = Fake::start(world());
    let run =
        || Run::new(&fake).args(DELETE).file("out/cache/x", "mine").file("out/docs/a.md", "mine");
    let ran = run().args("--exclude cache").succeeds();
    assert_eq!((ran.read("out/cache/x"), ran.read("out/docs/a.md")), ("mine".into(), "a".into()));
    // An excluded file of the archive is neither made equal nor removed.
    let ran = run().args("--exclude docs --exclude 'ca*'").succeeds();
    assert_eq!(
        (ran.read("out/cache/x"), ran.read("out/docs/a.md")),
        ("mine".into(), "mine".into())
    );
    let ran = run().args("--path top.txt").succeeds();
    assert_eq!(ran.files(), ["out/docs/a.md", "out/top.txt"]);
    // The archive holds it below the folder that is removed from its paths.
    let ran = Run::new(&fake).args(DELETE).args("--strip-components 1 --path bin");
    let ran = ran.file("out/a.md", "mine").file("out/top.txt", "").succeeds();
    assert_eq!(ran.files(), ["out/a.md", "out/run"]);
}

#[test]
fn all_archives_count_and_each_job_tells_what_was_removed_from_its_folder() {
    let fake = Fake::start(world());
    let fetch = "fetch build other -D out --sync --delete";
    let ran = Run::new(&fake).args(fetch).file("out/from", "202").file("out/x", "").succeeds();
    ran.says("4 new, 1 removed").says("other (202): 1 file the same, 0 changed, 0 new, 0 removed");
    let run = Run::new(&fake).args(fetch).args("--separate --json").file("out/old-job/x", "");
    let ran = run.file("out/build/y", "").file("out/other/z", "").succeeds();
    let told = ran.json();
    assert_eq!(told["fetched"][0]["removed"], json!(["y", "../old-job/x", "../old-job"]));
    assert_eq!(told["fetched"][1]["removed"], json!(["z"]));
}

#[test]
fn where_a_job_is_missing_nothing_is_removed() {
    let fake = Fake::start(world());
    let run = Run::new(&fake).args("fetch build nowhere -D out --sync --delete --if-missing warn");
    let ran = run.file("out/old", "").succeeds();
    ran.says("nothing is removed, because the artifacts of a job are missing").says("0 removed");
    assert_eq!((ran.read("out/old"), ran.read("out/top.txt")), (String::new(), "top".into()));
}

#[test]
fn where_stripping_leaves_nothing_of_the_archives_nothing_is_removed() {
    let fake = Fake::start(world());
    let run = || Run::new(&fake).args(DELETE).file("out/old", "");
    let ran = run().args("--strip-components 9").succeeds();
    ran.says("--strip-components 9 leaves nothing of the archive").says("0 removed");
    assert_eq!(ran.files(), ["out/old"]);
    assert_eq!(run().args("--strip-components 1").succeeds().files(), ["out/a.md", "out/run"]);
}

#[test]
fn where_a_glob_leaves_a_job_out_nothing_is_removed() {
    let gone = json!({"id": 203, "name": "build-old", "archive": {"gone": 100}});
    let fake = Fake::start(downstream(&[job(201, "build-new"), gone]));
    let run = Run::new(&fake).args("fetch 'build-*' --separate -D out --sync --delete");
    let ran = run.file("out/build-old/from", "203").file("out/build-new/x", "").succeeds();
    ran.says("left out: ").says("nothing is removed");
    assert_eq!(ran.files(), ["out/build-new/from", "out/build-new/x", "out/build-old/from"]);
}

#[test]
fn folders_that_hold_more_than_artifacts_are_refused_before_anything_is_asked() {
    for (dir, why) in [
        (".", "the current folder"),
        ("..", "your home folder"),
        ("../home", "your home folder"),
        ("/", "the root"),
        ("clone", "a git repository"),
    ] {
        let run = Run::new(world()).file("clone/.git/config", "").args("fetch build --sync");
        let ran = run.args("--delete -D").arg(dir).fails(2);
        ran.says(why).says("hint: name a folder").asks(&[]).changes_nothing();
    }
    let run = Run::new(world()).args("trigger 2 --fetch build --sync --delete -D .");
    run.fails(2).asks(&[]);
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_removed_and_not_followed() {
    use std::os::unix::fs::symlink;
    let links = |work: &Path| {
        fs::create_dir_all(work.join("out")).unwrap();
        fs::create_dir(work.join("precious")).unwrap();
        fs::write(work.join("precious/x"), "mine").unwrap();
        symlink("../precious", work.join("out/link")).unwrap();
        symlink("../precious", work.join("out/docs")).unwrap();
    };
    let ran = Run::new(world()).prepared(links).args(DELETE).succeeds();
    assert_eq!(ran.read("precious/x"), "mine");
    ran.check(!ran.tree().iter().any(|line| line.contains("out/link")), "the link is gone");
    assert_eq!(ran.read("out/docs/a.md"), "a");
}

#[cfg(windows)]
#[test]
fn an_unchanged_file_keeps_the_spelling_of_its_name() {
    let fake = Fake::start(world());
    let run = Run::new(&fake).file("out/TOP.txt", "top").file("out/Docs/A.md", "other");
    let ran = run.args(DELETE).succeeds();
    ran.says("1 file the same, 1 changed");
    let files = ran.files();
    ran.check(files.contains(&"out/TOP.txt".to_owned()), "it is left alone");
    ran.check(!files.contains(&"out/top.txt".to_owned()), "it is the same file");
    assert_eq!(ran.read("out/TOP.txt"), "top");
    Run::new(&fake).after(&ran).args(DELETE).succeeds().changes_nothing();
}

#[cfg(windows)]
#[test]
fn a_file_that_is_open_without_sharing_leaves_everything_as_it_was() {
    use std::os::windows::fs::OpenOptionsExt;
    let fake = Fake::start(world());
    // Of the same size, of another one, and one that is to be removed.
    for path in ["out/top.txt", "out/docs/a.md", "out/old"] {
        let mut held = None;
        let run = Run::new(&fake).file("out/bin/run", "another").file(path, "pot");
        let hold = |work: &Path| {
            held = Some(fs::OpenOptions::new().read(true).share_mode(0).open(work.join(path)));
        };
        let ran = run.prepared(hold).args(DELETE).fails(9);
        drop(held);
        assert_eq!((ran.read(path), ran.read("out/bin/run")), ("pot".into(), "another".into()));
    }
}
