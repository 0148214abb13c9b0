//! The places that a job is found in: `--from any`, merge requests and forks, older servers, other roots.

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;
use crate::scenes::job;

/// `shop/up` (1) has jobs of its own and bridges to `shop/down` (2).
fn world() -> World {
    World::from_json(json!({"server": {"archives": "direct"}, "projects": [
        {"id": 1, "path": "shop/up", "pipelines": [
            {"id": 10, "jobs": [job(101, "own"), job(102, "both"), job(103, "broken")],
             "bridges": [{"id": 90, "name": "down", "downstream": 20}]},
            {"id": 11, "jobs": [job(111, "alone")]},
        ]},
        {"id": 2, "path": "shop/down", "job_token_allowlist": [1], "pipelines": [
            {"id": 20, "jobs": [job(201, "build"), job(202, "both"),
                                {"id": 203, "name": "broken", "status": "failed"}]},
        ]},
    ]}))
}

#[test]
fn any_takes_what_was_triggered_first_and_the_pipeline_itself_for_the_rest() {
    for (line, from) in [
        ("build", "201"),
        ("own", "101"),
        ("both", "202"),
        ("'o*'", "101"),
        ("alone --pipeline 11", "111"),
        ("own --bridge down", "101"),
    ] {
        let ran = Run::new(world()).args("fetch --from any").args(line).succeeds();
        ran.check(ran.read("from") == from, from);
    }
    let ran = Run::new(world()).args("fetch own build both --from any --separate --json");
    let told = ran.succeeds().json();
    let ids = told["fetched"].as_array().unwrap().iter().map(|it| it["job"]["id"].clone());
    assert_eq!(ids.collect::<Vec<Value>>(), [101, 201, 202]);
}

#[test]
fn any_passes_over_neither_a_failed_job_nor_a_pipeline_that_may_not_be_read() {
    let ran = Run::new(world()).args("fetch broken --from any").fails(3);
    ran.says("job `broken` (203) did not succeed");
    let ran = Run::new(world()).args("fetch own --from any --bridge dwon").fails(3);
    ran.says("no bridge is called `dwon`");
    let ran = Run::new(world()).args("fetch nowhere --from any").fails(3);
    ran.says("no job `nowhere` in pipeline 20 of project shop/down (success), pipeline 10 of project shop/up");
    let fake = Fake::start(world());
    fake.fault(Fault::on("GET pipelines/20/jobs").always().status(403));
    Run::new(&fake).args("fetch own --from any").fails(4);
}

#[test]
fn a_job_in_the_other_place_is_told_with_the_flag_that_finds_it() {
    for (line, flag) in [
        ("own", "--from pipeline"),
        ("'ow?'", "--from pipeline"),
        ("alone --pipeline 11", "--from pipeline"),
        ("build --from pipeline", "--from downstream"),
        ("build --ref main", "--from downstream"),
    ] {
        let narrow = world().with(&json!({"remove": {"pipeline": 11}}));
        let world = if line.contains("11") { world() } else { narrow };
        let ran = Run::new(world).args("fetch").args(line).fails(3);
        ran.says("hint: ").says(flag);
    }
    let ran = Run::new(world()).args("fetch nowhere").fails(3);
    ran.never_says("--from").never_says("did you mean");
}

/// The requests of a refusal whose advice could name another place, beyond those of the lookup.
#[test]
fn advice_about_another_place_costs_few_requests_and_none_where_it_cannot_change() {
    let upstream = "GET projects/1/pipelines/10/jobs?per_page=100&page=1";
    let lookup = [
        "GET projects/1/pipelines/10/bridges?per_page=100&page=1",
        "GET projects/2/pipelines/20/jobs?per_page=100&page=1",
    ];
    let mut own = vec!["GET projects/1/pipelines/10", upstream];
    own.extend(lookup);
    for (line, exit, expect) in [
        ("fetch nowhere", 3, [&lookup[..], &[upstream]].concat()),
        ("fetch nowhere --from pipeline", 3, own),
        // No flag leads to what may not be read, failed, or is named by another bridge.
        ("fetch broken", 3, lookup.to_vec()),
        ("fetch nowhere --bridge other", 3, lookup[..1].to_vec()),
        ("fetch nowhere --downstream other", 3, lookup[..1].to_vec()),
        ("fetch nowhere --if-missing ignore", 0, lookup.to_vec()),
        ("fetch nowhere --if-missing warn", 0, lookup.to_vec()),
        ("fetch -R 1 --job-id 999", 3, vec!["GET projects/1/jobs/999"]),
    ] {
        let world = world().with(&json!({"remove": {"pipeline": 11}}));
        let ran = Run::new(world.with_token("private")).args(line).exits(exit);
        ran.asks(&expect);
    }
    // Of many downstream pipelines, the first 24 are searched.
    let bridges: Vec<Value> = (0..40)
        .map(|n| json!({"id": 900 + n, "name": format!("b{n}"), "downstream": 100 + n}))
        .collect();
    let below: Vec<Value> = (0..40).map(|n| json!({"id": 100 + n})).collect();
    let world = World::from_json(json!({"projects": [
        {"id": 1, "pipelines": [{"id": 10, "bridges": bridges, "jobs": [job(101, "own")]}]},
        {"id": 2, "pipelines": below},
    ]}));
    let ran = Run::new(world).args("fetch nowhere --from pipeline").fails(3);
    assert_eq!(ran.requests.len(), 2 + 1 + 24);
}

