//! `explain`, as a whole program: its output, and that it downloads nothing.

use expect_test::expect;
use serde_json::json;

use crate::fake::{Fake, World};
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::{downstream, job};

/// Asserts that a line of standard output begins with this.
fn tells(ran: &Ran, line: &str) {
    ran.check(ran.stdout.lines().any(|told| told.starts_with(line)), &format!("it tells {line:?}"));
}

#[test]
fn a_lookup_is_told_step_by_step() {
    let ran = Run::new("two-repos").args("explain build-repo --bridge build-sharecode").succeeds();
    expect![[r#"
        settings
          api        <api>/api/v4  (CI_API_V4_URL)
          token      JOB-TOKEN  (CI_JOB_TOKEN)
          project    70  (CI_PROJECT_ID)
          pipeline   9001  (CI_PIPELINE_ID)
          bridges    build-sharecode  (--bridge)
          projects   all  (default)
          depth      1  (default)
          any status false  (default)
          if missing fail  (default)
          retries    5  (default)
          timeout    1m  (default)

        1. bridges of pipeline 9001 in project shop/linebot
          GET <api>/api/v4/projects/70/pipelines/9001/bridges?per_page=100&page=1: 200 in 0 ms, 7625 bytes
            curl --header "JOB-TOKEN: $CI_JOB_TOKEN" '<api>/api/v4/projects/70/pipelines/9001/bridges?per_page=100&page=1'
          - deploy:later, trigger:docs, child: unit tests: its name is not asked for
          + build-sharecode

        2. jobs of pipeline 9002 in project shop/radar-sharecode
          GET <api>/api/v4/projects/93/pipelines/9002/jobs?per_page=100&page=1: 200 in 0 ms, 20707 bytes
            curl --header "JOB-TOKEN: $CI_JOB_TOKEN" '<api>/api/v4/projects/93/pipelines/9002/jobs?per_page=100&page=1'
          - upload: symbols, pages build [α, 1/2], matrix: [windows, x64], old: expired artifacts, reports only, lint, matrix: [linux, x64]: its name is not asked for
          + build-repo

        would fetch
          job build-repo (70108), pipeline 9002, bridge `build-sharecode`, 5.5 KiB, expires 2026-03-09T10:03:40.901Z
            curl --location --header "Authorization: Bearer $CI_JOB_TOKEN" --output artifacts.zip '<api>/api/v4/projects/93/jobs/70108/artifacts'
    "#]].assert_eq(&ran.stdout);
    ran.check(ran.stderr.is_empty(), "all of it is a result");
    ran.asks(&[
        "GET projects/70/pipelines/9001/bridges?per_page=100&page=1",
        "GET projects/93/pipelines/9002/jobs?per_page=100&page=1",
    ]);
}

#[test]
fn the_same_is_told_as_data() {
    let ran = Run::new("two-repos").args("explain build-repo --bridge build-sharecode --json");
    let told = ran.succeeds().json();
    assert_eq!(
        told["settings"][1],
        json!({"name": "token", "value": "JOB-TOKEN", "source": "CI_JOB_TOKEN"})
    );
    let steps = told["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0]["step"], "bridges of pipeline 9001 in project shop/linebot");
    assert_eq!(steps[0]["chosen"], json!(["build-sharecode"]));
    assert_eq!(steps[0]["requests"][0]["status"], 200);
    let lint = steps[1]["candidates"].as_array().unwrap().iter().find(|it| it["name"] == "lint");
    assert_eq!(lint.unwrap()["why_not"], "its name is not asked for");
    let would = &told["would_fetch"][0];
    assert_eq!(would["job"]["id"], 70108);
    assert_eq!(would["archive"], json!({"size": 5607, "expire_at": "2026-03-09T10:03:40.901Z"}));
}

#[test]
fn a_refusal_comes_with_the_steps_that_led_to_it() {
    let ran = Run::new("two-repos").args("explain lint --bridge build-sharecode").fails(3);
    tells(&ran, "  - lint: job `lint` (70103) did not succeed: it is failed (script_failure)");
    ran.says("error: job `lint` (70103) did not succeed");
    let told = Run::new("two-repos").args("explain lint --json").fails(3).json();
    assert_eq!(told["error"]["exit"], 3);
    assert_eq!(told["would_fetch"], json!([]));
    assert_eq!(told["steps"].as_array().unwrap().len(), 3);
}

#[test]
fn a_request_that_fails_is_told_with_the_rest() {
    let fake = Fake::start(World::named("two-repos"));
    let ran = Run::new(&fake).args("explain a --pipeline 1 --json").fails(3).json();
    let requests = ran["steps"][0]["requests"].as_array().unwrap();
    assert_eq!(requests[0]["status"], 404);
    assert!(
        requests[0]["curl"]
            .as_str()
            .unwrap()
            .starts_with("curl --header \"JOB-TOKEN: $CI_JOB_TOKEN\"")
    );
}

#[test]
fn a_ref_is_looked_through_by_its_lists() {
    let ran = Run::new("two-repos").args("explain build-repo -R 93 --ref master").succeeds();
    tells(&ran, "  ref        master  (--ref)");
    tells(&ran, "  + build-repo");
    ran.asks(&[
        "GET projects/93/pipelines?ref=master&status=success&per_page=1&page=1",
        "GET projects/93/pipelines/9002/jobs?per_page=100&page=1",
    ]);
}

#[test]
fn names_cannot_act_on_the_terminal() {
    let world = json!({"projects": [{"id": 1, "pipelines": [
        {"id": 10, "bridges": [{"id": 90, "name": "b\u{1b}[2J\nerror: x", "status": "manual"}]},
    ]}]});
    // That no control character comes out is checked of every run.
    let ran = Run::new(World::from_json(world)).args("explain a").fails(3);
    tells(&ran, "  - b\\u{1b}[2J\\u{a}error: x: no downstream pipeline");
}

#[test]
fn what_was_chosen_is_coloured_on_a_terminal() {
    let green = "\x1b[1m\x1b[32m";
    for (line, coloured) in [
        ("explain build-repo", false),
        ("explain build-repo --color always", true),
        ("explain build-repo --color never", false),
    ] {
        let ran = Run::new("two-repos").args(line).succeeds();
        let text = String::from_utf8_lossy(&ran.raw_stdout).into_owned();
        assert_eq!(text.contains(&format!("{green}  + build-repo")), coloured, "{text}");
    }
}

#[test]
fn explain_ends_as_fetch_does() {
    let world = || downstream(&[job(201, "build")]);
    let bad = [("GITLAB_TOKEN", "glpat-nobodyKnowsIt")];
    for line in ["build --ref main -R 2", "-R 2 --job-id 201", "build"] {
        for command in ["fetch", "explain"] {
            let ran = Run::new(world()).vars(bad).args(command).args(line).fails(4);
            ran.says("401");
            let gone = [("CI_API_V4_URL", "http://127.0.0.1:1/api/v4")];
            let ran = Run::new(world()).vars(gone).args(command).args(line).fails(5);
            ran.says("refuses the connection");
        }
    }
    let old = || world().with_token("job").server(json!({"job_token_lists": false}));
    let by_ref = "explain build -R 2 --ref main";
    let ran = Run::new(old()).args(by_ref).succeeds();
    ran.check(ran.stdout.contains("would fetch"), "GitLab finds the job by its name");
    let last = ran.log.last().unwrap();
    assert_eq!(last.header("range"), Some("bytes=0-0"), "{}", last.line);
    for line in ["none -R 2 --ref main", "-R 2 --job-id 999"] {
        for command in ["fetch", "explain"] {
            Run::new(old()).args(command).args(line).fails(3);
        }
    }
    for line in ["none -R 2 --ref main", "build -R 2 --ref main", "build"] {
        let codes =
            ["fetch", "explain"].map(|it| Run::new(world()).args(it).args(line).runs().exit);
        assert_eq!(codes[0], codes[1], "{line}");
    }
}
