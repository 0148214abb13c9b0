//! Signals during a run: it ends soon, and leaves nothing behind.
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::fake::{Fake, Fault};
use crate::folder::items;
use crate::process::downriver;
use crate::scenes::{downstream, job, one_archive};
use crate::zip_builder::{ZipItem, file, zip};

/// The longest time from a signal to the end of the process.
const SOON: Duration = Duration::from_secs(2);

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([format!("-{name}"), id]).status().unwrap();
    assert!(sent.success());
}

/// Waits until a condition holds, and fails after a time limit.
fn until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "nothing happens");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends the signal when `ready`, and checks that the process ends soon and leaves no changes.
fn interrupted(fake: &Fake, line: &str, name: &str, code: i32, ready: impl Fn(&Path) -> bool) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine"), "stays").unwrap();
    let before = items(dir.path());
    let mut child = downriver(fake, dir.path()).args(line.split(' ')).spawn().unwrap();
    until(|| ready(dir.path()));
    let sent = Instant::now();
    signal(&child, name);
    let status = child.wait().unwrap();
    assert!(sent.elapsed() < SOON, "{line} {name}: {:?}", sent.elapsed());
    assert_eq!(status.code(), Some(code), "{line} {name}");
    assert_eq!(items(dir.path()), before, "{line} {name}");
}

#[test]
fn a_signal_ends_a_stalled_download_soon_and_leaves_nothing_behind() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        for line in [
            "fetch build",
            "fetch build -D new/folder",
            "fetch build -o it.zip",
            "fetch build -o -",
        ] {
            let fake = Fake::start(downstream(&[job(201, "build")]));
            fake.fault(Fault::on("GET jobs/201/artifacts").stall(50));
            interrupted(&fake, line, name, code, |_| {
                fake.log().iter().any(|l| l.short.ends_with("/artifacts") && l.bytes_sent > 0)
            });
        }
    }
}

#[test]
fn a_signal_ends_a_wait_and_a_pause_between_tries() {
    let running = crate::scenes::job_with(201, "build", serde_json::json!({"status": "running"}));
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let fake = Fake::start(downstream(std::slice::from_ref(&running)));
        interrupted(&fake, "fetch build --wait --poll-interval 1h", name, code, |_| {
            fake.log().len() > 1
        });
        let fake = Fake::start(downstream(&[job(201, "build")]));
        fake.fault(Fault::on("GET jobs/201/artifacts").status(429).header("Retry-After", "600"));
        interrupted(&fake, "fetch build", name, code, |_| fake.log().len() > 2);
    }
}

/// Returns a large archive whose download stalls in the middle, while it is extracted.
fn stalled() -> Fake {
    let noise = |length: u32| -> Vec<u8> {
        (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    };
    let mut items = vec![file("first", "1"), file("large", noise(3_000_000))];
    items.extend((0..50).map(|i| file(format!("d{i}/x"), noise(20_000))));
    let world = one_archive(zip(&items)).server(serde_json::json!({"archives": "redirect"}));
    let fake = Fake::start(world);
    fake.fault(Fault::on("store/*").stall(2_000_000));
    fake
}

/// Returns if a private folder holds an entry of this name. No other entry is read, because it may
/// be removed meanwhile.
fn private(dir: &Path, name: &str) -> bool {
    std::fs::read_dir(dir).unwrap().flatten().any(|entry| {
        entry.file_name().to_string_lossy().starts_with(".downriver-")
            && std::fs::metadata(entry.path().join(name)).is_ok_and(|file| file.len() > 0)
    })
}

#[test]
fn a_signal_ends_an_archive_that_is_unpacked_as_it_comes() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        for line in ["fetch build", "fetch build -D new/folder"] {
            interrupted(&stalled(), line, name, code, |dir| private(dir, "tree/large"));
        }
    }
}

#[test]
fn what_a_killed_run_has_left_goes_away_with_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let fake = stalled();
    let mut child = downriver(&fake, dir.path()).args(["fetch", "build"]).spawn().unwrap();
    until(|| private(dir.path(), "tree/large"));
    // A second run beside it does not take it for dead.
    let beside = downriver(&fake, dir.path()).args(["fetch", "build", "--path", "first"]).output();
    assert!(beside.unwrap().status.success() && private(dir.path(), "tree/large"));
    signal(&child, "KILL");
    child.wait().unwrap();
    assert!(private(dir.path(), "tree/large"));
    let next = downriver(&fake, dir.path()).args(["fetch", "build"]).output().unwrap();
    assert!(next.status.success());
    let left: Vec<String> = items(dir.path()).iter().map(|item| item.line()).collect();
    assert!(!left.iter().any(|line| line.contains(".downriver-")), "{left:?}");
    assert!(left.iter().any(|line| line.contains("3000000 large")), "{left:?}");
}

#[test]
fn a_signal_while_files_are_put_in_place_leaves_all_or_nothing() {
    let names: Vec<String> = (0..3000).map(|i| format!("d{}/{i}", i % 50)).collect();
    let new: Vec<ZipItem> = names.iter().map(|name| file(name.as_str(), "new")).collect();
    let fake = Fake::start(one_archive(zip(&new)));
    let dir = tempfile::tempdir().unwrap();
    for name in &names {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "old").unwrap();
    }
    let before = items(dir.path());
    let mut child = downriver(&fake, dir.path()).args(["fetch", "build"]).spawn().unwrap();
    let first = dir.path().join(&names[0]);
    until(|| std::fs::read(&first).is_ok_and(|content| content == b"new"));
    signal(&child, "TERM");
    let code = child.wait().unwrap().code();
    let after = items(dir.path());
    if after == before {
        assert_eq!(code, Some(143));
    } else {
        // It came too late, and all of it is there.
        assert_eq!(after.len(), before.len());
        assert!(names.iter().all(|name| std::fs::read(dir.path().join(name)).unwrap() == b"new"));
    }
}