#[test]
fn a_downstream_project_that_is_hidden_ends_the_run_also_where_missing_jobs_do_not() {
    let hidden = || world().with(&json!({"set": {"project": 2, "hidden": true}}));
    for line in ["fetch build", "fetch 'b*'", "fetch build --from any", "explain build"] {
        for leniency in ["", "--if-missing warn", "--if-missing ignore"] {
            let ran = Run::new(hidden()).args(line).args(leniency).fails(4);
            ran.says("404 Project Not Found");
        }
    }
}

#[test]
fn a_job_token_that_cannot_see_a_private_fork_is_told_so() {
    let world = |token: &str| {
        World::from_json(json!({"server": {"archives": "direct"}, "projects": [
            {"id": 1, "path": "shop/up", "merge_requests": {"7": [30], "8": []}, "pipelines": [
                {"id": 11, "ref": "main"},
            ]},
            {"id": 3, "path": "fork/up", "pipelines": [{"id": 30, "jobs": [job(301, "build")]}]},
        ]}))
        .with_token(token)
    };
    for line in ["fetch build --mr 7", "ls build --mr 7", "explain build --mr 7"] {
        let ran = Run::new(world("job")).args(line).fails(3);
        ran.says("no pipeline of merge request 7").says("private fork").says("GITLAB_TOKEN");
        Run::new(world("private")).args(line).succeeds();
    }
    let ran = Run::new(world("private")).args("fetch build --mr 8").fails(3);
    ran.says("no pipeline of merge request 8").never_says("fork");
    // An older one in the project itself may be taken, and that is told.
    let seen = "the newest of merge request 7 that the job token sees";
    for line in ["fetch build", "cat build from", "wait build", "explain build"] {
        let world = |token: &str| {
            World::from_json(json!({"server": {"archives": "direct"}, "projects": [
                {"id": 1, "path": "shop/up", "merge_requests": {"7": [30, 11]}, "pipelines": [
                    {"id": 11, "ref": "refs/merge-requests/7/head", "jobs": [job(111, "build")]},
                ]},
                {"id": 3, "path": "fork/up", "pipelines": [{"id": 30, "jobs": [job(301, "build")]}]},
            ]}))
            .with_token(token)
        };
        let ran = Run::new(world("job")).args(line).args("--mr 7").succeeds();
        ran.says(&format!("pipeline 11 of project shop/up, {seen}: success"));
        let ran = Run::new(world("private")).args(line).args("--mr 7").succeeds();
        ran.never_says("that the job token sees");
    }
}

#[test]
fn an_earlier_pipeline_of_the_ref_that_has_the_job_is_hinted_at() {
    let with = |id: u64, jobs: Value| json!({"id": id, "ref": "main", "jobs": jobs});
    let world = || {
        World::from_json(json!({"server": {"archives": "direct"}, "projects": [
            {"id": 1, "path": "shop/up", "pipelines": [
                with(10, json!([job(101, "nightly")])),
                with(11, json!([job(111, "lint")])),
                with(12, json!([job(121, "lint")])),
            ]},
        ]}))
    };
    for line in ["nightly", "'night*'"] {
        let ran = Run::new(world()).args("fetch --ref main").args(line).fails(3);
        ran.says("--search-recent").never_says("did you mean");
        let ran = Run::new(world()).args("fetch --ref main --search-recent").args(line).succeeds();
        ran.check(ran.read("from") == "101", "the earlier one");
    }
    for command in ["ls", "wait", "explain"] {
        let ran = Run::new(world()).args(command).args("nightly --ref main").fails(3);
        ran.says("--search-recent").never_says("did you mean");
    }
    Run::new(world()).args("fetch --ref main build").fails(3).never_says("--search-recent");
}

