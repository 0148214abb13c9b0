//! Lists of many pipelines and of many pages: read up to eight at a time, each once, with results in
//! the order of the bridges.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, Origin, World};
use crate::harness::Run;
use crate::scenes::job;

/// The number of downstream pipelines, and of the lists that are read at the same time.
const PIPELINES: u64 = 20;
const AT_ONCE: usize = 8;

/// Returns pipeline 10, whose bridges triggered twenty pipelines of another project, each with these
/// facts besides its id, which is 100 and more.
fn wide(server: Value, facts: impl Fn(u64) -> Value) -> Fake {
    Fake::start(wide_world(server, facts))
}

fn wide_world(server: Value, facts: impl Fn(u64) -> Value) -> World {
    let bridges: Vec<Value> = (0..PIPELINES)
        .map(|n| json!({"id": 900 + n, "name": format!("b{n}"), "downstream": 100 + n}))
        .collect();
    let pipelines: Vec<Value> = (0..PIPELINES)
        .map(|n| {
            let mut pipeline = facts(n);
            pipeline["id"] = json!(100 + n);
            pipeline
        })
        .collect();
    let world = World::from_json(json!({"server": {"archives": "direct"}, "projects": [
        {"id": 1, "path": "shop/up", "pipelines": [{"id": 10, "bridges": bridges}]},
        {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": pipelines},
    ]}));
    world.server(server)
}

/// Each pipeline has one job: `j0` and so on.
fn one_job(n: u64) -> Value {
    json!({"jobs": [job(1000 + n, &format!("j{n}"))]})
}

/// A request is answered only once eight are under way. A ninth would come within the pause.
fn hold(pattern: &str) -> Fault {
    let pause = Duration::from_millis(20);
    Fault::on(pattern).always().first_byte_among(AT_ONCE).first_byte_after(pause)
}

fn count(requests: &[String], part: &str) -> usize {
    requests.iter().filter(|request| request.contains(part)).count()
}

#[test]
fn every_command_reads_the_lists_of_pipelines_side_by_side_and_each_once() {
    for (command, bridges) in [
        ("fetch j19", 1),
        ("fetch j19 --recursive", 21),
        ("fetch j19 --wait", 1),
        ("wait j19", 1),
        ("explain j19", 1),
        ("ls j19", 1),
        ("cat j19 from", 1),
        ("keep j19", 1),
        ("delete j19 --yes", 1),
        ("fetch j19 --from any", 1),
        ("fetch j19 --if-missing warn --one", 1),
    ] {
        let fake = wide(json!({}), one_job);
        fake.fault(hold("GET pipelines/*/jobs"));
        let ran = Run::new(&fake).args(command).succeeds();
        let lists = (count(&ran.requests, "/jobs?"), count(&ran.requests, "/bridges?"));
        assert_eq!(lists, (20, bridges), "{command}");
        assert_eq!(fake.most_at_once(Origin::Api), AT_ONCE, "{command}");
    }
    let fake = wide(json!({}), one_job);
    fake.fault(hold("GET projects/2/pipelines/*/bridges"));
    Run::new(&fake).args("explain j0 --recursive").succeeds();
    assert_eq!(fake.most_at_once(Origin::Api), AT_ONCE, "the bridges of one level");
}

#[test]
fn a_job_token_reads_the_lists_side_by_side_too() {
    for (command, lists) in [("fetch j19", 20), ("explain 'j*'", 20), ("tree", 21)] {
        let world = wide_world(json!({}), one_job).with_token("job");
        let fake = Fake::start(world);
        fake.fault(hold("GET pipelines/*/jobs"));
        let ran = Run::new(&fake).args(command).succeeds();
        assert_eq!(count(&ran.requests, "/jobs?"), lists, "{command}");
        assert_eq!(fake.most_at_once(Origin::Api), AT_ONCE, "{command}");
    }
}

#[test]
fn the_failed_jobs_of_many_pipelines_are_listed_side_by_side() {
    let failed = |n: u64| json!({"status": "failed", "jobs": [{"id": 1000 + n, "name": format!("j{n}"), "status": "failed"}]});
    let fake = wide(json!({}), failed);
    fake.fault(hold("GET pipelines/*/jobs"));
    let ran = Run::new(&fake).args("wait").fails(8);
    assert_eq!(count(&ran.requests, "/jobs?"), 20);
    assert_eq!(fake.most_at_once(Origin::Api), AT_ONCE);
}

#[test]
fn the_reason_of_an_empty_pipeline_is_read_while_other_lists_are() {
    let fake = wide(json!({}), |_| json!({"status": "failed", "yaml_errors": "no stage"}));
    let ran = Run::new(&fake).args("fetch build").fails(3);
    let downstream = ran.requests.iter().filter(|request| request.contains("projects/2/"));
    let is_list: Vec<bool> = downstream.map(|request| request.contains("/jobs?")).collect();
    assert_eq!(is_list.len(), 20 + 20);
    let (first_reason, last_list) =
        (is_list.iter().position(|is| !is), is_list.iter().rposition(|is| *is));
    assert!(first_reason < last_list, "{:?}", ran.requests);
}

#[test]
fn later_pages_are_read_side_by_side_where_the_first_one_counts_them() {
    let many = |n: u64| {
        let jobs = if n == 0 { 250 } else { 1 };
        json!({"jobs": (0..jobs).map(|j| job(1000 * n + j + 1, &format!("j{n}-{j}"))).collect::<Vec<_>>()})
    };
    let fake = wide(json!({"page_size_cap": 7}), many);
    fake.fault(hold("GET pipelines/100/jobs").after(1));
    let ran = Run::new(&fake).args("fetch j0-0 j0-249 --separate --bridge b0").succeeds();
    assert_eq!(count(&ran.requests, "/jobs?"), 36);
    assert_eq!(fake.most_at_once(Origin::Api), AT_ONCE);
}

#[test]
fn all_lists_and_their_pages_together_are_no_more_requests_at_the_same_time() {
    let three_pages = |n: u64| json!({"jobs": (0..15).map(|j| job(1000 + 20 * n + j, &format!("j{n}-{j}"))).collect::<Vec<_>>()});
    let fake = wide(json!({"page_size_cap": 7}), three_pages);
    fake.fault(hold("GET pipelines/*/jobs"));
    let ran = Run::new(&fake).args("explain j19-14").succeeds();
    assert_eq!(count(&ran.requests, "/jobs?"), 60);
    assert_eq!(fake.most_at_once(Origin::Api), AT_ONCE);
}

#[test]
fn jobs_named_by_their_ids_are_read_side_by_side() {
    let fake = wide(json!({}), one_job);
    fake.fault(hold("GET projects/2/jobs/*"));
    let ids: String = (0..10).map(|n| format!(" --job-id {}", 1000 + n)).collect();
    let ran = Run::new(&fake).args(&format!("explain -R 2{ids}")).succeeds();
    let asked: Vec<String> = (0..10).map(|n| format!("GET projects/2/jobs/{}", 1000 + n)).collect();
    assert!(asked.iter().all(|it| count(&ran.requests, it) == 1), "{:?}", ran.requests);
    assert_eq!(fake.most_at_once(Origin::Api), AT_ONCE);
}

#[test]
fn steps_are_told_in_the_order_of_the_bridges() {
    let ran = Run::new(wide(json!({}), one_job)).args("explain j0 --json").succeeds();
    let steps = ran.json()["steps"].clone();
    let told: Vec<String> = steps
        .as_array()
        .unwrap()
        .iter()
        .map(|step| format!("{}: {}", step["step"], step["requests"].as_array().unwrap().len()))
        .collect();
    let bridges = "\"bridges of pipeline 10 in project shop/up\": 1".to_owned();
    let jobs = |n: u64| format!("\"jobs of pipeline {} in project shop/down\": 1", 100 + n);
    let expected: Vec<String> =
        [bridges].into_iter().chain((0..PIPELINES).rev().map(jobs)).collect();
    assert_eq!(told, expected);
}
