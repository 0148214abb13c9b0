//! The worlds in `fixtures/worlds/` load, and tell the story they are for.

use serde_json::json;

use crate::fake::{Fake, World, fixtures};
use crate::raw::{get, post};

#[test]
fn every_world_loads() {
    for entry in std::fs::read_dir(fixtures().join("worlds")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let fake = Fake::start(World::named(name));
        let token = fake.here()["token"].as_str().unwrap().to_owned();
        assert!(!fake.token(&token).0.is_empty(), "{name}");
    }
}

#[test]
fn two_repos_tells_what_it_is_for() {
    let fake = Fake::start(World::named("two-repos"));
    let bridges = get(&fake, "projects/70/pipelines/9001/bridges").json();
    let told: Vec<String> = bridges
        .as_array()
        .unwrap()
        .iter()
        .map(|b| format!("{} {} {}", b["name"], b["status"], b["downstream_pipeline"]["id"]))
        .collect();
    assert_eq!(
        told,
        [
            r#""deploy:later" "manual" null"#,
            r#""trigger:docs" "failed" null"#,
            r#""child: unit tests" "running" 9003"#,
            r#""build-sharecode" "success" 9002"#,
        ]
    );
    let jobs = get(&fake, "projects/93/pipelines/9002/jobs").json();
    assert_eq!(jobs.as_array().unwrap().len(), 8);
    let all = get(&fake, "projects/93/pipelines/9002/jobs?include_retried=true").json();
    assert_eq!(all.as_array().unwrap().len(), 9);
    assert_eq!(jobs[2]["artifacts_file"], json!({"filename": "artifacts.zip", "size": 5607}));
    assert_eq!(get(&fake, "projects/93/jobs/70105/artifacts").status, 404);
}

#[test]
fn a_pipeline_started_in_two_repos_goes_through_every_state() {
    let fake = Fake::start(World::named("two-repos"));
    let form = "ref=master&token=glptt-startsRadarSharecode";
    assert_eq!(post(&fake, "projects/93/trigger/pipeline", form).json()["id"], 9100);
    let ask = || get(&fake, "projects/93/pipelines/9100").json()["status"].clone();
    assert_eq!([ask(), ask(), ask(), ask()], ["created", "running", "running", "manual"]);
    assert_eq!(post(&fake, "projects/93/jobs/71002/play", "").status, 200);
    assert_eq!([ask(), ask(), ask()], ["running", "running", "success"]);
    assert!(fake.violations().is_empty());
}

#[test]
fn the_answers_have_every_key_of_the_samples() {
    let fake = Fake::start(World::named("two-repos"));
    for (path, sample) in [
        ("projects/70/pipelines/9001/bridges", "bridges"),
        ("projects/93/pipelines/9002/jobs", "jobs"),
        ("projects/93/jobs/70108", "job"),
        ("projects/93/pipelines/9002", "pipeline"),
        ("projects/93/pipelines", "pipelines"),
    ] {
        let text = std::fs::read_to_string(fixtures().join(format!("api/{sample}.json"))).unwrap();
        let sample: serde_json::Value = serde_json::from_str(&text).unwrap();
        let ours = get(&fake, path).json();
        let (sample, ours) = match sample.is_array() {
            true => (sample[0].clone(), ours[0].clone()),
            false => (sample, ours),
        };
        for (key, value) in sample.as_object().unwrap() {
            let has = ours.get(key).unwrap_or_else(|| panic!("{path}: no {key}"));
            for inner in value.as_object().into_iter().flat_map(|keys| keys.keys()) {
                assert!(has.get(inner).is_some(), "{path}: {key} has no {inner}");
            }
        }
    }
}

#[test]
fn uneasy_retries_a_job_by_itself_and_then_blocks() {
    let fake = Fake::start(World::named("uneasy"));
    let look = || {
        let jobs = get(&fake, "projects/2/pipelines/20/jobs").json();
        let rows = jobs.as_array().unwrap().iter();
        let flaky = rows.clone().find(|job| job["name"] == "flaky").unwrap();
        let told = format!("{} {}", flaky["id"], flaky["status"].as_str().unwrap());
        let status = get(&fake, "projects/2/pipelines/20").json()["status"].clone();
        format!("{told}, {}", status.as_str().unwrap())
    };
    let seen = [look(), look(), look(), look()];
    let expected = [
        "201 failed, running",
        "201 failed, running",
        "204 running, manual",
        "204 success, manual",
    ];
    assert_eq!(seen, expected);
    let blocked = get(&fake, "projects/2/jobs/203").json();
    assert_eq!((&blocked["status"], &blocked["allow_failure"]), (&json!("manual"), &json!(false)));
    let bridges = get(&fake, "projects/1/pipelines/10/bridges").json();
    assert_eq!(
        (&bridges[0]["status"], &bridges[1]["allow_failure"]),
        (&json!("canceling"), &json!(true))
    );
    assert_eq!(bridges[2]["downstream_pipeline"]["status"], "failed");
}
