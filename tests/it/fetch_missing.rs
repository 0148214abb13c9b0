//! Missing jobs and archives: message, hint, exit code, and the effect of `--if-missing`.

use serde_json::{Value, json};

use crate::fake::World;
use crate::harness::Run;
use crate::scenes::{LOOKUP, downstream, job, job_with};

const OWN_JOBS: &str = "GET projects/1/pipelines/10/jobs?per_page=100&page=1";

fn jobs() -> Vec<Value> {
    let status =
        |id: u64, name: &str, status: &str| json!({"id": id, "name": name, "status": status});
    vec![
        job(201, "build"),
        job_with(202, "lint", json!({"status": "failed"})),
        status(203, "slow", "running"),
        status(204, "by hand", "manual"),
        status(205, "bare", "success"),
        json!({"id": 206, "name": "reports", "reports": ["junit"]}),
        json!({"id": 207, "name": "old", "expire_at": "2026-02-01T00:00:00Z", "archive": {"gone": 9}}),
        job_with(208, "wiped", json!({"erased_at": "2026-03-01T00:00:00Z"})),
        status(209, "odd", "pondering"),
        status(210, "left", "skipped"),
        status(211, "ended", "canceled"),
        job(212, "part 1/2"),
        status(213, "part 2/2", "failed"),
        job_with(214, "kept", json!({"expire_at": "2026-02-01T00:00:00Z"})),
        json!({"id": 215, "name": "deleted", "archive": {"gone": 77}}),
    ]
}

#[test]
fn each_miss_has_its_sentence_and_its_hint() {
    for (line, says, hint) in [
        (
            "biuld",
            "no job `biuld` in pipeline 20 of project shop/down (success); there are `build`",
            "did you mean `build`?",
        ),
        ("lint", "job `lint` (202) did not succeed: it is failed (script_failure)", "--any-status"),
        ("slow", "job `slow` (203) has not finished: it is running", "--wait waits for it"),
        ("odd", "job `odd` (209) has not finished: it is pondering", "--wait waits for it"),
        ("'by hand'", "job `by hand` (204) has not finished: it is manual", "start it in GitLab"),
        ("left", "job `left` (210) did not succeed: it is skipped", "--any-status"),
        ("ended", "job `ended` (211) did not succeed: it is canceled", "--any-status"),
        ("bare", "job `bare` (205) has no artifacts", "check `artifacts:`"),
        ("reports", "job `reports` (206) has reports but no archive", "under `artifacts: paths:`"),
        ("old", "job `old` (207) expired at 2026-02-01T00:00:00Z", "run the job again"),
        ("wiped", "job `wiped` (208) was erased at 2026-03-01T00:00:00Z", "run the job again"),
        ("deleted", "job `deleted` (215) has no artifacts", "check `artifacts:`"),
        ("part", "job `part 2/2` (213) did not succeed", "--any-status"),
        ("'le*'", "no job that `le*` names can be taken: job `left` (210)", "--any-status"),
        (
            "build --bridge dwon",
            "no bridge is called `dwon`; there are `down`",
            "did you mean `down`?",
        ),
        (
            "build --downstream 9",
            "no downstream pipeline is of project `9`; there are those of `shop/down (2)`",
            "by its id",
        ),
    ] {
        let ran = Run::new(downstream(&jobs())).args("fetch").args(line).fails(3);
        ran.says(says).prints("");
        let hints: Vec<&str> = ran.stderr.lines().filter(|l| l.starts_with("hint: ")).collect();
        assert!(hints.len() == 1 && hints[0].contains(hint), "{line}: {hints:?}");
    }
}

#[test]
fn what_expired_and_is_still_there_is_taken() {
    let ran = Run::new(downstream(&jobs())).args("fetch kept").succeeds();
    assert_eq!(ran.read("from"), "214");
}

#[test]
fn bridges_that_led_nowhere_are_named_with_their_state() {
    for (status, more, hint) in [
        ("created", "", "--wait waits for it"),
        (
            "failed",
            " (downstream_pipeline_creation_failed)",
            "GitLab could not create the pipeline",
        ),
        ("manual", "", "start it by hand in GitLab"),
        ("skipped", "", "retry it there"),
    ] {
        let mut bridge = json!({"set": {"bridge": 90, "status": status, "downstream": null}});
        if !more.is_empty() {
            bridge["set"]["failure_reason"] = json!("downstream_pipeline_creation_failed");
        }
        let ran = Run::new(downstream(&[]).with(&bridge)).args("fetch build").fails(3);
        ran.says(&format!("no downstream pipeline: bridge `down` is {status}{more}\n"));
        // Whether the pipeline itself has the job is asked for the hint alone.
        ran.says(hint).asks(&[LOOKUP[0], OWN_JOBS]);
    }
    let none = downstream(&[]).with(&json!({"remove": {"bridge": 90}}));
    let ran = Run::new(none).args("fetch build").fails(3);
    ran.says("pipeline 10 of project 1 has triggered no pipeline").says("--from pipeline");
}

