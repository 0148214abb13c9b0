//! Tests that need a real process: exit status, real streams, help with real variables, and limits
//! of the system. Signals have a file of their own.

use std::io::Read;
#[cfg(unix)]
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::fake::{Fake, World};
use crate::scenes::{downstream, job};
#[cfg(unix)]
use crate::scenes::{job_with, one_archive};

/// Returns the program as a command in the world's current job, without this process's variables.
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

#[cfg(unix)]
#[test]
fn where_there_is_no_folder_for_what_is_temporary_another_can_be_named() {
    let reports = serde_json::json!({"reports": ["junit"]});
    let fake = Fake::start(downstream(&[job_with(201, "build", reports)]));
    let dir = tempfile::tempdir().unwrap();
    for line in ["fetch build -o -", "cat build from", "fetch build --report junit"] {
        let mut command = downriver(&fake, dir.path());
        let command = command.args(line.split(' ')).env("TMPDIR", "/nowhere/at/all");
        let Output { status, stderr, .. } = command.output().unwrap();
        let said = text(&stderr);
        assert_eq!(status.code(), Some(9), "{line}: {said}");
        assert!(said.contains("temporary file in `/nowhere/at/all`: No such file"), "{said}");
        assert!(said.contains("\nhint: the variable TMPDIR names another folder\n"), "{said}");
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

/// Runs with a limit on the size of files of a few kilobytes.
#[cfg(unix)]
fn limited(fake: &Fake, dir: &Path, line: &str) -> Output {
    let program = downriver(fake, dir);
    let script = format!("ulimit -f 8; exec \"$0\" {line}");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(program.get_program()).current_dir(dir).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.output().unwrap()
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_get_so_large_is_an_error_and_leaves_nothing() {
    use std::io::Write;

    use crate::zip_builder::{file, zip};
    let noise = |length: u32| -> Vec<u8> {
        (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    };
    let holding = |large| one_archive(zip(&[file("small", "x"), large]));
    let of = |length| holding(file("large", noise(length)));
    let zeros = file("large", vec![0; 100_000]).but(|item| {
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), Default::default());
        deflate.write_all(&item.data).unwrap();
        (item.method, item.compressed) = (8, deflate.finish().unwrap());
    });
    let packed = holding(zeros);
    let redirect = serde_json::json!({"archives": "redirect"});
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("small"), "mine").unwrap();
    let before = crate::folder::items(dir.path());
    // The archive itself, what is unpacked from it, or what is unpacked as its bytes come.
    let (received, large) = (
        "cannot write the received bytes: File too large",
        "/large`: no file may be so large here",
    );
    let lines = ["fetch build", "fetch build -D new/er"];
    for (world, lines, what) in [
        (
            of(100_000),
            &["fetch build", "fetch build -D new/er", "fetch build -o it.zip"][..],
            received,
        ),
        (packed, &lines, large),
        (of(3_000_000).server(redirect.clone()), &lines, large),
        (of(3_000_000).server(redirect), &["fetch build -o it.zip"], received),
    ] {
        let fake = Fake::start(world);
        for line in lines {
            let Output { status, stderr, .. } = limited(&fake, dir.path(), line);
            let said = text(&stderr);
            assert_eq!(status.code(), Some(9), "{line}: {status} {said}");
            assert!(said.contains(what) && !said.contains(".downriver"), "{said}");
            let after = crate::folder::items(dir.path());
            let lines: Vec<String> = after.iter().map(|item| item.line()).collect();
            assert!(after == before, "{line}: {lines:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_an_error_that_names_it() {
    use std::os::unix::ffi::OsStrExt;

    let fake = Fake::start(downstream(&[job(201, "build")]));
    let dir = tempfile::tempdir().unwrap();
    let bad = std::ffi::OsStr::from_bytes(b"hush\xff");
    for name in ["GITLAB_TOKEN", "CI_JOB_TOKEN", "GITLAB_HOST", "CI_PIPELINE_ID", "https_proxy"] {
        for command in ["fetch build", "trigger 2 --ref main", "delete --all-in-project --yes"] {
            let run = downriver(&fake, dir.path()).args(command.split(' ')).env(name, bad).output();
            let Output { status, stderr, .. } = run.unwrap();
            let said = text(&stderr);
            assert_eq!(status.code(), Some(2), "{name} {command}: {said}");
            assert!(said.contains(&format!("the value of {name} is not UTF-8")), "{said}");
            assert!(!said.contains("hush"), "{said}");
        }
        let help = downriver(&fake, dir.path()).arg("--version").env(name, bad).output().unwrap();
        assert_eq!(help.status.code(), Some(0), "{name}");
    }
    // A variable that nothing reads does not matter.
    let run = downriver(&fake, dir.path()).args(["fetch", "build"]).env("OTHER", bad).output();
    assert_eq!(run.unwrap().status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_sync_that_cannot_write_a_file_leaves_modes_and_everything_else_as_they_were() {
    use std::os::unix::fs::PermissionsExt;

    use crate::zip_builder::{file, zip};
    let noise = |length: u32| -> Vec<u8> {
        (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    };
    let large = file("large", noise(100_000));
    let items = [file("small", "x"), file("new/in", "y"), large, file("rest", noise(200_000))];
    let world = one_archive(zip(&items)).server(serde_json::json!({"archives": "redirect"}));
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    std::fs::create_dir_all(out.join("old")).unwrap();
    std::fs::write(out.join("small"), "x").unwrap();
    std::fs::set_permissions(out.join("small"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(out.join("new"), "a file in the way").unwrap();
    std::fs::write(out.join("rest"), noise(200_000)).unwrap();
    let before = crate::folder::items(dir.path());
    let fake = Fake::start(world);
    let line = "fetch build -D out --sync --delete";
    let Output { status, stderr, .. } = limited(&fake, dir.path(), line);
    let said = text(&stderr);
    assert_eq!(status.code(), Some(9), "{said}");
    assert!(said.contains("out/large`: no file may be so large here"), "{said}");
    assert!(crate::folder::items(dir.path()) == before);
    // Without the limit the same line succeeds.
    let output = downriver(&fake, dir.path()).args(line.split(' ')).output().unwrap();
    let said = text(&output.stderr);
    assert!(
        said.contains("2 files the same (1 mode corrected), 0 changed, 2 new, 2 removed"),
        "{said}"
    );
    assert!(!out.join("old").exists() && out.join("new/in").exists());
}
