//! Destinations of `fetch`: folders, files, patterns, and files that exist already.

use std::fs;

use serde_json::{Value, json};

use crate::fake::World;
use crate::harness::Run;
use crate::ran::slashed;
use crate::scenes::downstream;

/// Returns a world with one job, `build`, and a small tree of files.
fn world() -> World {
    let files = json!({
        "top.txt": "top", "docs/": "", "docs/a.md": "a", "docs/deep/b.md": "b",
        "bin/run": {"text": "run", "mode": "0755"}, "to-run": {"link": "bin/run"},
    });
    downstream(&[json!({"id": 201, "name": "build", "archive": {"files": files}})])
}

#[test]
fn the_flags_about_files_choose_and_move() {
    let all = "bin/run docs/a.md docs/deep/b.md to-run top.txt";
    for (line, expect) in [
        ("", all.to_owned()),
        ("-D .", all.to_owned()),
        (
            "--dir ./out/../here",
            all.replace("bin", "here/bin")
                .replace(" docs", " here/docs")
                .replace(" to", " here/to"),
        ),
        ("-D x/y --path top.txt", "x/y/top.txt".into()),
        ("--path docs", "docs/a.md docs/deep/b.md".into()),
        ("--path docs/", "docs/a.md docs/deep/b.md".into()),
        ("--path 'docs/*'", "docs/a.md".into()),
        ("--path '**/*.md'", "docs/a.md docs/deep/b.md".into()),
        ("--path '*.txt' --path bin", "bin/run top.txt".into()),
        ("--exclude docs", "bin/run to-run top.txt".into()),
        ("--path docs --exclude '**/b.*'", "docs/a.md".into()),
        ("--strip-components 1", "a.md deep/b.md run".into()),
        ("--strip-components 2", "b.md".into()),
        ("--path docs --strip-components 1 -D out", "out/a.md out/deep/b.md".into()),
        ("--separate --path top.txt", "build/top.txt".into()),
        ("--separate -D out --path top.txt", "out/build/top.txt".into()),
    ] {
        let run = Run::new(world()).args("fetch build --list").args(line);
        let ran = if line.contains("..") {
            run.prepared(|work| fs::create_dir(work.join("out")).unwrap()).succeeds()
        } else {
            run.succeeds()
        };
        let expect: Vec<&str> = expect.split(' ').collect();
        assert_eq!(ran.files(), expect, "{line}");
        let printed = slashed(&ran.stdout);
        let mut printed: Vec<&str> = printed.lines().collect();
        printed.sort_unstable();
        if !line.contains("..") {
            let relative = expect
                .iter()
                .map(|path| path.trim_start_matches("out/").trim_start_matches("x/y/"));
            assert_eq!(printed, relative.collect::<Vec<_>>(), "{line}");
        }
    }
}

#[test]
fn an_absolute_folder_is_taken_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("out");
    let ran = Run::new(world()).args("fetch build --path top.txt -D").arg(&dir).succeeds();
    assert_eq!(fs::read_to_string(dir.join("top.txt")).unwrap(), "top");
    assert!(ran.files().is_empty());
}

#[test]
fn a_pattern_that_chooses_nothing_is_nothing_to_take() {
    for line in ["--path nowhere", "--exclude '**'", "--path docs --exclude docs"] {
        let ran = Run::new(world()).args("fetch build -D new").args(line).fails(3);
        ran.says("no file of the archive matches");
    }
    let ran = Run::new(world()).args("fetch build --path tip.txt").fails(3);
    ran.says("there are `top.txt`").says("hint: did you mean `top.txt`?");
}

#[test]
fn stripping_everything_away_is_said() {
    let ran = Run::new(world()).args("fetch build --strip-components 9").succeeds();
    ran.says("--strip-components 9 leaves nothing of the archive").prints("");
}

