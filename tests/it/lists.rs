//! GitLab's lists and objects: pages, renamed endpoints, missing fields.

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::scenes::{LOOKUP, downstream, job};

/// Returns forty bridges; the first triggered a pipeline of 250 jobs, the others one job each.
fn large() -> World {
    let bridges: Vec<Value> = (0..40)
        .map(|n| json!({"id": 9000 + n, "name": format!("bridge {n}"), "downstream": 1000 + n}))
        .collect();
    let pipelines: Vec<Value> = (0..40)
        .map(|n| {
            let jobs = match n {
                0 => (0..250).map(|j| job(10_000 + j, &format!("job-{j}"))).collect(),
                n => vec![job(20_000 + n, &format!("alone-{n}"))],
            };
            json!({"id": 1000 + n, "jobs": jobs})
        })
        .collect();
    World::from_json(json!({"server": {"archives": "direct"}, "projects": [
        {"id": 1, "pipelines": [{"id": 10, "bridges": bridges}]},
        {"id": 2, "pipelines": pipelines},
    ]}))
}

#[test]
fn however_lists_are_cut_into_pages_the_result_is_the_same() {
    let line = "fetch job-0 job-249 alone-1 alone-39 'job-10?' --separate --json";
    let whole = Run::new(large()).args(line).succeeds();
    assert_eq!(whole.json()["fetched"].as_array().unwrap().len(), 14);
    for settings in [
        json!({"page_size_cap": 7}),
        json!({"page_size_cap": 33, "no_totals": true}),
        json!({"no_totals": true}),
    ] {
        let ran = Run::new(large().server(settings.clone())).args(line).succeeds();
        assert_eq!(ran.json(), whole.json(), "{settings}");
    }
    let fake = Fake::start(large());
    for list in ["GET pipelines/*/jobs", "GET pipelines/*/bridges"] {
        fake.fault(Fault::on(list).always().without_header("X-Next-Page").without_header("Link"));
    }
    assert_eq!(Run::new(&fake).args(line).succeeds().json(), whole.json(), "a proxy ate a header");
    let fake = Fake::start(large().server(json!({"page_size_cap": 7})));
    for list in ["GET pipelines/*/jobs", "GET pipelines/*/bridges"] {
        fake.fault(Fault::on(list).always().without_header("X-Next-Page"));
    }
    assert_eq!(Run::new(&fake).args(line).succeeds().json(), whole.json(), "but left the link");
}

#[test]
fn a_server_that_knows_no_pages_is_asked_once_more_and_no_further() {
    let jobs: Vec<Value> = (0..120)
        .map(|n| json!({"id": 300 + n, "name": format!("job-{n}"), "status": "success"}))
        .chain([json!({"id": 201, "name": "build", "status": "success", "artifacts": [{"file_type": "archive"}]})])
        .collect();
    let fake = Fake::start(downstream(&[job(201, "build")]));
    fake.fault(Fault::on("GET pipelines/20/jobs").always().json(200, &json!(jobs)));
    let ran = Run::new(&fake).args("fetch build").succeeds();
    let again = "GET projects/2/pipelines/20/jobs?per_page=100&page=2";
    ran.asks(&[LOOKUP[0], LOOKUP[1], again, "GET projects/2/jobs/201/artifacts"]);
}

#[test]
fn every_page_is_asked_for_once_and_none_beyond_the_end() {
    let world = large().server(json!({"page_size_cap": 7}));
    let ran = Run::new(world).args("fetch job-0 --bridge 'bridge 0'").succeeds();
    let count = |part: &str| ran.requests.iter().filter(|request| request.contains(part)).count();
    assert_eq!((count("/bridges?"), count("/jobs?")), (6, 36));
    let last = "GET projects/2/pipelines/1000/jobs?per_page=100&page=36";
    assert!(ran.requests.iter().any(|request| request == last), "{:?}", ran.requests);
    let none = large().server(json!({"page_size_cap": 7, "no_totals": true}));
    let other = Run::new(none).args("fetch job-0 --bridge 'bridge 0'").succeeds();
    assert_eq!(other.requests.len(), ran.requests.len(), "without totals");
}

#[test]
fn a_row_that_moves_to_the_next_page_counts_once_and_a_page_that_leads_back_is_the_last() {
    let row = |id: u64| json!({"id": id, "name": format!("b{id}"), "status": "success", "downstream_pipeline": null});
    let fake = Fake::start(downstream(&[]));
    let page = |number: u64| format!("GET pipelines/10/bridges?per_page=100&page={number}");
    fake.fault(Fault::on(&page(1)).json(200, &json!([row(5), row(4)])).header("X-Next-Page", "2"));
    fake.fault(Fault::on(&page(2)).json(200, &json!([row(4), row(3)])).header("X-Next-Page", "1"));
    let ran = Run::new(&fake).args("fetch build").fails(3);
    ran.says("[1/4] pipeline 10 of project 1: 3 bridges");
    let bridges = ran.requests.iter().filter(|request| request.contains("/bridges?"));
    assert_eq!(bridges.count(), 2);
}

