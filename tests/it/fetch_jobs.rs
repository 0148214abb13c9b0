//! The choice of jobs: names, base names, globs; bridges, downstream pipelines and depth.

use serde_json::{Value, json};

use crate::fake::{Fault, World};
use crate::harness::Run;
use crate::scenes::{downstream, job, job_with};

fn jobs() -> Vec<Value> {
    vec![
        job(201, "build"),
        job(202, "build: [linux, x64]"),
        job(203, "build: [mac, arm]"),
        job(204, "test 1/2"),
        job(205, "test 2/2"),
        job_with(199, "build", json!({"retried": true})),
        job_with(206, "lint", json!({"status": "failed"})),
        job_with(207, "slow", json!({"status": "running"})),
        json!({"id": 208, "name": "bare"}),
        job(209, "a/b \\ c"),
        job_with(210, "docs", json!({"status": "manual", "archive": null})),
        job(211, "odd [name"),
        job(212, "deploy: [one]"),
        job(213, "deploy"),
    ]
}

/// Returns the ids of the jobs whose archives were extracted, each into a folder of its own.
fn taken(world: World, line: &str) -> Vec<String> {
    let ran = Run::new(world).args("fetch --separate").args(line).succeeds();
    let mut from: Vec<String> = ran.files().iter().map(|path| ran.read(path)).collect();
    from.sort();
    from
}

#[test]
fn a_name_is_exact_or_a_base_name_or_a_glob() {
    for (line, expect) in [
        ("build", "201"),
        ("test", "204 205"),
        ("'test 2/2'", "205"),
        ("'build: [linux, x64]'", "202"),
        ("'build: [*, arm]'", "203"),
        ("'build: *'", "202 203"),
        ("'build*'", "201 202 203"),
        ("'t?st [12]/2'", "204 205"),
        ("'{build,deploy}'", "201 213"),
        ("deploy", "213"),
        ("'odd [name'", "211"),
        (r"'a/b \ c'", "209"),
        ("build test", "201 204 205"),
        ("build 'build*' build", "201 202 203"),
        ("'*'", "201 202 203 204 205 209 211 212 213"),
        ("'*' --any-status", "201 202 203 204 205 206 207 209 211 212 213"),
        ("lint --any-status", "206"),
        ("'l*' build --any-status", "201 206"),
    ] {
        let expect: Vec<&str> = expect.split(' ').collect();
        assert_eq!(taken(downstream(&jobs()), line), expect, "{line}");
    }
}

