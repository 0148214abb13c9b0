//! `trigger`: starting a pipeline, waiting for it, and fetching from it.

use serde_json::json;

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;

const TOKEN: [(&str, &str); 1] = [("DOWNRIVER_PIPELINE_TOKEN", "glptt-startsRadarSharecode")];

/// Prepares a run with a private token that may read and write in both projects.
fn person<'a>() -> Run<'a> {
    Run::new(World::named("two-repos").with_token("private"))
}

/// Returns project 1, where a started pipeline is pipeline 2 with these jobs and this status; after
/// a job is played, it runs, and the next lookup sees its success.
fn started(jobs: serde_json::Value, status: &str) -> World {
    World::from_json(json!({
        "projects": [{"id": 1, "on_trigger": {"id": 2, "jobs": jobs, "status": status}}],
        "changes": [{
            "after": {"request": "POST jobs/*/play"},
            "then": {
                "after": {"request": "GET pipelines/2"},
                "set": {"pipeline": 2, "status": "success"},
            },
        }],
    }))
}

fn posts(requests: &[String]) -> Vec<&str> {
    requests.iter().filter(|r| r.starts_with("POST ")).map(String::as_str).collect()
}

#[test]
fn a_pipeline_is_started_played_and_waited_for() {
    let ran = person().args("trigger 93 --ref master --on-manual play").vars(TOKEN).succeeds();
    let url = "https://gitlab.test/shop/radar-sharecode/-/pipelines/9100";
    ran.prints(&format!(
        "pipeline 9100 of project shop/radar-sharecode: created  {url}\npipeline 9100 of project shop/radar-sharecode: success  {url}\n"
    ));
    ran.says("playing the manual job upload: symbols (71002)");
    assert_eq!(
        posts(&ran.requests),
        ["POST projects/93/trigger/pipeline", "POST projects/93/jobs/71002/play"]
    );
    assert_eq!(ran.requests.iter().filter(|r| *r == "GET projects/93/pipelines/9100").count(), 7);
}

#[test]
fn each_kind_of_token_starts_through_its_own_endpoint() {
    let started = |run: Run<'_>| {
        let ran = run.args("trigger 93 --ref master -e A=b=c -e 'X Y=&' --detach").succeeds();
        let post = ran.log.iter().find(|logged| logged.short.starts_with("POST")).unwrap();
        ran.check(ran.requests.len() == 1, "one request");
        let tokens = ["private-token", "job-token"].map(|name| post.header(name).is_some());
        (post.short.clone(), post.body.clone(), tokens)
    };
    let variables = "variables%5BA%5D=b%3Dc&variables%5BX%20Y%5D=%26";
    assert_eq!(
        started(person().args("").vars(TOKEN)),
        (
            "POST projects/93/trigger/pipeline".to_owned(),
            format!("ref=master&token=glptt-startsRadarSharecode&{variables}"),
            [false, false]
        )
    );
    assert_eq!(
        started(Run::new("two-repos")),
        (
            "POST projects/93/trigger/pipeline".to_owned(),
            format!("ref=master&token=glcbt-64_deployLinbotRuns&{variables}"),
            [false, false]
        )
    );
    let (short, body, tokens) = started(person());
    assert_eq!((short.as_str(), tokens), ("POST projects/93/pipeline", [true, false]));
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let variables = json!([{"key": "A", "value": "b=c"}, {"key": "X Y", "value": "&"}]);
    assert_eq!(body, json!({"ref": "master", "variables": variables}));
}

#[test]
fn a_flag_wins_over_the_variable_and_a_trigger_token_over_all_others() {
    let args = "trigger 93 --ref master --detach -p glptt-startsRadarSharecode";
    let ran = person().args(args).vars([("DOWNRIVER_PIPELINE_TOKEN", "glptt-another")]).succeeds();
    ran.check(ran.log[0].body.contains("token=glptt-starts"), "the flag's");
    person().args("trigger 93 --detach -p ''").fails(2).says("--pipeline-token is empty");
}

