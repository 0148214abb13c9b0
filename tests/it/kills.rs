//! Killed at any moment: the next run into the same place is right, and leaves nothing of either.
//!
//! About forty moments by default; `DOWNRIVER_KILL_MOMENTS` sets another number.
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::fake::{Fake, Fault};
use crate::folder::{Item, items};
use crate::process::downriver;
use crate::scenes::one_archive;
use crate::zip_builder::{ZipItem, file, zip};

/// Command lines, with all that is temporary: staging, `-o`, `--dotenv`, the cache, and what `--sync`
/// replaces and `--delete` removes.
const LINES: [&str; 5] = [
    "fetch build --dotenv vars.env",
    "fetch build -D new/folder",
    "fetch build -o it.zip --dotenv vars.env",
    "fetch build --cache cache -D out",
    "fetch build --sync --delete -D synced",
];

/// The signals that end the first run, one after the other.
const SIGNALS: [&[&str]; 3] = [&["KILL"], &["TERM", "KILL"], &["INT", "INT"]];

fn moments() -> usize {
    let set = std::env::var("DOWNRIVER_KILL_MOMENTS").ok();
    set.and_then(|number| number.parse().ok()).unwrap_or(40)
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
    for folder in ["d", "synced/d/3", "synced/gone/below"] {
        std::fs::create_dir_all(place.path().join(folder)).unwrap();
    }
    for name in
        ["mine", "old", "d/old", "synced/old", "synced/d/3/3", "synced/gone/below/x", "synced/y"]
    {
        std::fs::write(place.path().join(name), "old").unwrap();
    }
    place
}

fn start(fake: &Fake, dir: &Path, line: &str) -> Child {
    let mut command = downriver(fake, dir);
    command.args(line.split(' ')).stdout(Stdio::null());
    command.stderr(Stdio::null()).spawn().unwrap()
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
fn many_staged_files_are_gone_after_the_next_run_at_the_latest() {
    let all: Vec<ZipItem> = (0..20_000).map(|i| file(format!("d{}/{i}", i % 300), "")).collect();
    let fake = Fake::start(one_archive(zip(&all)));
    let place = tempfile::tempdir().unwrap();
    let mut child = start(&fake, place.path(), "fetch build");
    let staged = || {
        let folders = std::fs::read_dir(place.path()).unwrap().flatten();
        let trees = folders.filter_map(|it| std::fs::read_dir(it.path().join("tree/d299")).ok());
        trees.map(Iterator::count).sum::<usize>()
    };
    let begun = Instant::now();
    while staged() < 50 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let code = child.wait().unwrap().code();
    // That the removal ends when its time is over is counted in `disk::tests::races`.
    if code == Some(143) {
        // What could not be removed in time goes away with the next run.
        let output =
            downriver(&fake, place.path()).args(["fetch", "build", "--path", "d0/0"]).output();
        assert!(output.unwrap().status.success());
        let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

/// Returns the program with another start of its command line: `env` of coreutils 8.31 and later,
/// which sets the handling of a signal. A process inherits ignored signals, as from `nohup`.
fn by_env(option: &str, program: &Command) -> Option<Command> {
    let supported = Command::new("env").args([option, "true"]).output();
    if !supported.is_ok_and(|output| output.status.success()) {
        println!("skipped: `env {option}` is not supported here");
        return None;
    }
    let mut command = Command::new("env");
    command.arg(option).arg(program.get_program()).args(program.get_args()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(program.get_current_dir().unwrap()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

/// Returns a stalled download, and the start of it.
fn stalled(dir: &Path) -> (Fake, Command) {
    let fake = Fake::start(crate::scenes::downstream(&[crate::scenes::job(201, "build")]));
    fake.fault(Fault::on("GET jobs/201/artifacts").stall(50));
    let mut program = downriver(&fake, dir);
    program.args(["fetch", "build"]);
    (fake, program)
}

fn until_it_downloads(fake: &Fake) {
    let begun = Instant::now();
    while !fake.log().iter().any(|l| l.short.ends_with("/artifacts") && l.bytes_sent > 0) {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    Command::new("kill").args([format!("-{signal}"), id]).status().unwrap();
}

/// Checks that the run ended with this code and left nothing.
fn ended(child: Child, dir: &Path, code: i32) {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.ends_with("interrupted: nothing was left behind\n"), "{said}");
    assert!(items(dir).is_empty());
}

#[test]
fn a_request_to_end_leaves_nothing_and_says_so() {
    for (signal, code) in [("TERM", 143), ("INT", 130)] {
        let place = tempfile::tempdir().unwrap();
        let (fake, mut program) = stalled(place.path());
        let child = program.spawn().unwrap();
        until_it_downloads(&fake);
        send(signal, &child);
        ended(child, place.path(), code);
    }
}

/// Only Linux tells if SIGHUP is ignored; elsewhere it has its default effect.
#[cfg(target_os = "linux")]
#[test]
fn a_hangup_ends_as_a_request_to_terminate_unless_it_is_ignored() {
    for (option, is_ignored) in [("--default-signal=HUP", false), ("--ignore-signal=HUP", true)] {
        let place = tempfile::tempdir().unwrap();
        let (fake, program) = stalled(place.path());
        let Some(mut program) = by_env(option, &program) else { continue };
        let mut child = program.spawn().unwrap();
        until_it_downloads(&fake);
        send("HUP", &child);
        if is_ignored {
            std::thread::sleep(Duration::from_millis(500));
            assert_eq!(child.try_wait().unwrap(), None, "an ignored hangup ends it");
            send("TERM", &child);
        }
        ended(child, place.path(), 143);
    }
}
