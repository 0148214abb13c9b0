//! Every endpoint of the Job Artifacts API has a command that asks it.

use serde_json::json;

use crate::fake::{Fake, Fault, World, error_case};
use crate::harness::Run;

fn world() -> World {
    World::from_json(json!({
        "server": {"archives": "direct"},
        "projects": [{"id": 1, "path": "shop/app", "pipelines": [{"id": 10, "jobs": [
            {"id": 101, "name": "build", "reports": ["junit", "dotenv"], "expire_at": "2026-03-09T00:00:00Z",
             "archive": {"files": {"out/app": "app\n", "log.txt": "log\n"}}},
            {"id": 100, "name": "big", "status": "failed", "archive": {"bytes": 5_000_000, "seed": 1}},
            {"id": 102, "name": "reports only", "reports": ["junit"]},
            {"id": 103, "name": "broken", "status": "failed", "archive": {"files": {"core": "x"}}},
        ]}]}],
    }))
}

/// The table of `docs/artifacts-api.md`: what is typed, and the request that does it.
#[test]
fn every_endpoint_is_reachable() {
    for (args, request) in [
        ("fetch --job-id 101 -o a.zip", "GET projects/1/jobs/101/artifacts"),
        (
            "fetch build --ref main -o a.zip",
            "GET projects/1/jobs/artifacts/main/download?job=build",
        ),
        (
            "fetch build --ref main --search-recent -o a.zip",
            "GET projects/1/jobs/artifacts/main/download?job=build&search_recent_successful_pipelines=true",
        ),
        ("cat --job-id 101 log.txt", "GET projects/1/jobs/101/artifacts/log.txt"),
        (
            "cat build log.txt --ref main",
            "GET projects/1/jobs/artifacts/main/raw/log.txt?job=build",
        ),
        (
            "ls --job-id 100 --any-status",
            "GET projects/1/jobs/100/artifacts/tree?recursive=true&per_page=100&page=1",
        ),
        (
            "fetch --job-id 101 --report junit -o -",
            "GET projects/1/jobs/101/artifacts?file_type=junit",
        ),
        ("keep --job-id 101", "POST projects/1/jobs/101/artifacts/keep"),
        ("delete --job-id 101 --yes", "DELETE projects/1/jobs/101/artifacts"),
        ("delete --all-in-project --yes", "DELETE projects/1/artifacts"),
    ] {
        let world = world().server(json!({"ranges": !args.starts_with("ls")}));
        let ran = Run::new(world).args(args).binary().succeeds();
        ran.check(ran.requests.iter().any(|asked| asked == request), &format!("it asks {request}"));
    }
}

#[test]
fn keep_takes_the_date_of_expiry_away() {
    for args in ["build --from pipeline", "build --ref main", "--job-id 101"] {
        let fake = Fake::start(world());
        let ran = Run::new(&fake).args("keep").args(args).succeeds();
        ran.prints("kept the artifacts of build (101)\n");
        let ran = Run::new(&fake).args("keep --json").args(args).succeeds();
        let url = "https://gitlab.test/shop/app/-/jobs/101";
        let job = json!({"id": 101, "name": "build", "status": "success", "web_url": url});
        assert_eq!(ran.json(), json!({"kept": [job]}));
    }
    Run::new(world()).args("keep 'reports only' --from pipeline").fails(3);
    Run::new(world()).args("keep nothing --from pipeline").fails(3);
    Run::new(world()).args("keep").fails(2);
}

#[test]
fn delete_takes_what_is_named_and_nothing_else() {
    let fake = Fake::start(world());
    let ran = Run::new(&fake).args("delete build --from pipeline --yes --json").succeeds();
    assert_eq!(ran.json()["deleted"][0]["id"], 101);
    Run::new(&fake).args("fetch --job-id 101 -o a.zip").fails(3);
    Run::new(&fake).args("delete broken --from pipeline --yes").fails(3);
    let ran = Run::new(&fake).args("delete broken --from pipeline --yes --any-status").succeeds();
    ran.prints("deleted the artifacts of broken (103)\n");
}

