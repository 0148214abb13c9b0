//! Flags, commands and lines that messages name: each exists, and works as it is printed.

use std::collections::BTreeSet;

use serde_json::json;

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::scenes::{downstream, job};
use crate::tidy::sources;

/// Returns the texts of a source file that are between quotes, without its comments and tests.
fn texts(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n").replace("\\\"", "'");
    code.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Returns the words of a text that begin with this, with the letters, digits and signs behind it.
fn words<'a>(text: &'a str, begin: &str, signs: &str) -> Vec<&'a str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || signs.contains(c);
    let starts = text.match_indices(begin).filter(|(at, _)| !text[..*at].ends_with(is_part));
    let word = |at: usize| text[at..].split(|c| !is_part(c)).next().unwrap_or_default();
    starts.map(|(at, _)| word(at)).collect()
}

/// Returns the help of every command, and of the link named `trigger`.
fn help() -> String {
    let fake = Fake::start(downstream(&[]));
    let commands = ["fetch", "explain", "list", "tree", "ls", "cat", "trigger", "wait", "keep"];
    let commands = commands.into_iter().chain(["delete"]);
    let pages =
        commands.map(|it| Run::new(&fake).args(it).args("--help").succeeds().stdout.clone());
    let link = Run::new(&fake).called("trigger").args("--help").succeeds().stdout.clone();
    pages.chain([link]).collect()
}

#[test]
fn every_flag_that_a_message_names_is_one() {
    let help = help();
    let known: BTreeSet<&str> = words(&help, "--", "-").into_iter().collect();
    // Flags of curl, in the lines that `explain` prints.
    let others = ["--header", "--location"];
    let rooms =
        ["refusal", "gitlab", "settings", "lookup", "select", "transfer", "disk", "archive"];
    let mut flags = 0;
    for (path, source) in sources(&["src"]) {
        if !rooms.iter().any(|room| path.starts_with(&format!("src/{room}/")))
            || path.contains("tests")
        {
            continue;
        }
        // A text of one word is an argument of another program.
        for text in texts(&source).into_iter().filter(|text| text.contains(' ')) {
            for flag in words(&text, "--", "-") {
                let flag = flag.trim_end_matches('-');
                assert!(
                    known.contains(flag) || others.contains(&flag) || flag.is_empty(),
                    "{path}: {flag} in {text:?}"
                );
                flags += 1;
            }
        }
    }
    assert!(flags > 60, "{flags}");
}

/// Returns the words of the first `--flag …` part of a hint that begins there.
fn advised<'a>(stderr: &'a str, begin: &str) -> &'a str {
    let at = stderr.find(begin).unwrap_or_else(|| panic!("no {begin} in {stderr}"));
    stderr[at..].lines().next().unwrap_or_default()
}

#[test]
fn a_change_that_another_api_redirects_is_not_made_and_the_line_works() {
    let other = Fake::start(World::named("two-repos").with_token("private"));
    for status in [301, 302, 307, 308] {
        for (line, request) in [
            ("trigger 93 --ref master -d", "POST projects/93/pipeline"),
            ("keep build-repo", "POST artifacts/keep"),
            ("delete build-repo --yes", "DELETE artifacts"),
        ] {
            let fake = Fake::start(World::named("two-repos").with_token("private"));
            let there = format!("{}/projects/93/anything", other.api_url());
            fake.fault(Fault::on(request).redirect_with(status, &there));
            let ran = Run::new(&fake).args(line).fails(4);
            ran.says(&format!("redirected ({status}) to "));
            ran.says("which is not followed for a request that changes something");
            ran.says("hint: no token was sent there: <api> redirects to ");
            let flags = advised(&ran.stderr, "--api-url ");
            if status == 301 {
                let run = Run::new(&other).vars([("CI_API_V4_URL", &fake.api_url())]);
                run.args(line).args(flags).succeeds();
            }
        }
    }
    assert!(other.log().iter().all(|it| it.header("private-token").is_some()), "only by the line");
    // The link named `trigger` has no --api-url.
    let fake = Fake::start(World::named("two-repos").with_token("private"));
    let there = format!("{}/projects/93/anything", other.api_url());
    fake.fault(Fault::on("POST trigger/pipeline").redirect_with(308, &there));
    let tokens = "-p glptt-startsRadarSharecode -a glpat-meiTanReads70and93 -t master -d 93";
    let host = format!("-h {} ", fake.api_origin());
    let run = |server| Run::new(server).bare().called("trigger");
    let ran = run(&fake).args(&host).args(tokens).fails(1);
    let flags = advised(&ran.stderr, "--host ");
    run(&other).args(&host).args(tokens).args(flags).succeeds();
}

#[test]
fn an_api_that_leads_to_where_nobody_listens_is_no_matter_of_the_storage() {
    let nowhere = "http://127.0.0.1:1/api/v4/projects/1/anything";
    for (request, line) in [
        ("GET pipelines/10/bridges", "fetch build"),
        ("GET pipelines/20/jobs", "fetch build"),
        ("GET projects/*/pipelines", "list"),
        ("GET jobs/201", "fetch -R 2 --job-id 201"),
    ] {
        let fake = Fake::start(downstream(&[job(201, "build")]));
        fake.fault(Fault::on(request).redirect(nowhere));
        let ran = Run::new(&fake).args(line).args("--retries 0").fails(5);
        ran.says("http://127.0.0.1:1 refuses the connection").never_says("object storage");
    }
}

