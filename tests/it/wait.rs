//! `wait`, as a whole program: for jobs, and for pipelines as a whole.

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::scenes::{downstream, job};

const BRIDGES: &str = "GET pipelines/10/bridges";

/// Returns pipeline 10 with a bridge to pipeline 20; both it and its job `build` (201) have a status.
fn world(pipeline: &str, job: &str) -> World {
    changing(pipeline, job, &json!([]))
}

fn changing(pipeline: &str, job: &str, changes: &Value) -> World {
    World::from_json(json!({"changes": changes, "projects": [
        {"id": 1, "pipelines": [
            {"id": 10, "status": "running", "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
        ]},
        {"id": 2, "job_token_allowlist": [1], "pipelines": [
            {"id": 20, "status": pipeline, "jobs": [{"id": 201, "name": "build", "status": job}]},
        ]},
    ]}))
}

/// Returns that world while both run; after this many lists of bridges they get the status.
fn later(times: u64, status: &str) -> World {
    let set = json!([{"pipeline": 20, "status": status}, {"job": 201, "status": status}]);
    let change = json!([{"after": {"request": BRIDGES, "times": times}, "set": set}]);
    changing("running", "running", &change)
}

#[test]
fn pipelines_are_waited_for_until_they_ended() {
    let ran = Run::new(later(3, "success")).args("wait").succeeds();
    ran.check(ran.stdout.starts_with("pipeline 20 of project 2: success"), "it tells the end");
    ran.says("waiting: not ended yet: pipeline 20 of project 2 (running)\n");
    assert_eq!(ran.pauses.len(), 3);
}

#[test]
fn a_pipeline_that_ends_badly_is_told_with_the_jobs_that_failed() {
    for status in ["failed", "canceled", "skipped", "manual"] {
        let ran = Run::new(world(status, "failed")).args("wait").fails(8);
        ran.says(&format!("ended without success: pipeline 20 of project 2 ({status})"));
        ran.says("failed: job `build` (201)");
        assert!(ran.pauses.is_empty(), "{status}");
    }
    let told: Value = Run::new(world("failed", "failed")).args("wait --json").fails(8).json();
    assert_eq!(told["error"]["exit"], 8);
    assert_eq!(told["pipelines"][0]["status"], "failed");
    assert_eq!(told["pipelines"][0]["failed_jobs"][0]["id"], 201);
    assert_eq!(told["fetched"], json!([]));
}

#[test]
fn jobs_are_waited_for_without_needing_an_archive() {
    let ran = Run::new(later(2, "success")).args("wait build --json");
    let told = ran.succeeds().json();
    assert_eq!(told["pipelines"][0]["id"], 20);
    let ran = Run::new(later(2, "failed")).args("wait build").fails(8);
    ran.says("error: job `build` (201) did not succeed: it is failed");
    Run::new(world("failed", "failed")).args("wait build --any-status").succeeds();
}

#[test]
fn the_named_pipeline_itself_can_be_waited_for() {
    let set = json!({"pipeline": 20, "status": "success"});
    let change = json!([{"after": {"request": "GET pipelines/20", "times": 2}, "set": set}]);
    let ran = Run::new(changing("running", "running", &change)).without(&["CI_JOB_TOKEN"]);
    let ran = ran.args("wait -R 2 --pipeline 20 --from pipeline").succeeds();
    ran.asks(&["GET projects/2/pipelines/20"; 3]);
}

#[test]
fn a_job_by_its_number_is_asked_for_and_not_taken_on_trust() {
    let ran = Run::new("two-repos").args("wait --job-id 70108 -R 93").fails(4);
    ran.says("GitLab accepts no job token for this");
}

#[test]
fn time_runs_out() {
    let ran = Run::new(world("running", "running"));
    let ran = ran.args("wait --wait-timeout 7s --poll-interval 3s").fails(7);
    ran.says("error: waited 7s: not ended yet: pipeline 20 of project 2 (running)");
    let seconds: Vec<f64> = ran.pauses.iter().map(|pause| pause.as_secs_f64()).collect();
    assert_eq!(seconds, [3.0, 3.0, 1.0]);
}

/// Nothing is downloaded, so that no other request would find a job of a ref.
#[test]
fn a_job_of_a_ref_is_looked_up_in_the_lists() {
    let line = "wait build -R 2 --ref main";
    let ran = Run::new(downstream(&[job(201, "build")])).args(line).succeeds();
    ran.prints("job build (201): success\n").asks(&[
        "GET projects/2/pipelines?ref=main&status=success&per_page=1&page=1",
        "GET projects/2/pipelines/20/jobs?per_page=100&page=1",
    ]);
    let bad = [("GITLAB_TOKEN", "glpat-nobodyKnowsIt")];
    for line in [line, "keep build -R 2 --ref main", "delete build -R 2 --ref main --yes"] {
        Run::new(downstream(&[job(201, "build")])).vars(bad).args(line).fails(4).says("401");
        let fake = Fake::start(downstream(&[job(201, "build")]));
        fake.fault(Fault::on("GET pipelines/20/jobs").always().status(403));
        Run::new(&fake).args(line).fails(4).says("403");
        let other = line.replace("build", "other");
        let ran = Run::new(downstream(&[job(201, "build")])).args(&other).fails(3);
        ran.says("no job `other`");
    }
}
