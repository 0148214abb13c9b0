//! Flags for archives that are hostile, damaged or merely unusual; `archives` has those that need
//! no flag.

use serde_json::json;

use crate::harness::Run;
use crate::scenes::{downstream, job, one_archive};
use crate::zip_builder::{ZipItem, file, link, zip};

/// Returns an archive of one valid file and these entries.
fn with(items: &[ZipItem]) -> Vec<u8> {
    let mut all = vec![file("good.txt", "good")];
    all.extend_from_slice(items);
    zip(&all)
}

#[test]
fn a_name_is_judged_whether_it_was_chosen_or_not() {
    for bad in [
        file("../a", "x"),
        file("/a", "x"),
        file("good.txt", "bad"),
        file("good.txt/in", "x"),
        file("shut", "x").but(|item| item.flags = 1),
        file("a", "x").but(|item| item.local_name = Some(b"b".to_vec())),
    ] {
        let world = one_archive(with(&[bad]));
        Run::new(world).args("fetch build --path good.txt -D new").fails(6);
    }
    // A link that is not made leads nowhere.
    let world = one_archive(with(&[link("out", "/etc")]));
    assert_eq!(Run::new(world).args("fetch build --exclude out").succeeds().files(), ["good.txt"]);
}

#[test]
fn one_bad_archive_among_several_keeps_them_all_away() {
    let bad = json!({"id": 202, "name": "bad", "archive": {"made": "bad"}});
    let world = downstream(&[job(201, "build"), bad]).made("bad", with(&[file("../a", "x")]));
    Run::new(world).args("fetch build bad -D new").fails(6).says("leaves the destination");
}

#[test]
fn an_archive_of_any_format_is_saved_with_a_warning() {
    let tar = [&[0x1f, 0x8b, 8, 0][..], &[7; 400]].concat();
    for bytes in [b"no archive at all".to_vec(), b"PK\x03\x04 cut".to_vec(), tar] {
        for output in ["it.zip", "-"] {
            let run = Run::new(one_archive(bytes.clone())).binary();
            let ran = run.args("fetch build -o").args(output).succeeds();
            ran.says("warning: reading the artifacts of build (201): ")
                .says("it is saved as it is");
            match output {
                "-" => assert_eq!(ran.raw_stdout, bytes),
                _ => assert_eq!(ran.items()[0].content, bytes),
            }
        }
    }
    // For a closer look at it, what would leave the destination can be kept unopened.
    let world = one_archive(with(&[file("../a", "x")]));
    assert_eq!(Run::new(world).args("fetch build -o it.zip").succeeds().files(), ["it.zip"]);
}

#[cfg(unix)]
#[test]
fn links_are_kept_left_out_copied_or_taken_as_they_are() {
    let world = || {
        one_archive(with(&[
            file("d/run", "run").mode(0o100_755),
            link("d/inside", "run"),
            link("outside", "../../elsewhere"),
        ]))
    };
    let inside = || one_archive(with(&[file("d/run", "run"), link("inside", "d/run")]));
    Run::new(world()).args("fetch build").fails(6).says("--symlinks skip leaves links out");
    let lines = |world: crate::fake::World, how: &str| -> Vec<String> {
        let ran = Run::new(world).args("fetch build --symlinks").args(how).succeeds();
        ran.tree().into_iter().filter(|line| line.contains("side")).collect()
    };
    assert_eq!(lines(inside(), "keep-inside"), ["inside -> d/run"]);
    assert_eq!(lines(world(), "all"), ["d/inside -> run", "outside -> ../../elsewhere"]);
    assert_eq!(lines(world(), "skip"), [] as [&str; 0]);
    assert_eq!(lines(inside(), "copy"), ["0644 3 inside"]);
    let ran = Run::new(world()).args("fetch build --symlinks skip").succeeds();
    ran.says("left out `d/inside`, `outside`: links are skipped");
    assert_eq!(ran.files(), ["d/run", "good.txt"]);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_unpacked() {
    let world = || one_archive(with(&[file("big", vec![0; 5000])]));
    let ran = Run::new(world()).args("fetch build --max-size 5000").fails(6);
    ran.says("unpacked it would be 5004 bytes, and 5000 are allowed").says("--max-size allows");
    Run::new(world()).args("fetch build --max-size 5004").succeeds();
    Run::new(world()).args("fetch build --max-size 10 --path good.txt").succeeds();
    let ran = Run::new(world()).args("fetch build --max-entries 1").fails(6);
    ran.says("it has 2 entries, and 1 are allowed").says("--max-entries allows more");
    Run::new(world()).args("fetch build --max-entries 2").succeeds();
}

#[test]
fn a_path_is_not_too_long_for_windows_either() {
    // More than the 260 that old programs there can do.
    let deep = format!("{}/end", ["folder"; 60].join("/"));
    let ran = Run::new(one_archive(zip(&[file(&*deep, "x")]))).args("fetch build").succeeds();
    assert_eq!(ran.files(), [deep.as_str()]);
    let ran = Run::new(one_archive(zip(&[file("a", "x")]))).args("fetch build -D").arg(&deep);
    assert_eq!(ran.succeeds().files(), [format!("{deep}/a")]);
}

#[test]
fn honest_names_that_look_odd_are_taken() {
    let long = "n".repeat(255);
    let mut names = vec!["foo..bar", "..x", ".hidden", "-rf", "...", "a b", "讀我.md", &long];
    // Windows drops dots at the end of a name, so there it is refused.
    names.retain(|name| cfg!(not(windows)) || *name != "...");
    let items: Vec<ZipItem> = names.iter().map(|name| file(name, "x")).collect();
    let ran = Run::new(one_archive(zip(&items))).args("fetch build").succeeds();
    let mut expect: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    expect.sort();
    assert_eq!(ran.files(), expect);
}

#[cfg(unix)]
#[test]
fn modes_are_those_of_a_careful_program() {
    let mode = |mode: u32| {
        let bytes = zip(&[file("f", "x").mode(mode)]);
        let ran = Run::new(one_archive(bytes)).args("fetch build").succeeds();
        ran.items()[0].mode
    };
    // Whatever the umask of the test is, it takes nothing from the owner.
    for (given, owner) in [(0o100_755, 0o700), (0o104_755, 0o700), (0o100_644, 0o600), (0, 0o600)] {
        let landed = mode(given);
        assert_eq!(landed & 0o7700, owner, "{given:o} became {landed:o}");
    }
    assert_ne!(mode(0o100_000) & 0o400, 0, "a file without any permission can be read");
}

#[test]
fn devices_are_left_out_and_the_rest_is_taken() {
    let ran = Run::new(one_archive(with(&[file("dev", "").mode(0o020_644)])))
        .args("fetch build")
        .succeeds();
    ran.says("left out `dev`: neither file nor folder nor link");
    assert_eq!(ran.files(), ["good.txt"]);
}

#[test]
fn an_archive_without_files_leaves_a_folder() {
    let ran = Run::new(one_archive(zip(&[]))).args("fetch build -D new --json").succeeds();
    assert_eq!(ran.json()["fetched"][0]["files"], json!([]));
}
