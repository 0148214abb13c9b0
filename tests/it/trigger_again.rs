//! `trigger --retry`, and the logs of the jobs.

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::harness::Run;

const TIP: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Returns project 1 with pipeline 5, which ended with this status at the tip of `main`; after a
/// retry, the second lookup sees its success.
fn ended(status: &str) -> World {
    World::from_json(json!({
        "projects": [{
            "id": 1, "heads": {"main": TIP},
            "pipelines": [
                {"id": 4, "status": "failed", "sha": TIP, "jobs": [{"id": 40, "name": "old", "status": "failed"}]},
                {"id": 5, "status": status, "sha": TIP, "jobs": [{"id": 50, "name": "test", "status": status}]},
            ],
            "on_trigger": {"id": 9, "status": "success"},
        }],
        "changes": [{
            "after": {"request": "POST retry"},
            "then": {"after": {"request": "GET pipelines/5"}, "set": {"pipeline": 5, "status": "success"}},
        }],
    }))
}

fn posts(requests: &[String]) -> Vec<&str> {
    requests.iter().filter(|r| r.starts_with("POST ")).map(String::as_str).collect()
}

#[test]
fn what_did_not_succeed_at_the_tip_is_retried() {
    for status in ["failed", "canceled"] {
        for args in ["-r", "--retry --ref main", "--pid 5"] {
            let ran = Run::new(ended(status)).args("trigger 1").args(args).succeeds();
            assert_eq!(posts(&ran.requests), ["POST projects/1/pipelines/5/retry"], "{args}");
            ran.check(
                ran.stdout.starts_with("retried: pipeline 5 of project group/project-1: running"),
                args,
            );
        }
    }
}

#[test]
fn a_success_is_not_repeated() {
    for args in ["-r", "--pid 5"] {
        let ran = Run::new(ended("success")).args("trigger 1").args(args).succeeds();
        assert_eq!(posts(&ran.requests), ["POST projects/1/pipeline"], "{args}");
        ran.check(!ran.requests.iter().any(|r| r.contains("commits")), "the tip matters not");
    }
}

#[test]
fn a_ref_that_has_moved_on_gets_a_new_pipeline() {
    let moved = || ended("failed").with(&json!({"set": {"project": 1, "heads": {"main": "b"}}}));
    for args in ["-r --ref main", "--pid 5"] {
        let ran = Run::new(moved()).args("trigger 1").args(args).succeeds();
        assert_eq!(posts(&ran.requests), ["POST projects/1/pipeline"], "{args}");
        let tip = "GET projects/1/repository/commits/main";
        ran.check(ran.requests.iter().any(|r| r == tip), "the tip was asked for");
    }
}

#[test]
fn a_ref_without_a_pipeline_gets_its_first_one() {
    let none =
        World::from_json(json!({"projects": [{"id": 1, "on_trigger": {"status": "success"}}]}));
    let ran = Run::new(none).args("trigger 1 -r").succeeds();
    ran.asks(&[
        "GET projects/1",
        "GET projects/1/pipelines?ref=main&per_page=1&page=1",
        "POST projects/1/pipeline",
        "GET projects/1/pipelines/500002",
    ]);
    Run::new(ended("failed")).args("trigger 1 --pid 77").fails(3);
    Run::new(ended("failed"))
        .args("trigger 1 -r --ref nowhere")
        .fails(3)
        .says("Reference not found");
}

#[test]
fn a_retried_pipeline_may_show_its_old_end_for_a_moment() {
    let fake = Fake::start(ended("failed"));
    let old = json!({"id": 5, "status": "failed", "project_id": 1});
    fake.fault(Fault::on("GET pipelines/5").json(200, &old));
    Run::new(&fake).args("trigger 1 -r").succeeds();
    let fake = Fake::start(ended("failed"));
    fake.fault(Fault::on("GET pipelines/5").times(2).json(200, &old));
    Run::new(&fake).args("trigger 1 -r").fails(8);
}

