//! `fetch --wait`: through every stage of a running pipeline, and no longer than needed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::scenes::{LOOKUP, downstream, job, job_with};

const ARCHIVE: &str = "GET projects/2/jobs/201/artifacts";

/// Returns a list of changes, each of which happens after one more of such requests.
fn story(steps: &[(&str, Value)]) -> Value {
    let mut rest = json!([]);
    for (request, change) in steps.iter().rev() {
        let mut step = change.clone();
        step["after"] = json!({"request": request});
        step["then"] = rest;
        rest = json!([step]);
    }
    rest
}

/// Returns `downstream` with these jobs and changes.
fn told(jobs: &[Value], steps: &[(&str, Value)]) -> World {
    World::from_json(json!({
        "server": {"archives": "direct"},
        "projects": [
            {"id": 1, "path": "shop/up", "pipelines": [
                {"id": 10, "status": "running", "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
            ]},
            {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": [
                {"id": 20, "status": "running", "jobs": jobs},
            ]},
        ],
        "changes": story(steps),
    }))
}

fn running(id: u64, name: &str) -> Value {
    job_with(id, name, json!({"status": "running", "archive": null}))
}

fn set(job: u64, more: Value) -> Value {
    let mut set = json!({"job": job});
    set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"set": set})
}

fn seconds(pauses: &[Duration]) -> Vec<f64> {
    pauses.iter().map(Duration::as_secs_f64).collect()
}

#[test]
fn every_stage_is_waited_through_until_the_archive_is_there() {
    let (bridges, jobs) = ("GET pipelines/10/bridges", "GET pipelines/20/jobs");
    let done = json!({"status": "success", "finished_at": "2026-03-02T10:10:06Z"});
    let world = told(
        &[],
        &[
            (
                bridges,
                json!({"add": {"pipeline": 10, "bridge": {"id": 90, "name": "down", "status": "created"}}}),
            ),
            (bridges, json!({"set": {"bridge": 90, "status": "running"}})),
            (bridges, json!({"set": {"bridge": 90, "downstream": 20}})),
            (
                jobs,
                json!({"add": {"pipeline": 20, "job": {"id": 201, "name": "build", "status": "created"}}}),
            ),
            (jobs, set(201, json!({"status": "running"}))),
            (jobs, set(201, done)),
            (jobs, set(201, json!({"archive": {"gone": 120}}))),
            ("GET jobs/201/artifacts", set(201, json!({"archive": {"files": {"from": "201"}}}))),
        ],
    );
    let world = world.with(&json!({"remove": {"bridge": 90}}));
    let ran = Run::new(world).args("fetch build --wait --poll-interval 1s").succeeds();
    assert_eq!(ran.read("from"), "201");
    let [bridges, jobs] = LOOKUP;
    // Without a bridge, only the status of the upstream pipeline tells whether one can come.
    let mut expect = vec![bridges, "GET projects/1/pipelines/10", bridges, bridges];
    expect.extend([bridges, jobs].repeat(4));
    expect.extend([bridges, jobs, ARCHIVE].repeat(2));
    ran.asks(&expect);
    assert_eq!(seconds(&ran.pauses), [1.0; 8]);
    for says in [
        "waiting: pipeline 10 of project 1 has triggered no pipeline\n",
        "waiting: no downstream pipeline: bridge `down` is created\n",
        "waiting: no downstream pipeline: bridge `down` is running\n",
        "waiting: no job `build` in pipeline 20 of project shop/down (running), which shows no jobs",
        "waiting: job `build` (201) has not finished: it is created\n",
        "waiting: job `build` (201) has not finished: it is running\n",
        "waiting: job `build` (201) has no artifacts\n",
    ] {
        ran.says(says);
    }
}

#[test]
fn what_is_there_already_is_not_waited_for() {
    let ran = Run::new(downstream(&[job(201, "build")])).args("fetch build --wait").succeeds();
    ran.asks(&[LOOKUP[0], LOOKUP[1], ARCHIVE]);
    assert!(ran.pauses.is_empty());
}

