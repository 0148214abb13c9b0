//! `--mtime`: the modification times of files and folders.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::json;

use crate::fake::{Fake, World};
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::{downstream, job};

const COMMITTED: &str = "2026-03-01T08:00:00Z";

fn world() -> World {
    let files = json!({"docs/": "", "docs/a": "a", "b": "b"});
    let build = json!({"id": 201, "name": "build", "archive": {"files": files}});
    let sha = "aaaa5678aaaa5678aaaa5678aaaa5678aaaa5678";
    let commits = json!({sha: {"committed_date": "2026-03-01T10:00:00.000+02:00"}});
    downstream(&[build, job(202, "other")])
        .with(&json!({"set": [{"project": 2, "commits": commits}, {"pipeline": 20, "sha": sha}]}))
}

/// The modification times of two files and a folder, in seconds.
fn times(ran: &Ran) -> Vec<i64> {
    let time = |path: &str| {
        let found = fs::metadata(ran.place.path().join("work").join(path)).unwrap();
        Timestamp::try_from(found.modified().unwrap()).unwrap().as_second()
    };
    // Windows gives folders the time of their creation.
    let paths = if cfg!(windows) { &["b", "docs/a"][..] } else { &["b", "docs/a", "docs"] };
    paths.iter().map(|path| time(path)).collect()
}

#[test]
fn files_and_folders_get_the_time_that_was_asked_for() {
    let fake = Fake::start(world());
    let all = |ran: &Ran, seconds: i64| assert!(times(ran).iter().all(|it| *it == seconds));
    let archive = Run::new(&fake).args("fetch build").succeeds();
    let in_archive = times(&archive)[0];
    all(&archive, in_archive);
    all(&Run::new(&fake).args("fetch build --mtime archive").succeeds(), in_archive);
    let committed: Timestamp = COMMITTED.parse().unwrap();
    assert_ne!(committed.as_second(), in_archive);
    for line in ["fetch build", "fetch build other", "fetch build --path docs --path b"] {
        let ran = Run::new(&fake).args(line).args("--mtime commit").succeeds();
        all(&ran, committed.as_second());
        ran.never_says("warning");
    }
    let now = times(&Run::new(&fake).args("fetch build --mtime now").succeeds());
    assert!(now.iter().all(|it| *it == now[0] && *it > committed.as_second()), "{now:?}");
}

#[test]
fn where_the_commit_has_no_time_the_archive_gives_it_with_a_warning() {
    // With a job token and a job id alone, GitLab tells nothing of the job.
    let fake = Fake::start(world());
    let archive = times(&Run::new(&fake).args("fetch build").succeeds());
    let run = Run::new(&fake).args("fetch --ref main -R 2 build --mtime commit");
    let ran = run.succeeds();
    ran.says("warning: build").says("does not tell the time of its commit");
    assert_eq!(times(&ran), archive);
}

#[test]
fn a_sync_dates_only_what_it_writes() {
    let fake = Fake::start(world());
    let first = Run::new(&fake).args("fetch build").succeeds();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let spoil = |work: &Path| {
        let date = |path: &str| {
            let file = fs::File::options().append(true).open(work.join(path)).unwrap();
            file.set_modified(old).unwrap();
        };
        date("docs/a");
        fs::write(work.join("b"), "another").unwrap();
    };
    let run = Run::new(&fake).after(&first).prepared(spoil);
    let ran = run.args("fetch build --sync --mtime commit").succeeds();
    let committed: Timestamp = COMMITTED.parse().unwrap();
    assert_eq!(times(&ran)[..2], [committed.as_second(), 1_000_000]);
    ran.says("1 file the same, 1 changed");
}