#[test]
fn inputs_are_sent_as_what_they_are() {
    let args = "trigger 93 --ref master --detach --input env=prod --input 'text=\"3\"'";
    let ran = person().args(args).vars(TOKEN).succeeds();
    let body = &ran.log[0].body;
    ran.check(body.ends_with("inputs%5Benv%5D=prod&inputs%5Btext%5D=3"), "a form for texts");
    for vars in [TOKEN.to_vec(), Vec::new()] {
        let mut run = person().args(args).args("--input count=3 --input on=true");
        for var in vars {
            run = run.vars([var]);
        }
        let ran = run.succeeds();
        let body: serde_json::Value = serde_json::from_str(&ran.log[0].body).unwrap();
        let expect = json!({"env": "prod", "text": "3", "count": 3, "on": true});
        assert_eq!(body["inputs"], expect);
    }
}

#[test]
fn without_a_ref_it_is_the_default_branch() {
    let ran = person().args("trigger 93 --detach").succeeds();
    ran.asks(&["GET projects/93", "POST projects/93/pipeline"]);
    ran.check(ran.log[1].body.contains("\"master\""), "the default branch");
    let hidden = Run::new("two-repos").args("trigger 93 --detach").fails(4);
    hidden.says("asking for the default branch of project 93").says("with --ref");
    assert_eq!(posts(&hidden.requests), [] as [&str; 0]);
}

#[test]
fn what_gitlab_does_not_start_is_told_in_its_own_words() {
    let ran = person().args("trigger 93 --ref nowhere").vars(TOKEN).fails(3);
    ran.says("GitLab starts no pipeline of ref `nowhere` in project 93: Reference not found");
    let ran = person().args("trigger 93 -d --ref master -p glptt-ofAnotherProject").fails(4);
    ran.says("a wrong trigger token").says("a project that does not exist");
    let ran = person().args("trigger 71 -d --ref master -p glptt-startsRadarSharecode").fails(4);
    ran.says("a wrong trigger token").says("a project that does not exist");
    // A trigger token may read no project, so its old path cannot be followed.
    let ran =
        Run::new("two-repos").args("trigger shop/sharecode --ref master").vars(TOKEN).fails(3);
    ran.says("Non GET methods are not allowed for moved projects").says("its new path");
}

#[test]
fn a_renamed_project_is_changed_by_its_id() {
    let old = "shop/sharecode";
    let ran = person().args(&format!("trigger {old} --ref master -d")).succeeds();
    ran.asks(&["GET projects/shop%2Fsharecode", "GET projects/93", "POST projects/93/pipeline"]);
    let ran = person().args(&format!("trigger {old} --pid 9002 --ref master -d")).succeeds();
    ran.check(ran.requests.iter().all(|r| !r.contains("POST projects/shop")), "by the id");
    for args in ["keep build-repo", "delete build-repo --yes"] {
        let ran = person().args(args).args(&format!("-R {old} --pipeline 9002 --from pipeline"));
        ran.succeeds();
    }
    let ran = person().args(&format!("delete --all-in-project --yes -R {old}")).succeeds();
    ran.check(
        ran.requests.last().is_some_and(|r| r == "DELETE projects/93/artifacts"),
        "by the id",
    );
}

#[test]
fn without_any_token_nothing_is_sent() {
    let ran = Run::new("two-repos").without(&["CI_JOB_TOKEN"]).args("trigger 93 --ref a").fails(4);
    ran.says("this requires a token").asks(&[]);
}

#[test]
fn a_post_is_sent_again_only_where_it_surely_had_no_effect() {
    let run = |fault: Fault| {
        let fake = Fake::start(World::named("two-repos").with_token("private"));
        fake.fault(fault);
        let ran = Run::new(&fake).args("trigger 93 --ref master --detach").runs();
        (posts(&ran.requests).len(), ran.exit, ran.stderr.clone())
    };
    let on = || Fault::on("POST projects/93/pipeline");
    for status in [429, 503] {
        let (posts, exit, _) = run(on().status(status));
        assert_eq!((posts, exit), (2, Some(0)), "{status}");
    }
    let cases = [on().close(), on().reset(), on().status(500), on().status(502), on().status(504)];
    for fault in cases.into_iter().chain([on().body(201, "application/json", "{}").cut(1)]) {
        let (posts, exit, said) = run(fault);
        assert_eq!((posts, exit), (1, Some(5)), "{said}");
        assert!(said.contains("the pipeline may have been started nevertheless"), "{said}");
        assert!(said.contains("look at <api>/projects/93"), "{said}");
    }
}