#[test]
fn a_base_name_wins_over_a_glob_in_each_pipeline_for_itself() {
    let world = json!({"server": {"archives": "direct"}, "projects": [
        {"id": 1, "pipelines": [{"id": 10, "bridges": [
            {"id": 90, "name": "a", "downstream": 20}, {"id": 91, "name": "b", "downstream": 21},
        ]}]},
        {"id": 2, "pipelines": [
            {"id": 20, "jobs": [job(201, "pack"), job(202, "pack: [x]")]},
            {"id": 21, "jobs": [job(211, "pack: [x]"), job(212, "pack: [y]"), job(213, "packs")]},
        ]},
    ]});
    let world = World::from_json(world);
    let ran = Run::new(world).args("fetch pack --json --separate").succeeds();
    let fetched = ran.json()["fetched"].clone();
    let mut ids: Vec<u64> =
        fetched.as_array().unwrap().iter().map(|f| f["job"]["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [201, 211, 212]);
}

#[test]
fn of_retried_jobs_the_latest_try_counts_even_if_an_old_server_lists_them_all() {
    let listed = |id: u64, status: &str| {
        json!({"id": id, "name": "build", "status": status, "artifacts": [
            {"file_type": "archive", "size": 100, "filename": "artifacts.zip"},
        ]})
    };
    for rows in [
        [listed(198, "success"), listed(201, "success"), listed(199, "failed")],
        [listed(199, "failed"), listed(198, "success"), listed(201, "success")],
    ] {
        let fake = crate::fake::Fake::start(downstream(&[job(201, "build"), job(198, "old")]));
        fake.fault(Fault::on("GET pipelines/20/jobs").json(200, &json!(rows)));
        let ran = Run::new(&fake).args("fetch build").succeeds();
        assert_eq!(ran.read("from"), "201");
    }
}

/// Returns three bridges of pipeline 10: `one` and `two` to project 2, `far: [x]` to project 3; the
/// pipeline in project 3 triggers one in 4, which triggers the first again.
fn tree() -> World {
    let bridge = |id: u64, name: &str, to: u64| json!({"id": id, "name": name, "downstream": to});
    World::from_json(json!({"server": {"archives": "direct"}, "projects": [
        {"id": 1, "path": "shop/up", "pipelines": [{"id": 10, "jobs": [job(101, "build")], "bridges": [
            bridge(90, "one", 20), bridge(91, "two", 21), bridge(92, "far: [x]", 30),
        ]}]},
        {"id": 2, "path": "shop/down", "pipelines": [
            {"id": 20, "jobs": [job(201, "build")]}, {"id": 21, "jobs": [job(211, "build")]},
        ]},
        {"id": 3, "path": "shop/far/off", "pipelines": [
            {"id": 30, "jobs": [job(301, "build")], "bridges": [bridge(93, "deeper", 40)]},
        ]},
        {"id": 4, "path": "shop/deep", "pipelines": [
            {"id": 40, "jobs": [job(401, "build")], "bridges": [bridge(94, "back", 10), bridge(95, "self", 40)]},
        ]},
    ]}))
}

/// Returns the ids of the jobs from the JSON document.
fn found(world: World, line: &str) -> Vec<u64> {
    let ran = Run::new(world).args("fetch build --json").args(line).succeeds();
    let fetched = ran.json()["fetched"].clone();
    let ids = fetched.as_array().unwrap().iter().map(|f| f["job"]["id"].as_u64().unwrap());
    let mut ids: Vec<u64> = ids.collect();
    ids.sort_unstable();
    ids
}

#[test]
fn bridges_and_projects_narrow_the_search_and_depth_widens_it() {
    for (line, expect) in [
        ("", &[201_u64, 211, 301] as &[u64]),
        ("--bridge one", &[201]),
        ("--bridge one --bridge two", &[201, 211]),
        ("--bridge far", &[301]),
        ("--bridge 't*'", &[211]),
        ("--downstream 2", &[201, 211]),
        ("--downstream shop/far/off", &[301]),
        ("--downstream SHOP/Down --downstream 3", &[201, 211, 301]),
        ("--downstream 2 --bridge two", &[211]),
        ("--depth 2", &[201, 211, 301, 401]),
        ("--depth 2 --bridge far", &[301, 401]),
        ("--depth 2 --bridge deeper", &[401]),
        ("--depth 2 --downstream 4", &[401]),
        ("--recursive", &[201, 211, 301, 401]),
        ("--recursive --depth 1", &[201, 211, 301]),
        ("--recursive --bridge deeper --one", &[401]),
    ] {
        assert_eq!(found(tree(), line), expect, "{line}");
    }
}

#[test]
fn a_cycle_of_pipelines_is_walked_once() {
    let ran = Run::new(tree()).args("fetch build --recursive").succeeds();
    let mut bridges: Vec<&String> =
        ran.requests.iter().filter(|request| request.contains("bridges")).collect();
    let asked = bridges.len();
    bridges.sort();
    bridges.dedup();
    assert_eq!((asked, bridges.len()), (5, 5), "{:?}", ran.requests);
}

#[test]
fn more_jobs_than_one_are_refused_where_one_is_wanted() {
    for flag in ["--one", "-o build.zip", "-o -"] {
        let ran = Run::new(tree()).args("fetch build").args(flag).fails(3);
        ran.says("3 jobs where one is wanted").says("build (201)").says("build (301)");
        ran.says("hint: name one more closely, or narrow the search with --bridge or --downstream");
        assert!(!ran.requests.iter().any(|request| request.contains("artifacts")));
    }
    Run::new(tree()).args("fetch build --one --bridge two").succeeds();
}
