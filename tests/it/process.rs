//! What only a real process shows: exit status, real streams, the help beside real variables, and
//! signals.

use std::io::Read;
use std::process::{Command, Output, Stdio};

use crate::fake::{Fake, World};
use crate::scenes::{downstream, job};

/// The program, standing where the world's story stands, with nothing else of this process.
pub fn downriver(fake: &Fake, dir: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_downriver"));
    let here = fake.here();
    command
        .env_clear()
        .env("CI_API_V4_URL", fake.api_url())
        .env("CI_PROJECT_ID", here["project"].to_string())
        .env("CI_PIPELINE_ID", here["pipeline"].to_string())
        .env("CI_JOB_TOKEN", fake.token("job").0)
        .env("GITLAB_TOKEN", fake.token("private").0)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Without this, Windows finds no sockets.
    command.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_exit_status_is_the_exit_code() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    let dir = tempfile::tempdir().unwrap();
    for (line, code) in [
        ("fetch build", 0),
        ("fetch biuld", 3),
        ("fetch build --on-conflict fail", 9),
        ("fetch", 2),
        ("", 2),
        ("--version", 0),
    ] {
        let Output { status, stdout, stderr } =
            downriver(&fake, dir.path()).args(line.split_whitespace()).output().unwrap();
        let said = text(&stdout) + &text(&stderr);
        assert_eq!(status.code(), Some(code), "{line}: {said}");
        for secret in fake.secrets() {
            assert!(!said.contains(&secret), "{line}: {said}");
        }
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("from")).unwrap(), "201");
}

#[test]
fn no_help_shows_the_value_of_a_variable() {
    let fake = Fake::start(World::named("two-repos"));
    let dir = tempfile::tempdir().unwrap();
    for line in ["--help", "fetch --help", "fetch -h", "help fetch", "fetch --nonsense"] {
        let Output { stdout, stderr, .. } =
            downriver(&fake, dir.path()).args(line.split(' ')).output().unwrap();
        let said = text(&stdout) + &text(&stderr);
        assert!(said.contains("downriver"), "{line}: {said}");
        for value in [fake.token("job").0, fake.token("private").0, fake.api_url()] {
            assert!(!said.contains(&value), "{line}: {said}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let fake = Fake::start(World::named("two-repos"));
    let dir = tempfile::tempdir().unwrap();
    for line in ["fetch build-repo", "fetch build-repo --json", "fetch build-repo -o -"] {
        let mut child = downriver(&fake, dir.path()).args(line.split(' ')).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{line}: {said}");
        assert!(!said.contains("panicked") && !said.contains("error"), "{line}: {said}");
    }
}

#[cfg(unix)]
mod signals {
    use std::path::Path;
    use std::process::Child;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::fake::Fault;
    use crate::folder::items;

    /// Longer than this nothing may go on after a signal.
    const SOON: Duration = Duration::from_secs(2);

    fn signal(child: &Child, name: &str) {
        let id = child.id().to_string();
        let sent = Command::new("kill").args([format!("-{name}"), id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until this holds; a test that waits in vain fails.
    fn until(holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < Duration::from_secs(20), "nothing happens");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends the signal once `ready`, and checks that all is over soon and as it was before.
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
        let running =
            crate::scenes::job_with(201, "build", serde_json::json!({"status": "running"}));
        for (name, code) in [("INT", 130), ("TERM", 143)] {
            let fake = Fake::start(downstream(std::slice::from_ref(&running)));
            interrupted(&fake, "fetch build --wait --poll-interval 1h", name, code, |_| {
                fake.log().len() > 1
            });
            let fake = Fake::start(downstream(&[job(201, "build")]));
            fake.fault(
                Fault::on("GET jobs/201/artifacts").status(429).header("Retry-After", "600"),
            );
            interrupted(&fake, "fetch build", name, code, |_| fake.log().len() > 2);
        }
    }
}
