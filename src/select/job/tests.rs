//! Tables of the jobs that are chosen, and of the reasons why others are not.

use serde_json::{Value, json};

use super::*;
use crate::model::{PipelineId, ProjectRef};

const NOW: &str = "2026-03-02T10:00:00Z";

/// Reads a job from `name`, `name=status` or `name=status-` (without an archive).
fn job(id: usize, text: &str) -> Job {
    let (name, status) = text.split_once('=').unwrap_or((text, "success"));
    let (status, archive) = match status.strip_suffix('-') {
        Some(status) => (status, json!([])),
        None => (status, json!([{"file_type": "archive", "size": 7}])),
    };
    from(json!({"id": id, "name": name, "status": status, "artifacts": archive}))
}

fn from(json: Value) -> Job {
    serde_json::from_value(json).unwrap()
}

fn listing(id: u64, status: &str, jobs: Vec<Job>) -> Listing {
    Listing {
        at: PipelineAt { project: ProjectRef::Id(2), id: PipelineId(id) },
        pipeline: serde_json::from_value(json!({"id": id, "status": status})).unwrap(),
        bridges: vec!["b".to_owned()],
        jobs,
        reason: None,
    }
}

fn rules() -> JobRules {
    JobRules {
        any_status: false,
        needs_archive: true,
        waits_for_all: false,
        now: NOW.parse().unwrap(),
    }
}

fn choose(listings: &[Listing], wanted: &str, rules: JobRules) -> String {
    match super::choose(listings, &[], &Pattern::new(wanted), rules) {
        Ok(choice) => {
            let names =
                choice.jobs.iter().map(|chosen| format!("{}#{}", chosen.job.name, chosen.job.id));
            names.collect::<Vec<_>>().join(" ")
        }
        Err(refusal) => {
            format!("{}{refusal}", if refusal.may_change() { "not yet: " } else { "no: " })
        }
    }
}

fn check(listed: &[&str], wanted: &str, expect: &str) {
    let jobs = listed.iter().enumerate().map(|(id, text)| job(id, text)).collect();
    assert_eq!(
        choose(&[listing(20, "success", jobs)], wanted, rules()),
        expect,
        "{listed:?} {wanted}"
    );
}

#[test]
fn an_exact_name_wins_over_a_base_name_and_that_over_a_glob() {
    check(&["build", "build 1/2", "build-x"], "build", "build#0");
    check(&["build 1/2", "build 2/2", "build-x"], "build", "build 1/2#0 build 2/2#1");
    check(&["build: [linux, x64]", "lint"], "build", "build: [linux, x64]#0");
    check(&["build-a", "build-b", "lint"], "build-*", "build-a#0 build-b#1");
}

#[test]
fn a_choice_records_jobs_that_match_by_name() {
    let listings = [listing(20, "success", vec![job(1, "build 1/2")])];
    for (wanted, named) in [("build 1/2", true), ("build", true), ("b*", false)] {
        let choice = super::choose(&listings, &[], &Pattern::new(wanted), rules()).unwrap();
        assert_eq!(choice.jobs[0].named, named, "{wanted}");
    }
}

#[test]
fn of_retried_jobs_the_latest_try_counts() {
    check(&["build=failed", "build"], "build", "build#1");
    check(&["build", "build=failed"], "build", "no: job `build` (1) did not succeed: it is failed");
}

#[test]
fn a_job_that_is_not_there_is_told_with_what_is() {
    check(
        &["lint", "build-repo"],
        "biuld-repo",
        "no: no job `biuld-repo` in pipeline 20 of project 2 (success); there are `build-repo`, `lint`",
    );
    check(
        &[],
        "a",
        "no: no job `a` in pipeline 20 of project 2 (success), which shows no jobs at all",
    );
    let running = listing(20, "running", vec![job(1, "lint")]);
    assert!(choose(&[running], "a", rules()).starts_with("not yet: no job `a`"));
}

#[test]
fn a_job_must_have_succeeded_and_have_an_archive() {
    check(&["a=running-"], "a", "not yet: job `a` (0) has not finished: it is running");
    check(&["a=pondering-"], "a", "not yet: job `a` (0) has not finished: it is pondering");
    check(&["a=manual-"], "a", "no: job `a` (0) has not finished: it is manual");
    check(&["a=canceled-"], "a", "no: job `a` (0) did not succeed: it is canceled");
    check(&["a=success-"], "a", "no: job `a` (0) has no artifacts");
    check(&["a 1/2", "a 2/2=failed"], "a", "no: job `a 2/2` (1) did not succeed: it is failed");
    check(
        &["a 1/2=running", "a 2/2=failed"],
        "a",
        "no: job `a 2/2` (1) did not succeed: it is failed",
    );
}

