//! Sources of the lookup's scope: pasted addresses, flags, the variables of CI.

use serde_json::json;

use crate::fake::{Fake, World};
use crate::harness::Run;
use crate::scenes::job;

const SHA: &str = "1234567890abcdef1234567890abcdef12345678";

/// `shop/up` (1) triggers `shop/down` (2), which has pipelines on a branch, of a merge request
/// and of a commit. Every archive contains the id of its job.
fn world() -> World {
    let branch = "feature/a#1 é";
    World::from_json(json!({
        "server": {"archives": "direct"},
        "projects": [
            {"id": 1, "path": "shop/up", "pipelines": [{
                "id": 10,
                "jobs": [job(101, "own")],
                "bridges": [{"id": 90, "name": "down", "downstream": 20}],
            }]},
            {"id": 2, "path": "shop/down", "merge_requests": {"5": [40, 39]}, "pipelines": [
                {"id": 20, "jobs": [job(201, "build")]},
                {"id": 29, "ref": branch, "jobs": [job(291, "build"), job(292, "old")]},
                {"id": 30, "ref": branch, "jobs": [job(301, "build"), job(302, "part 1/1")]},
                {"id": 31, "ref": branch, "status": "failed", "jobs": [job(311, "build")]},
                {"id": 39, "ref": "refs/merge-requests/5/head", "jobs": [job(391, "build")]},
                {"id": 40, "ref": "refs/merge-requests/5/head", "sha": SHA, "jobs": [job(401, "build")]},
            ]},
        ],
    }))
}

#[test]
fn flags_and_variables_name_the_place() {
    for (line, from) in [
        ("fetch build", 201),
        ("fetch build --from downstream", 201),
        ("fetch own --from pipeline", 101),
        ("fetch build --from pipeline -R 2 --pipeline 20", 201),
        ("fetch build --repo 1 --pipeline 10", 201),
        ("fetch build --project shop/up", 201),
        ("fetch build --project=/shop/up/", 201),
        ("fetch build --from pipeline -R shop/down --pipeline 20", 201),
        ("fetch build -R 2 --ref 'feature/a#1 é'", 301),
        ("fetch part -R 2 --ref 'feature/a#1 é'", 302),
        ("fetch 'buil?' -R shop/down --ref 'feature/a#1 é'", 301),
        ("fetch old -R 2 --ref 'feature/a#1 é' --search-recent", 292),
        ("fetch 'ol?' -R 2 --ref 'feature/a#1 é' --search-recent", 292),
        ("fetch build -R 1 --ref main --from downstream", 201),
        ("fetch build -R 2 --mr 5", 401),
        ("fetch build -R 2 --commit 1234567890ABCDEF1234567890abcdef12345678", 401),
        ("fetch --job-id 291 -R 2", 291),
    ] {
        let ran = Run::new(world()).args(line).succeeds();
        ran.check(ran.read("from") == from.to_string(), &format!("the job is {from}"));
    }
}

#[test]
fn a_ref_is_one_request_whatever_its_name() {
    for token in ["private", "job"] {
        let mut project = json!({"set": {"project": 2, "job_token_allowlist": [1]}});
        // Lists are closed to job tokens there: by ref, none is needed.
        project["set"] = json!([project["set"], {"server": null, "job_token_lists": false}]);
        let world = world().with(&project).with_token(token);
        let ran = Run::new(world).args("fetch build -R 2 --ref 'feature/a#1 é'").succeeds();
        ran.asks(&["GET projects/2/jobs/artifacts/feature%2Fa%231%20%C3%A9/download?job=build"]);
    }
}

#[test]
fn an_older_server_that_ignores_the_search_is_helped_by_its_lists() {
    let older = world().server(json!({"search_recent": false}));
    let line = "fetch old -R 2 --ref 'feature/a#1 é' --search-recent";
    let ran = Run::new(older).args(line).succeeds();
    assert_eq!(ran.read("from"), "292");
    let lists =
        "GET projects/2/pipelines?ref=feature%2Fa%231%20%C3%A9&status=success&per_page=100&page=1";
    assert!(ran.requests[0].contains("/download?job=old&search_recent_successful_pipelines=true"));
    assert_eq!(ran.requests[1], lists);
}

#[test]
fn a_merge_request_is_found_by_its_refs_with_a_job_token() {
    let change = json!({"set": {"project": 2, "job_token_allowlist": [1]}});
    let ran = Run::new(world().with(&change).with_token("job"))
        .args("fetch build -R 2 --mr 5")
        .succeeds();
    assert_eq!(ran.read("from"), "401");
}

