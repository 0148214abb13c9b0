//! Why there is nothing: GitLab's reasons, what blocks, what may fail, and waiting for oneself.

use serde_json::{Value, json};

use crate::fake::World;
use crate::harness::Run;
use crate::scenes::{downstream, job};

const ERRORS: &str = "jobs config should contain at least one visible job";

/// Pipeline 10 with this bridge; pipeline 21 was created with errors.
fn bridge(bridge: &Value) -> World {
    World::from_json(json!({"projects": [
        {"id": 1, "path": "shop/up", "pipelines": [{"id": 10, "bridges": [bridge]}]},
        {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": [
            {"id": 21, "status": "failed", "yaml_errors": ERRORS},
        ]},
    ]}))
}

fn broken() -> Value {
    json!({"id": 90, "name": "down", "status": "failed", "downstream": 21,
           "failure_reason": "downstream_pipeline_creation_failed"})
}

#[test]
fn a_pipeline_that_could_not_be_created_is_told_with_gitlabs_reason() {
    for (command, exit) in
        [("fetch build", 3), ("fetch build --wait", 8), ("wait", 8), ("explain build", 3)]
    {
        let ran = Run::new(bridge(&broken())).args(command).fails(exit);
        ran.says(&format!("failed: downstream_pipeline_creation_failed: {ERRORS}"));
        ran.says("GitLab could not create its jobs").never_says("role");
    }
    let ran = Run::new(bridge(&broken())).args("tree").succeeds();
    ran.check(ran.stdout.contains(&format!("no jobs: {ERRORS}")), "the tree tells it");
    for reason in ["downstream_bridge_project_not_found", "insufficient_bridge_permissions"] {
        let gone = json!({"id": 90, "name": "down", "status": "failed", "failure_reason": reason});
        for command in ["fetch build", "wait"] {
            let ran = Run::new(bridge(&gone)).args(command);
            let exit = if command == "wait" { 8 } else { 3 };
            ran.fails(exit).says(&format!("bridge `down` is failed ({reason})"));
        }
    }
}

#[test]
fn what_may_fail_is_a_warning_of_a_wait_that_succeeds() {
    let may = |more: Value| {
        let mut bridge = json!({"id": 90, "name": "down", "allow_failure": true});
        bridge.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bridge
    };
    let nowhere = may(json!({"status": "failed",
        "failure_reason": "downstream_bridge_project_not_found"}));
    let failed = may(json!({"status": "failed", "downstream": 21}));
    for (one, says) in [(nowhere, "bridge `down` is failed"), (failed, "pipeline 21 of project")] {
        let ran = Run::new(bridge(&one)).args("wait").succeeds();
        ran.says("warning: ").says(says).says("allow_failure");
        // What was asked for by its name must succeed.
        Run::new(bridge(&one)).args("wait --bridge down").fails(8);
    }
    // A job that may fail is not what made the pipeline fail.
    let jobs = [
        json!({"id": 201, "name": "lint", "status": "failed", "allow_failure": true}),
        json!({"id": 202, "name": "build", "status": "failed"}),
    ];
    let world = downstream(&jobs).with(&json!({"set": {"pipeline": 20, "status": "failed"}}));
    Run::new(world).args("wait").fails(8).says("failed: job `build` (202)").never_says("lint");
}

#[test]
fn jobs_that_block_are_named_with_the_command_that_plays_them() {
    let jobs = [
        json!({"id": 201, "name": "approve", "status": "manual"}),
        json!({"id": 202, "name": "extra", "status": "manual", "allow_failure": true}),
        job(203, "build"),
    ];
    let world = || downstream(&jobs).with(&json!({"set": {"pipeline": 20, "status": "manual"}}));
    for line in ["wait", "wait --bridge down", "wait -R 2 --pipeline 20 --from pipeline"] {
        let ran = Run::new(world()).args(line).fails(8);
        ran.says("blocked by: job `approve` (201)").never_says("extra");
        ran.says("`downriver trigger 2 --pid 20 --on-manual play`");
    }
}

#[test]
fn nobody_waits_for_itself() {
    let world = || {
        World::from_json(json!({"projects": [
            {"id": 1, "path": "shop/up", "pipelines": [
                {"id": 10, "status": "running", "jobs": [
                    {"id": 101, "name": "me", "status": "running"}, job(102, "other"),
                ]},
            ]},
        ]}))
    };
    let own = [("CI", "true"), ("CI_JOB_ID", "101"), ("CI_JOB_NAME", "me")];
    for line in [
        "wait --from pipeline",
        "wait --from any",
        "wait me --from pipeline",
        "fetch '*' --wait --from pipeline",
        "wait --job-id 101",
    ] {
        let ran = Run::new(world()).vars(own).args(line).fails(2);
        ran.says("would wait for itself");
    }
    Run::new(world()).vars(own).args("wait --from pipeline").fails(2).asks(&[]);
    Run::new(world()).vars(own).args("wait other --from pipeline").succeeds();
}

#[test]
fn a_job_that_is_being_canceled_will_not_succeed() {
    let canceling = json!({"id": 201, "name": "build", "status": "canceling"});
    for (line, exit) in [("fetch build", 3), ("fetch build --wait", 8), ("wait build", 8)] {
        let ran = Run::new(downstream(std::slice::from_ref(&canceling))).args(line).fails(exit);
        ran.says("it will end as canceled").never_says("--wait waits");
        assert!(ran.pauses.is_empty(), "{line}");
    }
    let ending = json!({"id": 90, "name": "down", "status": "canceling"});
    let ran = Run::new(bridge(&ending)).args("fetch build").fails(3);
    ran.says("it will end as canceled");
}

#[test]
fn names_are_listed_in_the_order_of_the_pipeline_and_near_ones_are_meant() {
    let jobs: Vec<Value> = (0..14).map(|n| job(200 + n, &format!("job-{n:02}"))).collect();
    let ran = Run::new(downstream(&jobs)).args("fetch nightly").fails(3);
    ran.says("there are `job-00`, `job-01`, `job-02`").says("`job-09` and 4 more");
    ran.never_says("did you mean");
    let ran = Run::new(downstream(&jobs)).args("fetch jbo-03").fails(3);
    ran.says("did you mean `job-03`?");
    let ids = [9001, 8990, 8999, 9000];
    let pipelines: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    let world = World::from_json(json!({"projects": [{"id": 1, "pipelines": pipelines}]}));
    let ran = Run::new(world).args("fetch build --pipeline 7").fails(3);
    ran.says("its newest are `9001`, `9000`, `8999`, `8990`").never_says("did you mean");
}