#[test]
fn a_glob_takes_what_can_be_taken() {
    check(&["a", "b=success-", "c=failed", "d"], "*", "a#0 d#3");
    check(
        &["a=failed", "b=running-"],
        "*",
        "not yet: no job that `*` names can be taken: job `a` (0) did not succeed: it is failed; \
         job `b` (1) has not finished: it is running",
    );
    let mixed = listing(20, "running", vec![job(1, "a"), job(2, "b=running-")]);
    assert_eq!(choose(std::slice::from_ref(&mixed), "*", rules()), "a#1");
    let patient = choose(&[mixed], "*", JobRules { waits_for_all: true, ..rules() });
    assert!(patient.starts_with("not yet: "), "{patient}");
}

#[test]
fn any_status_takes_archives_of_jobs_that_did_not_succeed() {
    let any = JobRules { any_status: true, ..rules() };
    let one = |text: &str| choose(&[listing(20, "failed", vec![job(1, text)])], "a", any);
    assert_eq!(one("a=failed"), "a#1");
    assert_eq!(one("a=running"), "a#1");
    assert_eq!(one("a=failed-"), "no: job `a` (1) has no artifacts");
    assert_eq!(one("a=running-"), "not yet: job `a` (1) has not finished: it is running");
}

#[test]
fn without_need_of_an_archive_every_job_that_ended_well_is_chosen() {
    let one = |text: &str, any_status: bool| {
        let rules = JobRules { needs_archive: false, any_status, ..rules() };
        choose(&[listing(20, "failed", vec![job(1, text)])], "a", rules)
    };
    assert_eq!(one("a=success-", false), "a#1");
    assert_eq!(one("a=failed-", true), "a#1");
    assert_eq!(one("a=running", true), "not yet: job `a` (1) has not finished: it is running");
}

#[test]
fn an_expired_or_erased_archive_is_refused_with_its_date() {
    let one = |more: Value| {
        let mut job = json!({"id": 1, "name": "a", "status": "success", "artifacts": []});
        job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        choose(&[listing(20, "success", vec![from(job)])], "a", rules())
    };
    let past = "2026-02-01T00:00:00.000Z";
    assert_eq!(
        one(json!({"artifacts_expire_at": past})),
        format!("no: the artifacts of job `a` (1) expired at {past}")
    );
    assert_eq!(
        one(json!({"artifacts_expire_at": past, "artifacts": [{"file_type": "archive"}]})),
        "a#1",
        "an expired archive that is listed may still be had"
    );
    assert_eq!(
        one(json!({"erased_at": past})),
        format!("no: job `a` (1) was erased at {past}, its artifacts with it")
    );
    for (report, expect) in
        [("dotenv", "has reports but no archive of artifacts"), ("trace", "has no artifacts")]
    {
        let job = json!({"artifacts": [{"file_type": "metadata"}, {"file_type": report}]});
        assert_eq!(one(job), format!("no: job `a` (1) {expect}"));
    }
    for at in [NOW, "2026-04-01T00:00:00Z", "soon"] {
        assert_eq!(one(json!({"artifacts_expire_at": at})), "no: job `a` (1) has no artifacts");
    }
    // GitLab may list the archive up to a minute after the end of the job.
    for (at, told) in [
        ("2026-03-02T09:59:01.000Z", "not yet"),
        ("2026-03-02T09:59:00.000Z", "no"),
        ("2026-03-02T08:00:00.000Z", "no"),
    ] {
        let expect = format!("{told}: job `a` (1) has no artifacts");
        assert_eq!(one(json!({"finished_at": at})), expect, "{at}");
    }
    assert_eq!(one(json!({"artifacts": null})), "a#1", "an unlisted archive is tried");
    assert_eq!(
        one(json!({"artifacts": null, "artifacts_expire_at": past})),
        format!("no: the artifacts of job `a` (1) expired at {past}")
    );
}

#[test]
fn several_pipelines_that_hold_the_job_all_count() {
    let both = [
        listing(20, "success", vec![job(1, "a")]),
        listing(30, "success", vec![job(2, "a"), job(3, "b")]),
    ];
    assert_eq!(choose(&both, "a", rules()), "a#1 a#2");
    assert_eq!(choose(&both, "b", rules()), "b#3");
    let bad = [
        listing(20, "success", vec![job(1, "a")]),
        listing(30, "failed", vec![job(2, "a=failed-")]),
    ];
    assert_eq!(choose(&bad, "a", rules()), "no: job `a` (2) did not succeed: it is failed");
}

#[test]
fn every_job_is_listed_with_the_reason_why_it_is_not_chosen() {
    let jobs = ["build", "build 1/2", "lint=failed-", "deploy"];
    let jobs = jobs.iter().enumerate().map(|(id, text)| job(id, text)).collect();
    let wanted = [Pattern::new("build"), Pattern::new("lint")];
    let told = candidates(&listing(20, "failed", jobs), &wanted, rules());
    let why: Vec<Option<&str>> =
        told.iter().map(|candidate| candidate.why_not.as_deref()).collect();
    assert_eq!(
        why,
        [
            None,
            Some("another job fits the name better"),
            Some("job `lint` (2) did not succeed: it is failed"),
            Some("its name is not asked for")
        ]
    );
}