#[test]
fn a_pasted_address_names_server_project_and_number() {
    for (path, rest, from) in [
        ("shop/up/-/pipelines/10", "build", 201),
        ("shop/up/-/pipelines/10/builds?page=2#top", "build", 201),
        ("shop/up/-/pipelines/10", "own --from pipeline", 101),
        ("shop/down/-/jobs/201", "", 201),
        ("shop/down/-/jobs/201/artifacts/browse", "", 201),
        ("shop/down/-/jobs/201#L12", "", 201),
    ] {
        let fake = Fake::start(world());
        let token = fake.token("private").0;
        let run = Run::new(&fake).bare().vars([("GITLAB_TOKEN", &token)]);
        let ran = run.arg("fetch").arg(fake.web(path)).args(rest).succeeds();
        ran.check(ran.read("from") == from.to_string(), &format!("the job is {from}"));
    }
}

#[test]
fn what_chooses_among_downstream_pipelines_means_nothing_where_none_are_looked_at() {
    for place in ["--from pipeline", "--from upstream --pipeline 10 -R 1", "--ref main", "--mr 5"] {
        for choice in ["--bridge down", "--downstream 2", "--recursive", "--depth 2"] {
            let ran = Run::new(world()).args("fetch own").args(place).args(choice).fails(2);
            ran.says("choose among the pipelines that one triggered").asks(&[]);
        }
    }
    let fake = Fake::start(world());
    let run = Run::new(&fake).arg("wait").arg(fake.web("shop/down/-/jobs/201"));
    run.args("--bridge down").fails(2).asks(&[]);
    Run::new(world()).args("tree --from pipeline --recursive --bridge '*'").succeeds();
}

#[test]
fn a_pasted_address_of_a_job_is_its_archive_alone_with_a_job_token() {
    let change = json!({"set": {"project": 2, "job_token_allowlist": [1]}});
    let fake = Fake::start(world().with(&change).with_token("job"));
    let ran = Run::new(&fake).arg("fetch").arg(fake.web("shop/down/-/jobs/201")).succeeds();
    ran.asks(&["GET projects/shop%2Fdown/jobs/201/artifacts"]);
}

#[test]
fn the_address_of_the_api_may_be_spelled_in_several_ways() {
    for root in ["", "/gitlab"] {
        let fake = Fake::start(world().server(json!({"root": root})));
        let api = fake.api_url();
        let host = api.strip_suffix("/api/v4").unwrap();
        for spelling in ["", "/", "/projects", "/projects/"] {
            let url = format!("{api}{spelling}");
            let run = Run::new(&fake).without(&["CI_API_V4_URL"]);
            run.args("fetch build --api-url").arg(&url).succeeds();
            Run::new(&fake).vars([("CI_API_V4_URL", &url)]).args("fetch build").succeeds();
        }
        for name in ["GITLAB_HOST", "CI_SERVER_URL"] {
            for end in ["", "/"] {
                let run = Run::new(&fake).without(&["CI_API_V4_URL"]);
                run.vars([(name, &format!("{host}{end}"))]).args("fetch build").succeeds();
            }
        }
        let wrong = [("CI_SERVER_URL", "http://127.0.0.1:1"), ("GITLAB_HOST", "127.0.0.1:1")];
        Run::new(&fake).vars(wrong).args("fetch build").succeeds();
        let page = fake.web("shop/up/-/pipelines/10");
        Run::new(&fake).arg("fetch").arg(page).arg("build").succeeds();
    }
}

#[test]
fn the_upstream_pipeline_is_told_by_flags_or_variables() {
    let gitlab = ["CI_UPSTREAM_PROJECT_ID", "CI_UPSTREAM_PIPELINE_ID"];
    let handed = ["PARENT_PROJECT_ID", "PARENT_PIPELINE_ID"];
    for (line, vars) in [
        ("", vec![(gitlab[0], "1"), (gitlab[1], "10")]),
        ("", vec![(handed[0], "1"), (handed[1], "10")]),
        ("", vec![(gitlab[0], "1"), (gitlab[1], "10"), (handed[0], "2"), (handed[1], "29")]),
        ("-R 1 --pipeline 10", vec![(gitlab[0], "2"), (gitlab[1], "29")]),
        ("-R shop/up --pipeline 10", vec![]),
        ("--pipeline 10", vec![(handed[0], "1")]),
    ] {
        let mut run = Run::new(world()).vars([("CI_PROJECT_ID", "2"), ("CI_PIPELINE_ID", "20")]);
        for (name, value) in vars {
            run = run.vars([(name, value)]);
        }
        let ran = run.args("fetch own --from upstream").args(line).succeeds();
        ran.check(ran.read("from") == "101", "the job is 101");
    }
}

#[test]
fn a_job_that_started_this_pipeline_leads_to_its_own() {
    let vars = [("PARENT_PROJECT_ID", "1"), ("PARENT_JOB_ID", "101")];
    let ran = Run::new(world()).vars(vars).args("fetch own --from upstream");
    let ran = ran.without(&["CI_JOB_TOKEN"]).succeeds();
    assert_eq!(ran.read("from"), "101");
    assert_eq!(ran.requests[0], "GET projects/1/jobs/101");
}