#[test]
fn a_redirect_is_not_followed_where_something_is_to_be_changed() {
    for status in [301, 302, 303, 307, 308] {
        let fake = Fake::start(World::named("two-repos").with_token("private"));
        fake.fault(Fault::on("POST pipeline").redirect_with(status, "{api}/api/v4/elsewhere"));
        let ran = Run::new(&fake).args("trigger 93 --ref master").fails(5);
        ran.says(&format!(
            "redirected ({status}) to <api>/api/v4/elsewhere, which is not followed"
        ));
        ran.asks(&["POST projects/93/pipeline"]);
    }
}

#[test]
fn a_manual_job_stops_the_run_unless_it_is_told_what_to_do() {
    let ran = person().args("trigger 93 --ref master").fails(8);
    ran.says("waits for a person at job `upload: symbols` (71002) https://gitlab.test/shop/radar-sharecode/-/jobs/71002");
    ran.says("--on-manual play");
    let ran = person().args("trigger 93 --ref master --on-manual pass").succeeds();
    ran.check(
        ran.stdout.contains("pipeline 9100 of project shop/radar-sharecode: manual"),
        "it stands there",
    );
    let ran = person().args("trigger 93 --ref master --on-manual play --jobs other").fails(8);
    ran.says("`other` is no manual job of").says("upload: symbols").never_says("--on-manual play");
    assert_eq!(posts(&ran.requests), ["POST projects/93/pipeline"]);
    person().args("trigger 93 --jobs a").fails(2).says("--on-manual play");
}

#[test]
fn a_job_token_may_neither_play_nor_retry_and_nothing_is_started() {
    for args in ["--on-manual play", "-r", "--pid 9002"] {
        let ran = Run::new("two-repos").args("trigger 93 --ref master").args(args).fails(4);
        ran.says("GitLab accepts no job token for this").asks(&[]);
    }
    // It is no obstacle where the pipeline stops elsewhere.
    Run::new("two-repos").args("trigger 93 --ref master --on-manual pass").succeeds();
}

#[test]
fn jobs_are_played_together_in_the_order_of_their_names() {
    let manual = |id, name| json!({"id": id, "name": name, "status": "manual"});
    let jobs = json!([manual(11, "a"), manual(12, "b"), manual(13, "c")]);
    let ran =
        Run::new(started(jobs, "manual")).args("trigger 1 --on-manual play --jobs c,a").succeeds();
    assert_eq!(
        posts(&ran.requests)[1..],
        ["POST projects/1/jobs/13/play", "POST projects/1/jobs/11/play"]
    );
}

#[test]
fn a_pipeline_of_manual_jobs_alone_is_skipped_until_they_are_played() {
    let optional = json!([{"id": 11, "name": "a", "status": "manual", "allow_failure": true}]);
    let ran = Run::new(started(optional.clone(), "skipped")).args("trigger 1").fails(8);
    ran.says("(skipped)");
    let ran = Run::new(started(optional, "skipped")).args("trigger 1 --on-manual play").succeeds();
    assert_eq!(posts(&ran.requests)[1..], ["POST projects/1/jobs/11/play"]);
}

#[test]
fn a_bad_end_names_the_jobs_that_failed() {
    for status in ["failed", "canceled", "skipped"] {
        let jobs = json!([{"id": 11, "name": "lint", "status": "failed"}, {"id": 12, "name": "b"}]);
        let ran = Run::new(started(jobs, status)).args("trigger 1").fails(8);
        ran.says(&format!("pipeline 2 of project group/project-1 ({status})"));
        ran.says("job `lint` (11) https://gitlab.test/group/project-1/-/jobs/11");
    }
}