#[test]
fn what_can_no_longer_succeed_ends_the_wait_at_once() {
    let bridge =
        |status: &str| json!({"set": {"bridge": 90, "status": status, "downstream": null}});
    let job = |status: &str| json!({"add": {"pipeline": 20, "job": {"id": 201, "name": "build", "status": status}}});
    let pipeline = |status: &str| json!({"set": {"pipeline": 20, "status": status}});
    let expired = json!({"add": {"pipeline": 20, "job": {
        "id": 201, "name": "build", "expire_at": "2026-02-01T00:00:00Z",
    }}});
    for (change, exit) in [
        (bridge("failed"), 8),
        (bridge("canceled"), 8),
        (bridge("skipped"), 8),
        (bridge("manual"), 8),
        (job("canceled"), 8),
        (job("skipped"), 8),
        (job("manual"), 8),
        (pipeline("failed"), 8),
        (pipeline("canceled"), 8),
        (pipeline("success"), 3),
        (job("success"), 3),
        (expired, 3),
    ] {
        let ran = Run::new(told(&[], &[]).with(&change)).args("fetch build --wait").fails(exit);
        ran.check(ran.pauses.is_empty(), "it ends at once");
    }
}

#[test]
fn a_job_that_failed_in_a_running_pipeline_is_looked_at_once_more() {
    let failed = json!({"id": 201, "name": "build", "status": "failed"});
    for line in ["build", "'b*'", "build 'b*'"] {
        let ran = Run::new(told(std::slice::from_ref(&failed), &[]));
        let ran = ran.args("fetch --wait --poll-interval 3s").args(line).fails(8);
        assert_eq!(seconds(&ran.pauses), [3.0], "{line}");
    }
    // GitLab retries it: the failed attempt is the latest for one look.
    let retry = json!({
        "set": {"job": 201, "retried": true},
        "add": {"pipeline": 20, "job": {"id": 202, "name": "build", "status": "running"}},
    });
    let done = set(202, json!({"status": "success", "archive": {"files": {"from": "202"}}}));
    let steps = [("GET pipelines/20/jobs", retry), ("GET pipelines/20/jobs", done)];
    let ran = Run::new(told(&[failed], &steps)).args("fetch build --wait").succeeds();
    assert_eq!((ran.read("from"), ran.pauses.len()), ("202".to_owned(), 2));
}

#[test]
fn what_ends_badly_while_it_is_waited_for_ends_the_wait() {
    // An archive may be listed a moment after its job was seen to end.
    for (status, exit, pauses) in [("failed", 8, 2), ("canceled", 8, 1), ("success", 3, 6)] {
        let change = set(201, json!({"status": status}));
        let world = told(&[running(201, "build")], &[("GET pipelines/20/jobs", change)]);
        let ran = Run::new(world).args("fetch build --wait --json").fails(exit);
        assert_eq!(ran.json()["error"]["exit"], exit);
        assert_eq!(ran.pauses.len(), pauses);
    }
}

#[test]
fn pauses_grow_and_the_wait_ends_in_time() {
    let world = || told(&[running(201, "build")], &[]);
    let ran = Run::new(world()).args("fetch build --wait --wait-timeout 1m").fails(7);
    ran.says("error: waited 1m: job `build` (201) has not finished: it is running\n");
    ran.says("hint: --wait-timeout allows more");
    assert_eq!(seconds(&ran.pauses), [2.0, 3.0, 4.5, 6.75, 10.125, 15.0, 15.0, 3.625]);
    let line = "fetch build --wait --wait-timeout 10s --poll-interval 4s";
    let ran = Run::new(world()).args(line).fails(7);
    assert_eq!(seconds(&ran.pauses), [4.0, 4.0, 2.0]);
    let ran = Run::new(world()).args("fetch build --wait").fails(7);
    assert_eq!(seconds(&ran.pauses).iter().sum::<f64>(), 3600.0, "an hour if not said");
    let ran = Run::new(world()).args("fetch build --wait --wait-timeout 0s").fails(7);
    assert!(ran.pauses.is_empty());
}

