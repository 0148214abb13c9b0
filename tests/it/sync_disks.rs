//! `--sync --delete` where other file systems are mounted below the destination, on an overlay file
//! system as containers have it, and on disks that become full.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::disks::{mount, no_leftovers, run, shell};
use crate::fake::Fake;
use crate::folder::items;
use crate::process::downriver;
use crate::scenes::one_archive;
use crate::sync::noise;
use crate::zip_builder::{file, link, zip};

const SYNC: &str = "fetch build -D out --sync --delete";

fn archive() -> Vec<u8> {
    zip(&[
        file("top", noise(30_000, 1)),
        file("vol/same", noise(20_000, 2)),
        file("vol/changed", noise(20_000, 3)),
        file("vol/was-folder", "file"),
        file("vol/was-file/in", "in"),
        file("vol/new/deep/x", "x"),
        file("was-folder", "file"),
        link("vol/link", "same"),
    ])
}

/// Another version of what the archive holds, and more.
fn fill(out: &Path) {
    let write = |path: &str, content: &[u8]| {
        let path = out.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    write("vol/same", &noise(20_000, 2));
    write("vol/changed", &noise(20_000, 4));
    write("vol/was-folder/a/b", b"1");
    write("vol/was-file", b"2");
    write("vol/old/deep/y", b"3");
    write("was-folder/c/d", b"4");
    write("old/e", b"5");
    let odd = fs::Permissions::from_mode(0o750);
    fs::set_permissions(out.join("vol/old"), odd).unwrap();
    fs::set_permissions(out.join("vol/same"), fs::Permissions::from_mode(0o600)).unwrap();
}

fn document(fake: &Fake, dir: &Path, line: &str) -> Value {
    let Output { stdout, stderr, .. } =
        downriver(fake, dir).args(line.split(' ')).output().unwrap();
    let said = String::from_utf8_lossy(&stderr).into_owned();
    serde_json::from_slice(&stdout).unwrap_or_else(|_| panic!("{said}"))
}

/// Asserts that `out` becomes what a fetch into an empty folder makes.
fn becomes_a_fresh_fetch(fake: &Fake, home: &Path) {
    let before = fs::metadata(home.join("out/vol/same")).unwrap();
    let (code, said) = run(fake, home, SYNC);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 file the same (1 mode corrected)"), "{said}");
    assert_eq!(run(fake, home, "fetch build -D fresh").0, Some(0));
    assert_eq!(items(&home.join("out")), items(&home.join("fresh")));
    let after = fs::metadata(home.join("out/vol/same")).unwrap();
    assert_eq!((after.ino(), after.mtime()), (before.ino(), before.mtime()));
    let again = document(fake, home, &format!("{SYNC} --json"));
    assert_eq!(
        (&again["fetched"][0]["files"], &again["fetched"][0]["removed"]),
        (&json!([]), &json!([]))
    );
    no_leftovers(home);
}

/// Asserts that a run fails with exit code 9 and leaves all as it was.
fn fails(fake: &Fake, home: &Path, says: &str) {
    let before = items(home);
    let (code, said) = run(fake, home, SYNC);
    assert_eq!(code, Some(9), "{said}");
    assert!(said.contains(says), "{said}");
    assert_eq!(items(home), before);
}

#[test]
fn volumes_below_the_destination_become_equal_too() {
    let home = tempfile::tempdir().unwrap();
    let volume = home.path().join("out/vol");
    fs::create_dir_all(&volume).unwrap();
    let Some(_mounted) = mount(&["-t", "tmpfs", "-o", "size=1m,mode=755", "none"], &volume) else {
        return;
    };
    let fake = Fake::start(one_archive(archive()));
    fill(&home.path().join("out"));
    becomes_a_fresh_fetch(&fake, home.path());

    // A folder that something is mounted on cannot give way to a file: nothing is done anywhere.
    fs::remove_dir_all(home.path().join("fresh")).unwrap();
    fs::remove_file(home.path().join("out/was-folder")).unwrap();
    let in_the_way = home.path().join("out/was-folder");
    fs::create_dir(&in_the_way).unwrap();
    fs::remove_file(volume.join("was-folder")).unwrap();
    fs::remove_dir_all(volume.join("was-file")).unwrap();
    fill(&home.path().join("out"));
    fs::remove_dir_all(in_the_way.join("c")).unwrap();
    let Some(_other) = mount(&["-t", "tmpfs", "none"], &in_the_way) else { return };
    fails(&fake, home.path(), "cannot remove `");
}

#[test]
fn a_folder_that_something_is_mounted_on_is_emptied_and_stays() {
    let home = tempfile::tempdir().unwrap();
    let volume = home.path().join("out/a/volume");
    fs::create_dir_all(&volume).unwrap();
    let Some(_mounted) = mount(&["-t", "tmpfs", "none"], &volume) else { return };
    fs::create_dir(volume.join("old")).unwrap();
    fs::write(volume.join("old/x"), "").unwrap();
    let fake = Fake::start(one_archive(archive()));
    for removed in [json!(["a/volume/old/x", "a/volume/old"]), json!([])] {
        let told = document(&fake, home.path(), &format!("{SYNC} --json"));
        assert_eq!(told["fetched"][0]["removed"], removed);
        assert_eq!(items(&volume), []);
    }
}

#[test]
fn folders_of_a_lower_layer_are_replaced_and_removed() {
    let home = tempfile::tempdir().unwrap();
    let below = |name: &str| home.path().join(name);
    for name in ["lower", "upper", "scratch", "home"] {
        fs::create_dir(below(name)).unwrap();
    }
    fill(&below("lower/out"));
    let layers = ["lowerdir=lower", "upperdir=upper", "workdir=scratch"];
    let layers = layers.map(|layer| layer.replace('=', &format!("={}/", home.path().display())));
    let options = layers.join(",");
    let arguments = ["-t", "overlay", "-o", &options, "overlay"];
    let Some(_mounted) = mount(&arguments, &below("home")) else { return };
    let fake = Fake::start(one_archive(archive()));
    becomes_a_fresh_fetch(&fake, &below("home"));
}

#[test]
fn a_disk_that_becomes_full_leaves_everything_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let (out, volume) = (home.path().join("out"), home.path().join("out/vol"));
    fs::create_dir(&out).unwrap();
    let Some(_disk) = mount(&["-t", "tmpfs", "-o", "size=400k", "none"], &out) else { return };
    fs::create_dir(&volume).unwrap();
    let Some(_volume) = mount(&["-t", "tmpfs", "-o", "size=100k", "none"], &volume) else { return };
    fill(&out);
    let fake = Fake::start(one_archive(archive()));
    fs::write(out.join("large"), noise(370_000, 5)).unwrap();
    fails(&fake, home.path(), "no space left on");
    // Only the volume has no room: that shows when the staged files are copied there.
    fs::remove_file(out.join("large")).unwrap();
    fs::write(volume.join("large"), noise(40_000, 5)).unwrap();
    fails(&fake, home.path(), "no space left on");
}