#[test]
fn lists_that_the_token_may_not_see_are_empty_which_is_said() {
    let hidden = downstream(&jobs()).with(&json!({"set": {"project": 2, "builds_hidden": true}}));
    let ran = Run::new(hidden).args("fetch build").fails(3);
    ran.says("which shows no jobs at all").says("the token may not see them");
    let hidden = downstream(&jobs()).with(&json!({"set": {"project": 1, "builds_hidden": true}}));
    Run::new(hidden).args("fetch build").fails(3).says("where the token may not see the jobs");
}

#[test]
fn a_bridge_without_a_pipeline_is_named_beside_the_jobs_that_are_there() {
    let later = json!({"add": {"pipeline": 10, "bridge": {"id": 95, "name": "later", "status": "created"}}});
    let ran = Run::new(downstream(&jobs()).with(&later)).args("fetch nowhere").fails(3);
    ran.says("no pipeline came of: bridge `later` is created");
}

#[test]
fn if_one_of_several_jobs_is_missing_nothing_is_written() {
    for missing in ["biuld", "lint", "old", "deleted"] {
        let ran = Run::new(downstream(&jobs())).args("fetch build -D new").args(missing).fails(3);
        ran.prints("");
        assert!(ran.files().is_empty());
    }
}

#[test]
fn every_missing_job_is_named_in_the_order_of_the_command_line() {
    const IN_20: &str = "in pipeline 20 of project shop/down (success); there are ";
    for (line, says, hints) in [
        (
            "biuld build lnit",
            format!("error: no job `biuld`, `lnit` {IN_20}`build`, `lint`, "),
            &["did you mean `build`, `lint`?"][..],
        ),
        (
            "lint wiped",
            "error: job `lint` (202) did not succeed: it is failed (script_failure); also: job `wiped` (208) was erased at 2026-03-01T00:00:00Z, its artifacts with it\n".to_owned(),
            &["--any-status takes", "run the job again"],
        ),
        (
            "slow biuld lint lnit",
            format!("error: job `slow` (203) has not finished: it is running; also: no job `biuld`, `lnit` {IN_20}"),
            &["did you mean `build`, `lint`?", "--any-status takes"],
        ),
        ("biuld biuld", format!("error: no job `biuld` {IN_20}"), &["did you mean `build`?"]),
        (
            "a b --bridge dwon",
            "error: no bridge is called `dwon`; there are `down`\n".to_owned(),
            &["did you mean `down`?"],
        ),
    ] {
        let ran = Run::new(downstream(&jobs())).args("fetch").args(line).fails(3);
        ran.says(&says).prints("").changes_nothing();
        let given: Vec<&str> =
            ran.stderr.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
        assert_eq!(given.len(), hints.len(), "{line}: {given:?}");
        for (given, hint) in given.iter().zip(hints) {
            assert!(given.starts_with(hint), "{line}: {given}");
        }
        Run::new(downstream(&jobs())).args("explain").args(line).fails(3).says(&says);
        let ran = Run::new(downstream(&jobs())).args("fetch --json").args(line).fails(3);
        let error = &ran.json()["error"];
        let message = error["message"].as_str().unwrap_or_default();
        assert!(format!("error: {message}\n").starts_with(&says), "{message}");
        assert!(error["hint"].as_str().is_some_and(|it| it.starts_with(hints[0])), "{error}");
        assert_eq!(error["exit"], 3);
    }
}

#[test]
fn every_missing_archive_is_named_where_gitlab_finds_the_jobs_itself() {
    let bare = json!({"id": 302, "name": "bare"});
    let lost = job_with(303, "lost", json!({"archive": {"files": {"a": "b"}, "lost": true}}));
    let own = json!({"add": {"project": 2, "pipeline": {"id": 30, "ref": "main", "jobs": [job(301, "build"), bare, lost]}}});
    let world = || downstream(&[]).server(json!({"archives": "redirect"})).with(&own);
    let ran = Run::new(world()).args("fetch nowhere bare build lost -R 2 --ref main").fails(3);
    ran.says("no job `nowhere` in pipeline 30").says("; also: job `bare` (302) has no artifacts");
    ran.says("; also: GitLab lists the artifacts of `lost").changes_nothing();
}