#[test]
fn several_jobs_are_waited_for_and_what_is_here_is_not_fetched_again() {
    let jobs = [job(201, "build"), running(202, "test"), running(203, "lint")];
    let done = |id: u64| {
        set(id, json!({"status": "success", "archive": {"files": {"other": id.to_string()}}}))
    };
    let steps = [("GET pipelines/20/jobs", done(203)), ("GET pipelines/20/jobs", done(202))];
    for line in ["build test lint", "'*'", "'{build,test,lint}'"] {
        let ran =
            Run::new(told(&jobs, &steps)).args("fetch --separate --wait").args(line).succeeds();
        assert_eq!(ran.files(), ["build/from", "lint/other", "test/other"], "{line}");
        assert_eq!(ran.pauses.len(), 2, "{line}");
        assert_eq!(ran.requests.iter().filter(|request| *request == ARCHIVE).count(), 1);
    }
}

#[test]
fn throttles_and_outages_while_waiting_are_survived() {
    let archive = json!({"status": "success", "archive": {"files": {"from": "201"}}});
    let world = told(&[running(201, "build")], &[("GET pipelines/20/jobs", set(201, archive))]);
    let fake = Fake::start(world);
    fake.fault(
        Fault::on("GET pipelines/10/bridges").after(1).status(429).header("Retry-After", "7"),
    );
    fake.fault(Fault::on("GET pipelines/20/jobs").after(1).times(3).status(503));
    fake.fault(Fault::on("GET jobs/201/artifacts").times(2).reset());
    let ran = Run::new(&fake).args("fetch build --wait --poll-interval 5s").succeeds();
    assert_eq!(ran.read("from"), "201");
    assert_eq!(ran.pauses.len(), 1 + 1 + 3 + 2);
    ran.says("trying again in 7.").says("(3 of 5)");
}

#[test]
fn waiting_and_leniency_go_together() {
    let archive = json!({"status": "success", "archive": {"files": {"from": "201"}}});
    let jobs = [running(201, "build"), job_with(202, "lint", json!({"status": "failed"}))];
    let world = told(&jobs, &[("GET pipelines/20/jobs", set(201, archive))]);
    let ran = Run::new(world).args("fetch build lint --wait --if-missing warn").succeeds();
    assert_eq!((ran.read("from"), ran.pauses.len()), ("201".to_owned(), 1));
    ran.says("warning: `lint` is missing: job `lint` (202) did not succeed");
}

#[test]
fn a_failed_job_with_artifacts_is_waited_for_under_any_status() {
    let archive = json!({"status": "failed", "archive": {"files": {"from": "201"}}});
    let world = told(&[running(201, "build")], &[("GET pipelines/20/jobs", set(201, archive))]);
    let ran = Run::new(world).args("fetch build --wait --any-status").succeeds();
    assert_eq!(ran.read("from"), "201");
}

#[test]
fn a_job_by_its_number_is_waited_for_with_either_token() {
    let archive = json!({"status": "success", "archive": {"files": {"from": "201"}}});
    let private = [("GET projects/2/jobs/201", set(201, archive.clone()))];
    let world = told(&[running(201, "build")], &private);
    let ran = Run::new(world).args("fetch --job-id 201 -R 2 --wait").succeeds();
    assert_eq!((ran.read("from"), ran.pauses.len()), ("201".to_owned(), 1));

    let job =
        [("GET jobs/201/artifacts", json!({})), ("GET jobs/201/artifacts", set(201, archive))];
    let world = told(&[running(201, "build")], &job).with_token("job");
    let ran = Run::new(world).args("fetch --job-id 201 -R 2 --wait").succeeds();
    assert_eq!(ran.read("from"), "201");
}