#[test]
fn a_merge_request_means_its_newest_pipeline_with_every_kind_of_token() {
    let on = |id: u64, name: &str| {
        let ref_ = format!("refs/merge-requests/7/{name}");
        json!({"id": id, "ref": ref_, "jobs": [job(id * 10, "build")]})
    };
    for names in
        [["head", "merge", "train"], ["train", "head", "merge"], ["merge", "train", "head"]]
    {
        for token in ["private", "job"] {
            let pipelines: Vec<Value> = (11..).zip(names).map(|(id, name)| on(id, name)).collect();
            let world = World::from_json(json!({"server": {"archives": "direct"}, "projects": [
                {"id": 1, "path": "shop/up", "merge_requests": {"7": [12, 11, 13]},
                 "pipelines": pipelines},
            ]}));
            let ran = Run::new(world.with_token(token)).args("fetch build --mr 7").succeeds();
            ran.check(ran.read("from") == "130", &format!("{names:?} {token}"));
        }
    }
}

#[test]
fn a_pipeline_of_a_fork_is_asked_for_in_the_fork() {
    let world = World::from_json(json!({"server": {"archives": "direct"}, "projects": [
        {"id": 1, "path": "shop/up", "merge_requests": {"7": [30, 11]}, "pipelines": [
            {"id": 11, "ref": "refs/merge-requests/7/head", "jobs": [job(111, "build")]},
        ]},
        {"id": 3, "path": "fork/up", "pipelines": [{"id": 30, "jobs": [job(301, "build")]}]},
    ]}));
    let fake = Fake::start(world.with_token("private"));
    for line in [
        "fetch build",
        "fetch 'b*'",
        "ls build",
        "cat build from",
        "explain build",
        "wait build",
        "wait --from pipeline",
    ] {
        let ran = Run::new(&fake).args(line).args("--mr 7").succeeds();
        let in_fork = |it: &String| it.contains("projects/3/pipelines/30");
        ran.check(ran.requests.iter().any(in_fork), &format!("{line}: in the fork"));
        if line.starts_with("fetch") {
            ran.check(ran.read("from") == "301", "the newest");
        }
    }
    // The jobs below the pipeline of a fork are found from there as well.
    let world = World::from_json(json!({"server": {"archives": "direct"}, "projects": [
        {"id": 1, "path": "shop/up", "merge_requests": {"7": [30]}, "pipelines": [{"id": 11}]},
        {"id": 3, "path": "fork/up", "pipelines": [
            {"id": 30, "bridges": [{"id": 90, "name": "child", "downstream": 31}]},
            {"id": 31, "source": "parent_pipeline", "jobs": [job(311, "build")]},
        ]},
    ]}));
    let run = Run::new(world.with_token("private")).args("fetch build --mr 7 --from downstream");
    let ran = run.succeeds();
    ran.check(ran.read("from") == "311", "the child");
}

#[test]
fn a_job_token_that_may_only_list_jobs_is_enough_for_the_pipeline_itself() {
    let world = || world().server(json!({"version": "18.1"})).with_token("job");
    let line = "-R 2 --pipeline 20 --from pipeline";
    let ran = Run::new(world()).args("fetch build").args(line).succeeds();
    ran.check(ran.read("from") == "201", "the job");
    let ran = Run::new(world()).args("fetch nowhere").args(line).fails(3);
    ran.says("no job `nowhere` in pipeline 20 of project shop/down (success)");
    for command in
        ["wait", "wait build", "fetch 'b*'", "ls build", "cat build from", "explain build"]
    {
        Run::new(world()).args(command).args(line).succeeds();
    }
    // The lists of bridges and pipelines may not be read, and that is the reason.
    for line in [
        "fetch build",
        "fetch build -R 2 --commit 0000000000000000000000000000000000000014",
        "tree",
    ] {
        Run::new(world()).args(line).fails(4).says("GitLab before 18.3");
    }
}

#[test]
fn the_path_below_which_gitlab_is_installed_is_no_part_of_a_project() {
    for root in ["/gitlab", "/a/b"] {
        let world = || world().server(json!({"root": root}));
        let ran = Run::new(world()).args("fetch build --downstream shop/down").succeeds();
        ran.says("of project shop/down");
        // Old servers tell the project by its web address alone.
        let fake = Fake::start(world());
        let pipeline = json!({"id": 20, "status": "success",
            "web_url": format!("https://gitlab.test{root}/shop/down/-/pipelines/20")});
        let bridge = json!({"id": 90, "name": "down", "status": "success",
            "downstream_pipeline": pipeline});
        fake.fault(Fault::on("GET pipelines/10/bridges").json(200, &json!([bridge])));
        let ran = Run::new(&fake).args("fetch build").succeeds();
        let jobs = "GET projects/shop%2Fdown/pipelines/20/jobs?per_page=100&page=1";
        ran.check(ran.requests.iter().any(|it| it == jobs), jobs);
    }
}