#[test]
fn a_child_pipeline_finds_its_parent_in_its_own_project() {
    let vars = [("CI_PIPELINE_SOURCE", "parent_pipeline"), ("PARENT_PIPELINE_ID", "10")];
    let ran = Run::new(world()).vars(vars).args("fetch own --from upstream").succeeds();
    assert_eq!(ran.read("from"), "101");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    let pipeline = "https://gitlab.invalid/shop/up/-/pipelines/10";
    let job = "https://gitlab.invalid/shop/up/-/jobs/7";
    for (line, says) in [
        (format!("fetch {job} build"), "the job is named twice"),
        (format!("fetch {job} --from pipeline"), "--from means nothing"),
        (format!("fetch {pipeline} build --pipeline 3"), "names the project and the pipeline"),
        (format!("fetch {pipeline} build -R 3"), "names the project and the pipeline"),
        (format!("fetch {pipeline} build --ref main"), "names the project and the pipeline"),
        (format!("fetch {pipeline} build --from upstream"), "does not tell which pipeline"),
        (format!("fetch {job} --job-id 3"), "--job-id and a URL"),
        (
            "fetch https://gitlab.invalid/shop/up/-/issues build".into(),
            "names no pipeline and no job",
        ),
        ("fetch https://gitlab.invalid/shop build".into(), "names no project"),
        ("fetch https://gitlab.invalid/-/pipelines/10 build".into(), "names no p"),
        ("fetch https://me:hush@gitlab.invalid/a/-/jobs/1".into(), "contains a user name"),
        ("fetch ftp://gitlab.invalid/a/-/jobs/1".into(), "is neither http nor https"),
        ("fetch build --job-id 3".into(), "the job is named twice"),
        ("fetch --job-id 3 --ref main".into(), "cannot be used with"),
        ("fetch build --ref main --mr 5".into(), "cannot be used with"),
        ("fetch build --mr 5 --commit abc".into(), "cannot be used with"),
        ("fetch build --search-recent".into(), "--ref"),
        ("fetch build --ref main --from upstream".into(), "--from upstream takes"),
        ("fetch build --from sideways".into(), "possible values"),
        ("fetch build --depth 0".into(), "0 is not in"),
        ("fetch build --api-url gitlab.invalid".into(), "from --api-url, is not a web address"),
        ("fetch build --api-url https://me:hush@gitlab.invalid".into(), "from --api-url, contains"),
        ("fetch build --from upstream".into(), "PARENT_PIPELINE_ID"),
        ("fetch build --bridge".into(), "a value is required"),
        ("fetch build --nonsense".into(), "unexpected argument"),
        ("fetch build -o a.zip -D out".into(), "cannot be used with"),
        ("fetch build -o - --json".into(), "both want standard output"),
        ("fetch build --path 'a['".into(), "a pattern cannot be read"),
        ("fetch build --wait-timeout soon".into(), "write it like 90s"),
        ("fetch build --max-size big".into(), "write it like 500M"),
        ("fetch build -q -v".into(), "cannot be used with"),
    ] {
        let ran = Run::new(world()).args(&line).fails(2);
        ran.says(says).never_says("hush").asks(&[]);
    }
}

#[test]
fn outside_of_ci_the_place_must_be_named() {
    for (gone, says) in
        [(["CI_PROJECT_ID"], "no project is given"), (["CI_PIPELINE_ID"], "no pipeline is given")]
    {
        Run::new(world()).without(&gone).args("fetch build").fails(2).says(says).asks(&[]);
    }
    for value in ["abc", "-1", "10 "] {
        let run = Run::new(world()).vars([("CI_PIPELINE_ID", value)]);
        run.args("fetch build").fails(2).says("no number of a pipeline").asks(&[]);
    }
    let ran = Run::new(world()).args("fetch own --from upstream").fails(2);
    for name in ["--project", "--pipeline", "CI_UPSTREAM_PROJECT_ID", "CI_UPSTREAM_PIPELINE_ID"] {
        ran.says(name);
    }
    ran.says("PARENT_PROJECT_ID").says("PARENT_PIPELINE_ID");
}

#[test]
fn a_place_that_does_not_exist_is_nothing_to_take() {
    for (line, says) in [
        ("fetch build --pipeline 77", "project 1 has no pipeline 77; its newest are"),
        ("fetch build -R 2 --ref nowhere", "no successful pipeline of ref `nowhere`"),
        ("fetch 'b*' -R 2 --ref nowhere", "no successful pipeline of ref `nowhere`"),
        ("fetch old -R 2 --ref 'feature/a#1 é'", "no job `old` in pipeline 30"),
        ("fetch b -R 2 --mr 6", "404"),
        ("fetch b -R 2 --commit 0000000000000000000000000000000000000000", "no pipeline of commit"),
        ("fetch --job-id 999 -R 2", "404 Not found"),
        ("fetch --job-id 90", "404 Not found"),
    ] {
        Run::new(world()).args(line).fails(3).says(says).says("hint: ");
    }
    // GitLab does not tell a project that does not exist from one that may not be read.
    let ran = Run::new(world()).args("fetch build -R shop/nowhere").fails(4);
    ran.says("404 Project Not Found").says("hint: GitLab also answers this");
}