#[test]
fn a_limit_of_the_size_of_files_leaves_everything_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    fill(&home.path().join("out"));
    let fake = Fake::start(one_archive(archive()));
    let before = items(home.path());
    for blocks in [1, 4, 40] {
        let output =
            shell(&fake, home.path(), &format!("ulimit -f {blocks}; exec \"$DOWNRIVER\" {SYNC}"));
        assert_eq!(output.status.code(), Some(9), "{output:?}");
        assert_eq!(items(home.path()), before);
    }
}

#[test]
fn runs_at_the_same_time_make_one_tree() {
    let home = tempfile::tempdir().unwrap();
    let fake = Fake::start(one_archive(archive()));
    assert_eq!(run(&fake, home.path(), "fetch build -D fresh").0, Some(0));
    let start = |line: &str| downriver(&fake, home.path()).args(line.split(' ')).spawn().unwrap();
    for _ in 0..4 {
        let _ = fs::remove_dir_all(home.path().join("out"));
        fill(&home.path().join("out"));
        let runs: Vec<_> = (0..4).map(|_| start(SYNC)).collect();
        for run in runs {
            let output = run.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let lines = |name: &str| -> Vec<String> {
            items(&home.path().join(name)).iter().map(|item| item.line()).collect()
        };
        assert_eq!(lines("out"), lines("fresh"));
        assert!(items(&home.path().join("out")) == items(&home.path().join("fresh")));
    }
}