#[test]
fn waiting_names_every_job_that_is_missing_and_keeps_its_exit_codes() {
    let wait = "--wait --wait-timeout 3s --poll-interval 1s";
    let slower = json!({"id": 220, "name": "slower", "status": "pending"});
    let world = || downstream(&[jobs(), vec![slower.clone()]].concat());
    let ran = Run::new(world()).args("fetch slow slower").args(wait).fails(7);
    ran.says("waited 3s: job `slow` (203) has not finished: it is running; also: job `slower`");
    // A job that can no longer appear ends the wait at once.
    for (line, code) in [("slow lint", 8), ("slow biuld", 3), ("biuld lint", 8), ("bare biuld", 3)]
    {
        let ran = Run::new(world()).args("fetch").args(line).args(wait).fails(code);
        ran.says("; also: ");
        assert!(ran.pauses.is_empty(), "{line}");
    }
}

#[test]
fn a_place_that_holds_all_of_the_missing_jobs_is_named() {
    let own = |names: &[&str]| {
        let add = |world: World, (i, name): (usize, &&str)| {
            world.with(&json!({"add": {"pipeline": 10, "job": job(301 + i as u64, name)}}))
        };
        names.iter().enumerate().fold(downstream(&jobs()), add)
    };
    let ran = Run::new(own(&["pack", "sign"])).args("fetch pack sign").fails(3);
    ran.says("no job `pack`, `sign` in pipeline 20").says("hint: the pipeline itself has that job");
    let ran = Run::new(own(&["pack"])).args("fetch pack sign").fails(3);
    ran.says("no job `pack`, `sign` in pipeline 20").never_says("the pipeline itself has");
    let ran = Run::new(own(&["pack"])).args("fetch pack lint").fails(3);
    ran.says("; also: job `lint` (202)").says("hint: the pipeline itself has that job");
}

#[test]
fn a_miss_can_be_a_warning_or_nothing_at_all() {
    for (missing, reason) in [
        ("biuld", "no job `biuld` in pipeline 20"),
        ("lint", "job `lint` (202) did not succeed"),
        ("old", "the artifacts of job `old` (207) expired"),
        ("deleted", "job `deleted` (215) has no artifacts"),
    ] {
        let run = || Run::new(downstream(&jobs())).args("fetch build").args(missing);
        let warned = run().args("--if-missing warn --json").succeeds();
        assert_eq!(warned.read("from"), "201");
        warned.says(&format!("warning: `{missing}` is missing: {reason}"));
        let told = &warned.json()["missing"];
        assert_eq!((told[0]["job"].as_str(), told[1].as_str()), (Some(missing), None));
        let text = told[0]["reason"].as_str().unwrap_or_default();
        assert!(text.starts_with(reason), "{text}");

        let ignored = run().args("--if-missing ignore").succeeds();
        ignored.prints("").never_says("warning").never_says(reason);
        assert_eq!(ignored.read("from"), "201");
    }
}

#[test]
fn if_all_is_missing_and_that_is_no_failure_nothing_is_written() {
    let none = downstream(&[]).with(&json!({"remove": {"bridge": 90}}));
    for (world, line) in [
        (downstream(&jobs()), "fetch biuld -D new"),
        (downstream(&jobs()), "fetch lint old"),
        (downstream(&jobs()), "fetch --job-id 202 -R 2"),
        (downstream(&jobs()), "fetch nowhere -R 2 --ref main"),
        (downstream(&jobs()), "fetch biuld -o it.zip"),
        (none, "fetch build"),
    ] {
        let ran = Run::new(world).args(line).args("--if-missing warn").succeeds();
        ran.prints("").says("warning: ");
        assert!(ran.files().is_empty(), "{line}");
    }
}

#[test]
fn a_job_by_its_number_is_refused_like_any_other() {
    for (id, says) in [
        (202, "job `lint` (202) did not succeed"),
        (203, "job `slow` (203) has not finished"),
        (205, "job `bare` (205) has no artifacts"),
        (207, "job `old` (207) expired"),
        (208, "job `wiped` (208) was erased"),
    ] {
        let run = Run::new(downstream(&jobs())).args("fetch -R 2 --job-id").arg(id.to_string());
        run.fails(3).says(says);
    }
    let run = Run::new(downstream(&jobs())).args("fetch -R 2 --job-id 202 --any-status");
    assert_eq!(run.succeeds().read("from"), "202");
}

#[test]
fn a_job_token_cannot_ask_about_a_job_but_learns_that_it_has_no_archive() {
    let world: World = downstream(&jobs()).with_token("job");
    let ran = Run::new(world).args("fetch -R 2 --job-id 205").fails(3);
    ran.says("404 Not Found");
}