#[test]
fn a_successful_pipeline_of_a_ref_is_waited_for() {
    let world = told(
        &[job(201, "build")],
        &[
            ("GET projects/2/pipelines", json!({})),
            ("GET projects/2/pipelines", json!({"set": {"pipeline": 20, "status": "success"}})),
        ],
    );
    let ran = Run::new(world).args("fetch build -R 2 --ref main --wait").succeeds();
    assert_eq!(ran.read("from"), "201");
    ran.says("waiting: no successful pipeline of ref `main` of project 2\n");
}

#[test]
fn an_outage_is_survived_as_long_as_the_time_lasts() {
    let archive = json!({"status": "success", "archive": {"files": {"from": "201"}}});
    let world = told(&[running(201, "build")], &[("GET pipelines/20/jobs", set(201, archive))]);
    let fake = Fake::start(world);
    fake.fault(Fault::on("GET pipelines/10/bridges").times(20).status(502));
    let ran = Run::new(&fake).args("fetch build --wait --retries 1").succeeds();
    assert_eq!(ran.read("from"), "201");
    ran.says("waiting: listing the bridges of pipeline 10 in project 1: asked");
}

#[test]
fn an_outage_that_outlasts_the_time_ends_the_wait_in_time() {
    let fake = Fake::start(downstream(&[job(201, "build")]));
    fake.fault(Fault::on("GET pipelines/10/bridges").always().status(503));
    let ran = Run::new(&fake).args("fetch build --wait --wait-timeout 10s").fails(7);
    assert!(seconds(&ran.pauses).iter().sum::<f64>() <= 10.5, "{:?}", ran.pauses);
    ran.says("error: waited 10s: listing the bridges of pipeline 10 in project 1: asked");
}

#[test]
fn a_server_that_was_never_heard_of_is_not_waited_for() {
    let ran = Run::new(downstream(&[job(201, "build")]))
        .args("fetch build --wait --api-url http://127.0.0.1:9/api/v4 --private-token glpat-typedByHand")
        .fails(5);
    ran.says("http://127.0.0.1:9 refuses the connection");
    assert!(ran.pauses.is_empty());
}

#[test]
fn an_upstream_pipeline_that_ended_triggers_nothing_more() {
    for (status, exit) in [("success", 3), ("failed", 8)] {
        let world = World::from_json(json!({
            "projects": [{"id": 1, "pipelines": [{"id": 10, "status": status}]}],
        }));
        let ran = Run::new(world).args("fetch build --wait").fails(exit);
        ran.says("pipeline 10 of project 1 has triggered no pipeline");
        assert!(ran.pauses.is_empty());
    }
    let ended = downstream(&[job(201, "build")])
        .with(&json!({"set": {"pipeline": 10, "status": "success"}}));
    let ran = Run::new(ended).args("fetch build --wait --bridge dwon").fails(3);
    ran.says("no bridge is called `dwon`").says("did you mean `down`?");
    assert!(ran.pauses.is_empty());
}

#[test]
fn a_job_that_was_seen_to_end_may_show_its_archive_a_moment_later() {
    let jobs = "GET pipelines/20/jobs";
    // It ended long ago by its own clock, which need not be ours.
    let ended =
        json!({"status": "success", "archive": null, "finished_at": "2026-03-01T00:00:00Z"});
    let archive = json!({"archive": {"files": {"from": "201"}}});
    let world = told(
        &[running(201, "build")],
        &[(jobs, set(201, ended.clone())), (jobs, set(201, archive))],
    );
    let ran = Run::new(world).args("fetch build --wait").succeeds();
    assert_eq!(ran.read("from"), "201");
    // One that never gets an archive is not waited for beyond that moment.
    let world = told(&[running(201, "build")], &[(jobs, set(201, ended))]);
    let ran = Run::new(world).args("fetch build --wait").fails(3);
    ran.says("job `build` (201) has no artifacts");
    assert_eq!(ran.pauses.len(), 6);
}