#[test]
fn the_archive_itself_can_be_kept() {
    let fake = crate::fake::Fake::start(world());
    let out = Run::new(&fake).binary().args("fetch build -o -").succeeds();
    assert!(out.raw_stdout.starts_with(b"PK\x03\x04") && out.files().is_empty());
    for line in ["-o it.zip", "--output ./it.zip"] {
        let ran = Run::new(&fake).args("fetch build").args(line).succeeds();
        assert_eq!(ran.files(), ["it.zip"]);
        assert_eq!(ran.items()[0].content, out.raw_stdout);
        ran.prints("").says("[4/4] build (201): ").says(" in <dir>/it.zip");
    }
    let over = Run::new(&fake).file("it.zip", "old").args("fetch build -o it.zip").succeeds();
    assert_eq!(over.items()[0].content, out.raw_stdout);
    let quiet = Run::new(&fake).binary().args("fetch build -q -o -").succeeds();
    assert_eq!(quiet.raw_stdout, out.raw_stdout);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn an_archive_is_not_poured_into_a_terminal() {
    let ran = Run::new(world()).terminal().args("fetch build -o -").fails(2);
    ran.says("an archive is nothing for a terminal").asks(&[]);
}

#[test]
fn the_place_for_an_archive_must_be_one() {
    let folder = |work: &std::path::Path| fs::create_dir(work.join("out")).unwrap();
    for file in ["out", "out/", "new/", ".", "..", "./out/.", "new/.", "new/.."] {
        let run = Run::new(world()).prepared(folder).args("fetch build -o").arg(file);
        let says = format!("`{file}` is a folder, and --output names a file");
        run.fails(2).says(&says).asks(&[]);
    }
    Run::new(world()).args("fetch build -o missing/it.zip").fails(9).says("cannot write");
}

#[test]
fn files_that_are_there_already_are_overwritten_or_skipped_or_a_reason_to_fail() {
    let run = || Run::new(world()).file("docs/a.md", "mine").file("other", "stays");
    let ran = run().args("fetch build").succeeds();
    assert_eq!((ran.read("docs/a.md"), ran.read("other")), ("a".into(), "stays".into()));
    let ran = run().args("fetch build --on-conflict overwrite --json").succeeds();
    assert_eq!(ran.read("docs/a.md"), "a");

    let ran = run().args("fetch build --on-conflict skip --json").succeeds();
    assert_eq!((ran.read("docs/a.md"), ran.read("docs/deep/b.md")), ("mine".into(), "b".into()));
    let paths = ran.json()["fetched"][0]["files"].clone();
    let paths: Vec<_> = paths.as_array().unwrap().iter().map(|f| f["path"].clone()).collect();
    assert!(!paths.contains(&json!("docs/a.md")) && paths.contains(&json!("top.txt")), "{paths:?}");

    let ran = run().args("fetch build --on-conflict fail").fails(9);
    ran.says("`<dir>/docs/a.md` is there already");
    Run::new(world()).args("fetch build --on-conflict fail").succeeds();
}

#[test]
fn a_kept_archive_heeds_what_is_there_already_too() {
    let run = || Run::new(world()).file("it.zip", "mine");
    run()
        .args("fetch build -o it.zip --on-conflict fail")
        .fails(9)
        .says("is there already")
        .asks(&[]);
    let ran = run().args("fetch build -o it.zip --on-conflict skip").succeeds();
    assert_eq!(ran.read("it.zip"), "mine");
    Run::new(world()).args("fetch build -o it.zip --on-conflict fail").succeeds();
}

#[test]
fn what_is_of_another_kind_is_never_replaced() {
    for how in ["overwrite", "skip", "fail"] {
        let run = || Run::new(world()).args("fetch build --on-conflict").args(how);
        run().file("docs", "a file").fails(9).says("docs`: a file is in the way");
        run().file("top.txt/in", "").fails(9).says("top.txt`: a folder is in the way");
    }
}

#[test]
fn two_jobs_may_share_folders_and_where_they_share_a_path_one_wins() {
    let world = || {
        let archive = |id: u64, name: &str, own: &str| {
            let files = json!({"shared/": "", "shared/both": name, own: name});
            json!({"id": id, "name": name, "archive": {"files": files}})
        };
        downstream(&[archive(201, "one", "shared/1"), archive(202, "two", "shared/2")])
    };
    let all = ["shared/1", "shared/2", "shared/both"];
    for (line, wins) in [
        ("one two", "two"),
        ("two one", "one"),
        ("one two --on-conflict skip", "one"),
        ("two one --on-conflict skip", "two"),
    ] {
        let ran = Run::new(world()).args("fetch --list").args(line).succeeds();
        assert_eq!(ran.files(), all);
        ran.check(ran.read("shared/both") == wins, &format!("{wins} wins"));
        ran.says("warning: `shared/both` is in the archives of both");
        ran.says(&format!("; that of `{wins} ("));
        let printed = slashed(&ran.stdout).lines().filter(|line| *line == "shared/both").count();
        assert_eq!(printed, 1, "{line}");
    }
    let ran = Run::new(world()).args("fetch one two --on-conflict fail").fails(9);
    ran.says("`shared/both` is in the archives of both").says("--separate");
    let ran = Run::new(world()).args("fetch one two --separate").succeeds();
    ran.never_says("warning");
    assert_eq!(ran.files(), ["one/shared/1", "one/shared/both", "two/shared/2", "two/shared/both"]);
}

#[test]
fn a_folder_of_ones_own_is_named_after_the_job_as_far_as_names_go() {
    for (name, folder) in [
        ("a/b\\c", "a_b_c"),
        ("build: [x, y]", "build_ [x, y]"),
        ("..", "__"),
        ("con", "_con"),
        ("what?*", "what__"),
    ] {
        let job = json!({"id": 201, "name": name, "archive": {"files": {"f": ""}}});
        let ran = Run::new(downstream(&[job])).args("fetch --separate").arg(name).succeeds();
        assert_eq!(ran.files(), [format!("{folder}/f")], "{name}");
    }
}

#[cfg(unix)]
#[test]
fn the_destination_may_be_a_link_but_nothing_is_written_through_one_inside() {
    use std::os::unix::fs::symlink;
    let ran = Run::new(world())
        .prepared(|work| {
            fs::create_dir(work.join("real")).unwrap();
            symlink("real", work.join("out")).unwrap();
        })
        .args("fetch build --path top.txt -D out")
        .succeeds();
    assert_eq!(ran.read("real/top.txt"), "top");

    let inside = |work: &std::path::Path| {
        fs::create_dir(work.join("elsewhere")).unwrap();
        symlink("elsewhere", work.join("docs")).unwrap();
    };
    let ran = Run::new(world()).prepared(inside).args("fetch build").fails(9);
    ran.says("a link is in the way");

    let leaf = |work: &std::path::Path| {
        fs::write(work.join("precious"), "mine").unwrap();
        symlink("precious", work.join("top.txt")).unwrap();
    };
    let ran = Run::new(world()).prepared(leaf).args("fetch build").succeeds();
    assert_eq!((ran.read("precious"), ran.read("top.txt")), ("mine".into(), "top".into()));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_found_before_anything_is_asked() {
    let ran = Run::new(world()).file("out", "a file").args("fetch build -D out/in").fails(9);
    ran.says("something that is no folder is in the way").asks(&[]);
}

/// As the copying of artifacts in other tools: all files into one folder.
#[test]
fn files_can_be_extracted_without_their_folders() {
    let files = json!({
        "bin/run": {"text": "run", "mode": "0755"}, "lib/deep/a.so.1": "so",
        "lib/deep/a.so": {"link": "a.so.1"}, "empty/": "", "top": "top",
        "same/x": "equal", "other/x": "equal",
    });
    let world = |files: &Value| {
        downstream(&[json!({"id": 201, "name": "build", "archive": {"files": files}})])
    };
    for args in ["", "--sync", "--on-conflict skip", "--path '**'", "--separate"] {
        let run = Run::new(world(&files)).args("fetch build -D out --flatten").args(args);
        let ran = run.succeeds();
        let dir = if args == "--separate" { "out/build" } else { "out" };
        let found = ran.files();
        assert_eq!(found.len(), 5, "{args}: {found:?}");
        assert_eq!(ran.read(&format!("{dir}/run")), "run");
        assert_eq!(ran.read(&format!("{dir}/a.so.1")), "so");
        let link = ran.items().into_iter().find(|item| item.path == format!("{dir}/a.so")).unwrap();
        let target = link.target.as_deref().and_then(|target| target.to_str());
        // Where links cannot be created, the target is copied.
        assert_eq!(target, cfg!(unix).then_some("a.so.1"));
        assert_eq!(ran.read(&format!("{dir}/x")), "equal");
    }
    let clash = json!({"a/x": "one", "b/x": "two", "top": "top"});
    let ran = Run::new(world(&clash)).args("fetch build --flatten").fails(6);
    ran.says("two entries with different contents would both be `x`").changes_nothing();
    Run::new(world(&clash)).args("fetch build --flatten --path a").succeeds();
    // A link to another folder would lead out of DIR.
    let leaves = json!({"a/to": {"link": "../b/x"}, "b/x": "x"});
    if cfg!(unix) {
        Run::new(world(&leaves)).args("fetch build --flatten").fails(6).changes_nothing();
    }
    let ran = Run::new(world(&leaves)).args("fetch build --flatten --symlinks copy").succeeds();
    assert_eq!((ran.read("to"), ran.read("x")), ("x".to_owned(), "x".to_owned()));
    for other in ["--strip-components 1", "-o it.zip", "--sync --delete -D out"] {
        Run::new(world(&clash)).args("fetch build --flatten").args(other).fails(2);
    }
}