#[test]
fn delete_asks_on_a_terminal_and_wants_to_be_told_elsewhere() {
    let deleted = |ran: &crate::ran::Ran| ran.requests.iter().any(|r| r.starts_with("DELETE"));
    for (args, what) in [
        ("build --from pipeline", "the artifacts of `build (101)`"),
        ("'*' --from pipeline", "the artifacts of `build (101)`"),
        ("--all-in-project", "all artifacts of project 1"),
    ] {
        let ran = Run::new(world()).args("delete").args(args).fails(2);
        ran.says(what).says("--yes");
        ran.check(!deleted(&ran), "nothing is deleted");
        for (answer, exit) in [("y\n", 0), ("Yes\n", 0), ("n\n", 2), ("\n", 2), ("", 2)] {
            let run = Run::new(world()).args("delete").args(args).terminal().stdin(answer);
            let ran = run.exits(exit);
            ran.says(&format!("delete {what}"));
            ran.check(deleted(&ran) == (exit == 0), answer);
        }
    }
    Run::new(world()).args("delete build --all-in-project --yes").fails(2);
}

#[test]
fn a_job_token_is_told_that_it_may_not_before_anything_is_sent() {
    for args in [
        "keep build",
        "keep --job-id 101",
        "delete build --yes",
        "delete build",
        "delete --job-id 101 --yes",
        "delete --all-in-project --yes",
    ] {
        let ran = Run::new(world().with_token("job")).args(args).fails(4);
        ran.says("GitLab accepts no job token for this").asks(&[]);
    }
}

#[test]
fn what_was_done_before_a_failure_is_told_too() {
    let fake = Fake::start(world());
    fake.fault(Fault::on("DELETE jobs/103/artifacts").status(403));
    let args = "delete build broken --from pipeline --any-status --yes --json";
    let ran = Run::new(&fake).args(args).fails(4);
    assert_eq!(ran.json()["error"]["exit"], 4);
    assert_eq!(ran.json()["deleted"][0]["name"], "build");
    fake.fault(Fault::on("POST artifacts/keep").times(2).reply(error_case("resource lock")));
    let line = "keep broken --from pipeline --any-status";
    Run::new(&fake).args(line).args("--retries 1").fails(5).says("409 Conflict: Resource lock");
    fake.fault(Fault::on("POST artifacts/keep").times(2).reply(error_case("resource lock")));
    Run::new(&fake).args(line).succeeds();
}

#[test]
fn reports_come_as_the_files_they_are() {
    let ran = Run::new(world())
        .args("fetch build --from pipeline --report junit -D out --list")
        .succeeds();
    ran.prints("junit.gz\n");
    let gz = ran.items().into_iter().find(|item| item.path == "out/junit.gz").unwrap().content;
    assert!(gz.starts_with(&[0x1f, 0x8b]));
    let ran = Run::new(world()).args("fetch 'reports only' --from pipeline --report junit -o r.gz");
    let ran = ran.succeeds();
    assert_eq!(
        (ran.files(), ran.items()[0].content.clone()),
        (vec!["r.gz".to_owned()], gz.clone())
    );
    let ran = Run::new(world()).args("fetch build --ref main --report dotenv -o -").binary();
    assert!(ran.succeeds().raw_stdout.starts_with(&[0x1f, 0x8b]));
    let both = "fetch build 'reports only' --from pipeline --report junit";
    Run::new(world()).args(both).fails(9).says("--separate");
    let ran = Run::new(world()).args(both).args("--separate --json").succeeds();
    assert_eq!(ran.files(), ["build/junit.gz", "reports only/junit.gz"]);
    assert_eq!(ran.json()["fetched"][1]["files"][0], json!({"path": "junit.gz", "size": gz.len()}));
    // A job token may do it, and without its list the type gives the name.
    let ran = Run::new(world().with_token("job")).args("fetch --job-id 101 --report junit");
    assert_eq!(ran.succeeds().files(), ["junit.gz"]);
}

#[test]
fn a_report_that_is_not_there_is_told_with_those_that_are() {
    let ran = Run::new(world()).args("fetch build --from pipeline --report sast").fails(3);
    ran.says("job `build` (101) has no report `sast`").says("`junit`");
    let some = "fetch build 'reports only' --from pipeline --report dotenv --if-missing warn";
    let ran = Run::new(world()).args(some).succeeds();
    ran.says("`reports only` is missing");
    assert_eq!(ran.files(), ["dotenv.gz"]);
}

#[test]
fn a_server_that_does_not_know_about_reports_is_found_out() {
    let older = || world().server(json!({"file_type": false}));
    for args in ["build", "'reports only'"] {
        for to in ["-D out", "-o r.gz"] {
            let run = Run::new(older()).args("fetch --from pipeline --report junit").args(args);
            run.args(to).fails(3).says("GitLab does not give out the report `junit`").says("19.4");
        }
    }
    let run = Run::new(older().with_token("job")).args("fetch --job-id 101 --report junit");
    run.fails(3).says("19.4");
}