#[test]
fn the_list_of_bridges_is_found_under_its_new_name() {
    let newer = json!({"bridges": false, "trigger_jobs": true});
    let ran =
        Run::new(downstream(&[job(201, "build")]).server(newer)).args("fetch build").succeeds();
    let trigger_jobs = "GET projects/1/pipelines/10/trigger_jobs?per_page=100&page=1";
    ran.asks(&[LOOKUP[0], trigger_jobs, LOOKUP[1], "GET projects/2/jobs/201/artifacts"]);
    let neither = json!({"bridges": false, "trigger_jobs": false});
    let ran = Run::new(downstream(&[]).server(neither)).args("fetch build").fails(3);
    ran.says("/bridges answered 404: 404 Not Found").says("the address of GitLab's API?");
}

#[test]
fn a_downstream_pipeline_may_tell_its_project_by_its_web_address_alone() {
    for (known, path) in [
        (json!({"web_url": "https://gitlab.test/shop/down/-/pipelines/20"}), "shop%2Fdown"),
        (
            json!({"project_id": null, "web_url": "http://127.0.0.1:1/shop/down/-/pipelines/20"}),
            "shop%2Fdown",
        ),
        (json!({"project_id": 2}), "2"),
    ] {
        let mut pipeline = json!({"id": 20, "status": "success", "ref": "main", "sha": "ab"});
        pipeline.as_object_mut().unwrap().extend(known.as_object().unwrap().clone());
        let bridge =
            json!({"id": 90, "name": "down", "status": "success", "downstream_pipeline": pipeline});
        let fake = Fake::start(downstream(&[job(201, "build")]));
        fake.fault(Fault::on("GET pipelines/10/bridges").json(200, &json!([bridge])));
        let ran = Run::new(&fake).args("fetch build").succeeds();
        let jobs = format!("GET projects/{path}/pipelines/20/jobs?per_page=100&page=1");
        let archive = format!("GET projects/{path}/jobs/201/artifacts");
        ran.asks(&[LOOKUP[0], &jobs, &archive]);
    }
}

#[test]
fn numbers_beyond_four_billion_are_numbers() {
    let (job_id, pipeline) = (10_400_000_001_u64, 9_007_199_254_740_993_u64);
    let world = World::from_json(json!({"projects": [
        {"id": 1, "pipelines": [{"id": 10, "bridges": [{"id": 90, "name": "down", "downstream": pipeline}]}]},
        {"id": 5_000_000_000_u64, "pipelines": [{"id": pipeline, "jobs": [job(job_id, "build")]}]},
    ]}));
    let ran = Run::new(world).args("fetch build --json").succeeds();
    let fetched = &ran.json()["fetched"][0];
    assert_eq!(fetched["job"]["id"], job_id);
    assert_eq!(fetched["pipeline"]["id"], pipeline);
}

#[test]
fn a_status_never_heard_of_stops_nothing() {
    let world = downstream(&[job(201, "build")]);
    let odd = json!({"set": [{"bridge": 90, "status": "mirroring"}, {"pipeline": 20, "status": "dreaming"}]});
    Run::new(world.with(&odd)).args("fetch build").succeeds().says("(dreaming)");
}

#[test]
fn a_renamed_project_is_followed_with_the_token_to_where_we_are() {
    for root in ["", "/gitlab"] {
        let renamed = json!({"set": {"project": 1, "old_paths": ["shop/before"]}});
        let world = downstream(&[job(201, "build")]).with(&renamed).server(json!({"root": root}));
        let fake = Fake::start(world);
        let old = "GET projects/shop%2Fbefore/pipelines/10/bridges?per_page=100&page=1";
        let ran = Run::new(&fake).args("fetch build -R shop/before").succeeds();
        ran.asks(&[old, LOOKUP[0], LOOKUP[1], "GET projects/2/jobs/201/artifacts"]);

        // GitLab writes the address it believes to have, which is nobody's business here.
        let elsewhere = format!(
            "https://gitlab.configured.invalid{root}/api/v4/projects/1/pipelines/10/bridges?per_page=100&page=1"
        );
        fake.fault(Fault::on("GET projects/shop%2Fbefore/*").redirect_with(301, &elsewhere));
        let ran = Run::new(&fake).args("fetch build -R shop/before").succeeds();
        ran.asks(&[old, LOOKUP[0], LOOKUP[1], "GET projects/2/jobs/201/artifacts"]);
        assert!(ran.log.iter().all(|logged| logged.header("private-token").is_some()));
    }
}

#[test]
fn a_project_may_be_named_by_a_path_of_any_depth() {
    let path = json!({"set": {"project": 1, "path": "a/b.c/d_e/f-g"}});
    let ran = Run::new(downstream(&[job(201, "build")]).with(&path));
    let ran = ran.args("fetch build -R a/b.c/d_e/f-g").succeeds();
    let first = "GET projects/a%2Fb.c%2Fd_e%2Ff-g/pipelines/10/bridges?per_page=100&page=1";
    assert_eq!(ran.requests[0], first);
}

#[test]
fn an_answer_that_is_not_gitlabs_is_said_to_be_none() {
    for (kind, body) in [
        ("application/json", "{\"bridges\": []}".into()),
        ("application/json", "[{\"id\": \"nine\"}]".into()),
        ("application/json", "[".into()),
        ("text/plain", "hello".into()),
        ("application/json", " ".repeat(11 << 20)),
    ] {
        let body: String = body;
        let fake = Fake::start(downstream(&[]));
        fake.fault(Fault::on("GET pipelines/10/bridges").body(200, kind, body));
        let ran = Run::new(&fake).args("fetch build").fails(5);
        ran.says("error: listing the bridges of pipeline 10 in project 1: ").asks(&[LOOKUP[0]]);
    }
}