#[test]
fn plain_http_that_leads_to_https_is_told_with_the_address_for_changes() {
    for status in [301, 302, 308] {
        let world = World::named("two-repos").with_token("private");
        let fake = Fake::start(world.server(json!({"https_redirect": status})));
        for line in ["trigger 93 --ref master", "delete -R 93 --all-in-project --yes"] {
            let ran = Run::new(&fake).args(line).fails(4);
            ran.says("which is not followed for a request that changes something");
            ran.says("use --api-url https://<api-host>/api/v4");
        }
    }
}

/// Runs the lines of `explain` in a shell, where curl is installed.
#[cfg(unix)]
#[test]
fn the_lines_for_curl_do_what_the_program_does() {
    use std::process::Command;
    if Command::new("curl").arg("--version").output().is_err() {
        println!("skipped: no curl");
        return;
    }
    let names = ["build", "it's $(reboot) `x`"];
    for (token, variable) in [("private", "GITLAB_TOKEN"), ("job", "CI_JOB_TOKEN")] {
        for archives in ["direct", "redirect"] {
            let jobs: Vec<_> = (201..).zip(names).map(|(id, name)| job(id, name)).collect();
            let world = downstream(&jobs).server(json!({"archives": archives}));
            let fake = Fake::start(world.with_token(token));
            for line in ["explain build", "explain 'it*'", "explain build -R 2 --ref main"] {
                let ran = Run::new(&fake).args(line).runs();
                let shown = String::from_utf8(ran.raw_stdout.clone()).unwrap();
                let lines: Vec<&str> =
                    shown.lines().map(str::trim).filter(|it| it.starts_with("curl ")).collect();
                assert!(!lines.is_empty() || token == "job", "{shown}");
                for line in lines {
                    let place = tempfile::tempdir().unwrap();
                    std::fs::write(place.path().join(".curlrc"), "fail\nsilent\nshow-error\n")
                        .unwrap();
                    let mut shell = Command::new("sh");
                    shell.args(["-c", line]).current_dir(place.path());
                    shell
                        .env("HOME", place.path())
                        .env("NO_PROXY", "*")
                        .env(variable, fake.token(token).0);
                    let output = shell.output().unwrap();
                    let said = String::from_utf8_lossy(&output.stderr).into_owned();
                    assert!(output.status.success(), "{line}: {said}");
                    assert!(!place.path().join("x").exists());
                }
            }
            assert_eq!(fake.violations(), [] as [String; 0], "no token goes to the storage");
        }
    }
}

#[test]
fn the_command_that_plays_a_blocking_job_works() {
    for path in ["shop/down", "a/b.c-d_e"] {
        let jobs = json!([{"id": 201, "name": "deploy", "status": "manual"}]);
        let world = || {
            World::from_json(json!({"projects": [
                {"id": 1, "path": "shop/up", "pipelines": [
                    {"id": 10, "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
                ]},
                {"id": 2, "path": path, "pipelines": [
                    {"id": 20, "status": "manual", "jobs": jobs.clone()},
                ]},
            ], "changes": [{
                "after": {"request": "POST jobs/201/play"}, "set": {"pipeline": 20, "status": "success"},
            }]}))
        };
        let ran = Run::new(world()).args("wait").fails(8);
        let line = advised(&ran.stderr, "`downriver trigger ").trim_matches('`');
        let args = line.strip_prefix("downriver ").unwrap();
        Run::new(world()).args(args).succeeds();
    }
}

#[test]
fn the_flags_that_lead_to_another_place_work() {
    let world = || {
        World::from_json(
            json!({"server": {"archives": "direct"}, "here": {"project": 1, "pipeline": 10}, "projects": [
                {"id": 1, "path": "shop/up", "default_branch": "main", "pipelines": [
                    {"id": 8, "ref": "it's here", "jobs": [job(81, "build")]},
                    {"id": 10, "jobs": [job(101, "own")],
                     "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
                ]},
                {"id": 2, "path": "shop/down", "pipelines": [
                    {"id": 19, "jobs": [job(191, "old")]},
                    {"id": 20, "jobs": [job(201, "build")]},
                ]},
            ]}),
        )
    };
    for (line, begin) in [
        ("fetch own", "--from pipeline"),
        ("fetch build --from pipeline", "--from downstream"),
        ("fetch old -R 2 --ref main", "--search-recent"),
        ("fetch build --pipeline latest --ref nowhere --from pipeline", "--pipeline latest --ref"),
    ] {
        let ran = Run::new(world()).args(line).fails(3);
        let hint = ran.stderr.lines().find(|it| it.starts_with("hint: ")).unwrap();
        let flags = match begin {
            "--pipeline latest --ref" => advised(hint, begin).trim_end_matches('`'),
            flags => hint.contains(flags).then_some(flags).unwrap(),
        };
        let first =
            line.replace("--from pipeline", "").replace("--pipeline latest --ref nowhere", "");
        let from = if begin.starts_with("--pipeline") { " --from any" } else { "" };
        Run::new(world()).args(&format!("{first} {flags}{from}")).succeeds();
    }
}
