//! python-gitlab and curl do the whole job against the stand-in: from the bridges of a pipeline to the
//! files of a job behind it. What a real client needs, the stand-in has.
//!
//! Skipped with a word where Python or pip is missing; required where the whole check runs on Linux.
#![cfg(unix)]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::json;

use crate::fake::{Fake, World};
use crate::tidy::root;

/// Any version will do; a fixed one does not change under the test.
const PACKAGE: &str = "python-gitlab==8.6.0";

const JOB: &str = r#"
import io, sys, zipfile, gitlab
url, token, kind = sys.argv[1:4]
server = gitlab.Gitlab(url, **{kind: token})
up = server.projects.get(1, lazy=True)
pipeline = up.pipelines.get(10, lazy=True)
bridges = pipeline.bridges.list(iterator=True)
bridge = next(bridge for bridge in bridges if bridge.name == "build-sharecode")
found = bridge.downstream_pipeline
down = server.projects.get(found["project_id"], lazy=True)
jobs = down.pipelines.get(found["id"], lazy=True).jobs.list(get_all=True, per_page=2)
names = sorted(job.name for job in jobs)
job = next(job for job in jobs if job.name == "build")
archive = down.jobs.get(job.id, lazy=True).artifacts()
print(len(names), names[0], zipfile.ZipFile(io.BytesIO(archive)).read("a.txt").decode())
"#;

fn runs(command: &mut Command) -> Option<Output> {
    let output = command.output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        println!("{command:?}: {said}");
    }
    output.status.success().then_some(output)
}

/// A Python that has python-gitlab, in a virtual environment below the folder of what is built.
fn python() -> Option<PathBuf> {
    let here = std::env::current_exe().unwrap();
    let target = here.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    let venv = target.unwrap_or(&root().join("target")).join("python-gitlab");
    let python = venv.join("bin/python");
    let installed = |python: &PathBuf| {
        let version = "import gitlab; assert gitlab.__version__ == '8.6.0'";
        Command::new(python).args(["-c", version]).output().is_ok_and(|o| o.status.success())
    };
    if !installed(&python) {
        runs(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE];
        runs(Command::new(&python).args(pip))?;
    }
    Some(python)
}

fn world(root: &str) -> World {
    let job = |id: u64, name: &str| json!({"id": id, "name": name, "archive": {"files": {"a.txt": name}}});
    let bridges: Vec<_> =
        (1..=24).map(|n| json!({"id": 900 + n, "name": format!("other-{n}")})).collect();
    let mut bridges = bridges;
    bridges.insert(0, json!({"id": 900, "name": "build-sharecode", "downstream": 20}));
    World::from_json(json!({
        "server": {"links": "asked", "root": root},
        "projects": [
            {"id": 1, "path": "shop/up", "pipelines": [{"id": 10, "bridges": bridges}]},
            {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": [{"id": 20, "jobs": [
                job(201, "build"), job(202, "lint"), job(203, "pack"), job(204, "test"), job(205, "ship"),
            ]}]},
        ],
    }))
}

#[test]
fn python_gitlab_does_the_whole_job() {
    let Some(python) = python() else {
        let must = std::env::var_os("CI").is_some() && cfg!(target_os = "linux");
        assert!(!must, "CI has no python3 with venv and pip, or no way to its packages");
        println!("skipped: no python3 with venv and pip, or no way to its packages");
        return;
    };
    for (root, token, kind, archives) in [
        ("", "private", "private_token", "redirect"),
        ("", "job", "job_token", "direct"),
        ("/gitlab", "private", "private_token", "proxied"),
    ] {
        let fake = Fake::start(world(root).server(json!({"archives": archives})));
        let url = fake.api_url().trim_end_matches("/api/v4").to_owned();
        let (secret, _) = fake.token(token);
        let mut command = Command::new(&python);
        command.args(["-c", JOB, &url, &secret, kind]).env_clear().env("NO_PROXY", "*");
        let output = runs(&mut command).unwrap_or_else(|| panic!("{:#?}", fake.requests()));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "5 build build\n");
        let pages = fake.requests().iter().filter(|line| line.contains("/jobs?")).count();
        assert_eq!(pages, 3, "{:#?}", fake.requests());
        // It carries the token along to the storage, which downriver must never do.
        let leaks: Vec<bool> =
            fake.violations().iter().map(|noted| noted.contains("leaked to the storage")).collect();
        assert_eq!(leaks, vec![true; usize::from(archives == "redirect")]);
    }
}

/// The lists page by page, as the `Link` header leads, and the archive from the storage.
const BY_CURL: &str = r#"
get() { curl -sSf --noproxy '*' -H "$KIND: $TOKEN" "$@"; }
next="$API/projects/2/pipelines/20/jobs?per_page=2"
pages=0
while [ -n "$next" ]; do
    get -D headers "$next" -o page-$pages
    pages=$((pages + 1))
    next=$(tr -d '\r' < headers | grep -i '^link:' | tr ',' '\n' | grep 'rel="next"' | sed 's/.*<\(.*\)>.*/\1/')
done
get -I "$API/projects/2/jobs/201/artifacts" -o head
grep -q '^HTTP/1.1 [23]0' head
get -L "$API/projects/2/jobs/201/artifacts" -o archive
echo "$pages $(get "$API/projects/1/pipelines/10/bridges?per_page=100" | grep -o '"build-sharecode"') $(head -c 2 archive)"
"#;

#[test]
fn curl_does_the_whole_job() {
    let curl = Command::new("curl").arg("--version").output();
    if !curl.is_ok_and(|output| output.status.success()) {
        println!("skipped: no curl");
        return;
    }
    for (root, token, kind, archives) in [
        ("", "private", "PRIVATE-TOKEN", "redirect"),
        ("", "job", "JOB-TOKEN", "direct"),
        ("/gitlab", "private", "PRIVATE-TOKEN", "proxied"),
    ] {
        let fake = Fake::start(world(root).server(json!({"archives": archives})));
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-euc", BY_CURL]).current_dir(dir.path()).env("API", fake.api_url());
        command.env("TOKEN", fake.token(token).0).env("KIND", kind);
        let output = runs(&mut command).unwrap_or_else(|| panic!("{:#?}", fake.requests()));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(said, "3 \"build-sharecode\" PK\n", "{archives}");
    }
}
