//! Destinations on file systems that refuse, fail late or hide removed files, where the machine has
//! `/dev/fuse`; elsewhere these tests say that they are skipped.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::fake::{Fake, Fault};
use crate::folder::items;
use crate::odd_disk::{Manners, OddDisk};
use crate::process::downriver;
use crate::scenes::one_archive;
use crate::zip_builder::{ZipItem, file, link, zip};

/// A mounted file system, and the folder that it is mounted on.
struct Mounted {
    folder: tempfile::TempDir,
    session: Option<fuser::BackgroundSession>,
    syncs: Arc<AtomicUsize>,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            let _ = session.umount_and_join();
        }
    }
}

fn mounted(manners: Manners) -> Option<Mounted> {
    let folder = tempfile::tempdir().unwrap();
    let disk = OddDisk::new(manners);
    let syncs = Arc::clone(&disk.syncs);
    match fuser::spawn_mount2(disk, folder.path(), &fuser::Config::default()) {
        Ok(session) => Some(Mounted { folder, session: Some(session), syncs }),
        Err(error) => {
            println!("skipped: no file system of our own: {error}");
            None
        }
    }
}

fn archive() -> Vec<ZipItem> {
    let noise = |length: u32| -> Vec<u8> {
        (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    };
    vec![file("a", "1"), file("d/e/large", noise(200_000)), file("d/f", "2"), file("g/h", "3")]
}

/// Runs a line there, and returns the exit code and standard error.
fn run(fake: &Fake, at: &Mounted, line: &str) -> (Option<i32>, String) {
    let output = downriver(fake, at.folder.path()).args(line.split(' ')).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn names(at: &Mounted) -> Vec<String> {
    let files = items(at.folder.path()).into_iter().map(|item| item.path);
    files.filter(|path| !path.ends_with('/')).collect()
}

const FILES: [&str; 4] = ["a", "d/e/large", "d/f", "g/h"];

#[test]
fn times_that_cannot_be_set_are_one_warning() {
    let Some(at) = mounted(Manners { no_times: true, ..Manners::default() }) else { return };
    let fake = Fake::start(one_archive(zip(&archive())));
    let (code, said) = run(&fake, &at, "fetch build");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("takes no modification times").count(), 1, "{said}");
    assert_eq!(names(&at), FILES);
}

#[test]
fn modes_that_cannot_be_set_are_no_failure() {
    let fixed = Manners { fixed_modes: true, ..Manners::default() };
    for manners in [fixed, Manners { no_times: true, ..Manners::default() }] {
        let Some(at) = mounted(manners) else { return };
        let mut all = archive();
        all.push(file("run", "#!/bin/sh").mode(0o100_755));
        all.push(file("plain", "x").mode(0o100_640));
        let fake = Fake::start(one_archive(zip(&all)));
        for line in ["fetch build", "fetch build --sync", "fetch build --sync --delete -D new"] {
            let (code, said) = run(&fake, &at, line);
            assert_eq!(code, Some(0), "{line}: {said}");
        }
        fs::write(at.folder.path().join("plain"), "y").unwrap();
        let (code, said) = run(&fake, &at, "fetch build --sync");
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(fs::read(at.folder.path().join("plain")).unwrap(), b"x");
        assert_eq!(run(&fake, &at, "fetch build -o it.zip --dotenv vars.env").0, Some(0));
    }
}

#[test]
fn what_is_durable_is_synced_before_it_is_in_place() {
    let Some(at) = mounted(Manners::default()) else { return };
    let fake = Fake::start(one_archive(zip(&archive())));
    let syncs = |line: &str| {
        let before = at.syncs.load(Ordering::SeqCst);
        let (code, said) = run(&fake, &at, line);
        assert_eq!(code, Some(0), "{line}: {said}");
        at.syncs.load(Ordering::SeqCst) - before
    };
    assert_eq!(syncs("fetch build"), 0);
    assert_eq!(syncs("fetch build -o it.zip --dotenv vars.env"), 0);
    // Each file, the folder that it was staged in, and the one that it was put into.
    let (files, folders) = (FILES.len(), 4);
    assert_eq!(syncs("fetch build --durable"), files + folders + folders);
    assert_eq!(syncs("fetch build --durable -D new"), files + folders + 1);
    assert!(syncs("fetch build --durable -o it.zip") >= 2);
    assert!(syncs("fetch build --durable -o it.zip --dotenv vars.env") >= 4);
}

#[test]
fn links_that_cannot_be_made_become_copies_or_are_told() {
    let Some(at) = mounted(Manners { no_links: true, ..Manners::default() }) else { return };
    let mut all = archive();
    all.push(link("link", "a"));
    let fake = Fake::start(one_archive(zip(&all)));
    let (code, said) = run(&fake, &at, "fetch build");
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read(at.folder.path().join("link")).unwrap(), b"1");
    assert!(said.contains("links cannot be made there"), "{said}");
    let (code, said) = run(&fake, &at, "fetch build --sync");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("5 files the same, 0 changed, 0 new"), "{said}");
    let before = items(at.folder.path());
    let (code, said) = run(&fake, &at, "fetch build --symlinks all");
    assert_eq!(code, Some(9), "{said}");
    assert!(said.contains("cannot make the link") && said.contains("--symlinks copy"), "{said}");
    assert_eq!(items(at.folder.path()), before);
}

