//! Killed at any moment: the next run into the same place is right, and leaves nothing of either.
//!
//! About thirty moments by default; `DOWNRIVER_KILL_MOMENTS` sets another number.
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::fake::{Fake, Fault};
use crate::folder::{Item, items};
use crate::process::downriver;
use crate::scenes::one_archive;
use crate::zip_builder::{ZipItem, file, zip};

/// Command lines, with all that is temporary: staging, `-o`, `--dotenv` and the cache.
const LINES: [&str; 5] = [
    "fetch build --dotenv vars.env",
    "fetch build -D new/folder",
    "fetch build -o it.zip --dotenv vars.env",
    "fetch build --cache cache -D out",
    "fetch build -D d --sync --delete",
];

/// The signals that end the first run, one after the other.
const SIGNALS: [&[&str]; 3] = [&["KILL"], &["TERM", "KILL"], &["INT", "INT"]];

fn moments() -> usize {
    let set = std::env::var("DOWNRIVER_KILL_MOMENTS").ok();
    set.and_then(|number| number.parse().ok()).unwrap_or(32)
}

fn world() -> Fake {
    let noise = |length: u32| -> Vec<u8> {
        (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    };
    let mut all: Vec<ZipItem> = vec![file("old", "new"), file("d/old", "new")];
    all.extend((0..300).map(|i| file(format!("d/{}/{i}", i % 40), noise(2_000))));
    let fake = Fake::start(one_archive(zip(&all)));
    // Spreads the download over some time, so that it is hit as well.
    fake.fault(
        Fault::on("GET jobs/*/artifacts").first_byte_after(Duration::from_millis(20)).always(),
    );
    fake
}

fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("d")).unwrap();
    for name in ["mine", "old", "d/old"] {
        std::fs::write(place.path().join(name), "old").unwrap();
    }
    place
}

fn start(fake: &Fake, dir: &Path, line: &str) -> Child {
    let mut command = downriver(fake, dir);
    command.args(line.split(' ')).stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null()).spawn().unwrap()
}

fn succeeds(fake: &Fake, dir: &Path, line: &str) {
    let output = downriver(fake, dir).args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

fn outcome(dir: &Path) -> Vec<(String, Vec<u8>)> {
    items(dir).into_iter().map(|Item { path, content, .. }| (path, content)).collect()
}

#[test]
fn a_run_killed_at_any_moment_leaves_nothing_that_the_next_does_not_mend() {
    let fake = world();
    let number = moments();
    for (which, line) in LINES.into_iter().enumerate() {
        let reference = place();
        let begun = Instant::now();
        succeeds(&fake, reference.path(), line);
        let whole = begun.elapsed();
        let expect = outcome(reference.path());
        for moment in (which..number).step_by(LINES.len()) {
            let place = place();
            let signals = SIGNALS[(moment / LINES.len()) % SIGNALS.len()];
            let mut child = start(&fake, place.path(), line);
            std::thread::sleep(whole.mul_f64(moment as f64 / number as f64));
            for signal in signals {
                let id = child.id().to_string();
                let _ = Command::new("kill").args([format!("-{signal}"), id]).output();
            }
            child.wait().unwrap();
            succeeds(&fake, place.path(), line);
            let found = outcome(place.path());
            let names = |all: &[(String, Vec<u8>)]| -> Vec<String> {
                all.iter().map(|(path, _)| path.clone()).collect()
            };
            let what = format!("{line} {signals:?} at {moment} of {number}");
            assert_eq!(names(&found), names(&expect), "{what}");
            assert!(found == expect, "{what}: contents differ");
        }
    }
}

#[test]
fn a_hundred_thousand_staged_files_do_not_delay_the_end() {
    let all: Vec<ZipItem> = (0..100_000).map(|i| file(format!("d{}/{i}", i % 300), "")).collect();
    let fake = Fake::start(one_archive(zip(&all)));
    let place = tempfile::tempdir().unwrap();
    let mut child = start(&fake, place.path(), "fetch build");
    let staged = || {
        let folders = std::fs::read_dir(place.path()).unwrap().flatten();
        let trees = folders.filter_map(|it| std::fs::read_dir(it.path().join("tree/d299")).ok());
        trees.map(Iterator::count).sum::<usize>()
    };
    let begun = Instant::now();
    while staged() < 200 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Instant::now();
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let code = child.wait().unwrap().code();
    assert!(sent.elapsed() < Duration::from_secs(3), "{:?}", sent.elapsed());
    if code == Some(143) {
        // What could not be removed in time goes away with the next run.
        let output =
            downriver(&fake, place.path()).args(["fetch", "build", "--path", "d0/0"]).output();
        assert!(output.unwrap().status.success());
        let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

#[test]
fn a_hangup_ends_as_a_request_to_terminate_and_says_that_nothing_is_left() {
    for (signal, code) in [("HUP", 143), ("TERM", 143), ("INT", 130)] {
        let fake = Fake::start(crate::scenes::downstream(&[crate::scenes::job(201, "build")]));
        fake.fault(Fault::on("GET jobs/201/artifacts").stall(50));
        let place = tempfile::tempdir().unwrap();
        let child = downriver(&fake, place.path()).args(["fetch", "build"]).spawn().unwrap();
        let begun = Instant::now();
        while !fake.log().iter().any(|l| l.short.ends_with("/artifacts") && l.bytes_sent > 0) {
            assert!(begun.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(5));
        }
        Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{signal}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.ends_with("interrupted: nothing was left behind\n"), "{said}");
        assert!(items(place.path()).is_empty());
    }
}