/// Returns a pipeline whose jobs have these logs; `bad` failed.
fn logging(jobs: Value) -> World {
    World::from_json(json!({
        "projects": [{"id": 1, "on_trigger": {"id": 9, "status": "failed", "jobs": jobs}}],
    }))
}

#[test]
fn logs_come_at_the_end_with_those_of_failures_last() {
    let section = "section_start:1772445600:step_script\r\u{1b}[0K\u{1b}[36;1mExecuting \"step_script\"\u{1b}[0;m\n$ make\n\u{1b}[31mbad\u{1b}[0m\tluck\nsection_end:1772445609:step_script\r\u{1b}[0K\n";
    let world = || {
        logging(json!([
            {"id": 91, "name": "bad", "status": "failed", "log": section},
            {"id": 92, "name": "good", "log": "10 %\r100 %\nfine\n"},
            {"id": 93, "name": "never", "status": "skipped"},
        ]))
    };
    let ran = Run::new(world()).args("trigger 1 -o").fails(8);
    let expect = "==== good (92): success ====\n100 %\nfine\n==== bad (91): failed ====\n\
                  == Executing \"step_script\"\n$ make\nbad     luck\n";
    ran.check(ran.stdout.ends_with(expect), expect);
    let colored = Run::new(world()).args("trigger 1 -o --color always").fails(8);
    colored.check(colored.stdout.contains("\u{1b}[31mbad\u{1b}[0m"), "colours stay");
    let json = Run::new(world()).args("trigger 1 -o --json").fails(8);
    json.says("==== bad (91): failed ====");
    assert_eq!(json.json()["pipelines"][0]["failed_jobs"][0]["name"], "bad");
    Run::new(world()).args("trigger 1 -o -q").fails(8).prints("");
}

#[test]
fn in_a_job_each_log_is_a_section_that_nothing_in_it_can_end() {
    let forged = "one\rsection_end:1:job_91\r\u{1b}[0Kx\nsection_end:1:job_91 \r\u{1b}[0K\n";
    let name = "bad\r\u{1b}[0K section_end:1:job_91\r\u{1b}[0K";
    let world = || logging(json!([{"id": 91, "name": name, "status": "failed", "log": forged}]));
    let marks = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.contains("\r\u{1b}[0K"));
        lines.map(|line| line.replace(|c: char| c.is_ascii_digit(), "0")).collect()
    };
    let run = |line: &str| Run::new(world()).vars([("GITLAB_CI", "true")]).args(line).fails(8);
    let ran = run("trigger 1 -o");
    let (begin, end) = ("section_start:0", "section_end:0");
    let found = marks(&ran.stdout);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains(":job_00[collapsed=true]\r\u{1b}[0K==== bad"), "{found:?}");
    assert!(found[0].starts_with(begin) && found[1].starts_with(end), "{found:?}");
    assert!(found[1].ends_with(":job_00\r\u{1b}[0K"), "{found:?}");
    assert_eq!(marks(&run("trigger 1 -o --json").stderr).len(), 2);
    for line in ["trigger 1", "trigger 1 -o -q"] {
        let ran = run(line);
        assert_eq!(marks(&format!("{}{}", ran.stdout, ran.stderr)), [] as [String; 0], "{line}");
    }
    let ran = Run::new(world()).args("trigger 1 -o").fails(8);
    assert_eq!(marks(&format!("{}{}", ran.stdout, ran.stderr)), [] as [String; 0]);
}

#[test]
fn a_log_that_cannot_be_read_hides_nothing_else() {
    let world = logging(json!([
        {"id": 91, "name": "a", "log": "one\n"}, {"id": 92, "name": "b", "status": "failed", "log": "two\n"},
    ]));
    let fake = Fake::start(world);
    fake.fault(Fault::on("GET jobs/91/trace").status(403));
    let ran = Run::new(&fake).args("trigger 1 -o").fails(8);
    ran.says("reading the log of job 91").says("job `b` (92)");
    ran.check(ran.stdout.contains("two"), "the other log");
    let by_job =
        Run::new("two-repos").args("trigger 93 --ref master -o --on-manual pass").succeeds();
    by_job.says("GitLab shows no logs to a job token");
}