#[test]
fn folders_that_cannot_be_renamed_are_made_and_filled() {
    let manners = Manners { no_folder_renames: true, ..Manners::default() };
    let Some(at) = mounted(manners) else { return };
    let fake = Fake::start(one_archive(zip(&archive())));
    for line in ["fetch build", "fetch build", "fetch build -D new/folder"] {
        let (code, said) = run(&fake, &at, line);
        assert_eq!(code, Some(0), "{line}: {said}");
    }
    assert_eq!(names(&at).len(), 8);
    // What was done is undone file by file.
    fs::create_dir(at.folder.path().join("again")).unwrap();
    fs::create_dir(at.folder.path().join("again/g")).unwrap();
    fs::create_dir(at.folder.path().join("again/g/h")).unwrap();
    let before = items(at.folder.path());
    let (code, said) = run(&fake, &at, "fetch build -D again");
    assert_eq!(code, Some(9), "{said}");
    assert_eq!(items(at.folder.path()), before);
}

#[test]
fn a_sync_takes_folders_apart_that_cannot_be_renamed() {
    let manners = Manners { no_folder_renames: true, ..Manners::default() };
    let Some(at) = mounted(manners) else { return };
    let fake = Fake::start(one_archive(zip(&archive())));
    let fill = || {
        for path in ["out/a/deep/in", "out/d/f/in", "out/old/x/y", "out/g/z"] {
            let path = at.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
    };
    fill();
    for line in ["fetch build -D out --sync --delete", "fetch build -D fresh"] {
        let (code, said) = run(&fake, &at, line);
        assert_eq!(code, Some(0), "{line}: {said}");
    }
    let at_path = |name: &str| items(&at.folder.path().join(name));
    assert_eq!(at_path("out"), at_path("fresh"));
}

#[test]
fn errors_told_at_the_end_of_a_file_are_seen_before_anything_is_in_place() {
    let Some(at) = mounted(Manners { quota: Some(100_000), ..Manners::default() }) else { return };
    let fake = Fake::start(one_archive(zip(&archive())));
    for line in ["fetch build", "fetch build -D new", "fetch build --sync", "fetch build -o it.zip"]
    {
        let (code, said) = run(&fake, &at, line);
        assert_eq!(code, Some(9), "{line}: {said}");
        assert!(said.contains("quota"), "{line}: {said}");
        assert_eq!(items(at.folder.path()), [], "{line}");
    }
    // The cache is a convenience: without it the files are complete.
    let elsewhere = tempfile::tempdir().unwrap();
    let line = format!("fetch build --cache cache -D {}", elsewhere.path().display());
    let (code, said) = run(&fake, &at, &line);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::read(elsewhere.path().join("d/e/large")).unwrap().len(), 200_000);
    assert_eq!(names(&at), [] as [&str; 0]);
}

#[test]
fn removed_files_that_live_on_while_they_are_open_keep_no_folder() {
    let manners = Manners { hides_removed: true, ..Manners::default() };
    let Some(at) = mounted(manners) else { return };
    let fake = Fake::start(one_archive(zip(&archive())));
    for line in ["fetch build", "fetch build -o it.zip --dotenv vars", "fetch build --cache c -D e"]
    {
        let (code, said) = run(&fake, &at, line);
        assert_eq!(code, Some(0), "{line}: {said}");
        assert!(!names(&at).iter().any(|name| name.contains(".downriver-")), "{line}");
    }
    let lines = items(at.folder.path());
    assert!(!lines.iter().any(|item| item.path.contains(".downriver-")), "{lines:?}");
    // The cache does not keep an archive of another size than GitLab announces.
    let lying = one_archive(zip(&archive()));
    let other = Fake::start(lying.with(&json!({"set": {"job": 201, "announced_size": 7}})));
    let (code, said) = run(&other, &at, "fetch build --cache other -D other-files");
    assert!(!said.contains("cannot remove"), "{code:?}: {said}");
    let lines = items(at.folder.path());
    assert!(!lines.iter().any(|item| item.path.contains(".downriver-")), "{lines:?}");
    // A signal while the archive is written, which the next run cleans up after.
    fake.fault(Fault::on("GET jobs/*/artifacts").stall(50_000));
    let mut child = downriver(&fake, at.folder.path()).args(["fetch", "build"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let id = child.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
    child.wait().unwrap();
    let (code, said) = run(&fake, &at, "fetch build");
    assert_eq!(code, Some(0), "{said}");
    let lines = items(at.folder.path());
    assert!(!lines.iter().any(|item| item.path.contains(".downriver-")), "{lines:?}");
}