#[test]
fn patience_ends() {
    let world = started(json!([{"id": 11, "name": "a", "status": "running"}]), "running");
    let ran = Run::new(world).args("trigger 1 -s 7 --wait-timeout 30s --json").fails(7);
    let pauses: Vec<u64> = ran.pauses.iter().map(|pause| pause.as_secs()).collect();
    assert_eq!(pauses, [7, 7, 7, 7, 2]);
    assert_eq!(ran.json()["error"]["exit"], 7);
    assert_eq!(ran.json()["pipelines"][0]["status"], "running");
}

#[test]
fn json_tells_of_the_pipeline_and_of_what_was_fetched_in_one_document() {
    let args = "trigger 93 --ref master --on-manual play --fetch build-repo -D out --json";
    let ran = person().args(args).succeeds();
    let told = ran.json();
    let pipeline = json!({
        "id": 9100, "project_id": 93, "status": "success", "ref": "master",
        "sha": "0badcafe9876543210fedcba9876543210fedcba", "failed_jobs": [],
        "web_url": "https://gitlab.test/shop/radar-sharecode/-/pipelines/9100",
    });
    assert_eq!(told["pipelines"], json!([pipeline]));
    assert_eq!(told["fetched"][0]["job"]["id"], 71001);
    assert_eq!(told["fetched"][0]["dir"], "out");
    ran.says("pipeline 9100 of project shop/radar-sharecode: created");
    let ran = person().args("trigger 93 --ref master --json").fails(8);
    assert_eq!(ran.json()["error"]["exit"], 8);
    assert_eq!(ran.json()["pipelines"][0]["status"], "manual");
    assert_eq!(ran.json()["fetched"], json!([]));
}

#[test]
fn artifacts_are_fetched_from_the_very_pipeline_that_was_started() {
    let args = "trigger 93 --ref master --on-manual play --fetch build-repo";
    let ran = person().args(args).args("-D out --list --dotenv started.env").succeeds();
    ran.check(ran.files().iter().any(|file| file.starts_with("out/")), "files in out");
    ran.check(ran.stdout.lines().count() > 2, "their paths are printed");
    let env = ran.read("started.env");
    assert!(env.starts_with("DOWNRIVER_JOB_ID=71001\nDOWNRIVER_JOB_IDS=71001\nDOWNRIVER_PIPELINE_ID=9100\nDOWNRIVER_PROJECT_ID=93\nDOWNRIVER_REF=master\n"), "{env}");
    let ran = person().args(args).args("--output build.zip").succeeds();
    assert_eq!(ran.files(), ["build.zip"]);
    let ran = person().args(args).args("--output - -o").binary().succeeds();
    ran.says("pipeline 9100 of project shop/radar-sharecode: created")
        .says("==== build-repo (71001): success ====");
    ran.check(ran.raw_stdout.starts_with(b"PK"), "the archive and nothing else");
    person()
        .args("trigger 93 --ref master --on-manual play --fetch build-rep")
        .fails(3)
        .says("build-repo");
}

#[test]
fn what_was_started_is_handed_on_though_it_is_not_waited_for() {
    let ran = person().args("trigger 93 --ref master -d --dotenv started.env").succeeds();
    let env = ran.read("started.env");
    assert!(
        env.starts_with("DOWNRIVER_JOB_ID=\nDOWNRIVER_JOB_IDS=\nDOWNRIVER_PIPELINE_ID=9100\n"),
        "{env}"
    );
    assert_eq!(ran.requests, ["POST projects/93/pipeline"]);
}

#[test]
fn a_new_pipeline_may_be_missing_for_a_moment_where_it_is_looked_for() {
    for (times, exit) in [(3, 0), (4, 3)] {
        let fake = Fake::start(World::named("two-repos").with_token("private"));
        fake.fault(Fault::on("GET pipelines/9100").times(times).status(404));
        Run::new(&fake).args("trigger 93 --ref master --on-manual pass").exits(exit);
    }
}
