//! A table of all refusals: message, advice, exit codes, and whether they may change.

use expect_test::{Expect, expect};

use super::*;
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef, Status};

mod advice;
mod data;
mod latest;
mod pipelines;
mod troubleshooting;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn job() -> JobName {
    JobName { name: "pack: [linux, x64]".to_owned(), id: JobId(70102) }
}

fn idle(status: Status) -> UntriggeredBridge {
    UntriggeredBridge { name: "deploy".to_owned(), status, reason: None, may_fail: false }
}

fn place(status: Status) -> PipelineStatus {
    PipelineStatus { pipeline: PipelineId(20), project: ProjectRef::Id(2), status, reason: None }
}

/// Compares the message, the advice, `exit code/exit code after waiting`, and `may change`.
fn check(refusal: Refusal, expect: Expect) {
    let exits = format!("{}/{}", refusal.exit(false).code(), refusal.exit(true).code());
    let change = if refusal.may_change() { ", may change" } else { "" };
    let hint = refusal.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    expect.assert_eq(&format!("{refusal}{hint}\n{exits}{change}"));
}

#[test]
fn a_refusal_of_an_archive_that_the_storage_lost() {
    check(
        Refusal::Lost {
            label: "pack (70102)".to_owned(),
            storage: "https://store.test answered 404: NoSuchKey".to_owned(),
        },
        expect![[r#"
            GitLab lists the artifacts of `pack (70102)`, the storage no longer has them: https://store.test answered 404: NoSuchKey
            hint: run the job again; where other jobs are affected too, their storage was lost or moved without its objects
            3/3"#]],
    );
}

#[test]
fn refusals_of_a_pipeline_by_another_name() {
    let project = || ProjectRef::Id(1);
    let at = PipelineAt { project: project(), id: PipelineId(412) };
    check(
        Refusal::NoSuchPipeline { at, seen: names(&["9003", "9001"]) },
        expect![[r#"
            project 1 has no pipeline 412; its newest are `9003`, `9001`
            hint: its number is the one in the address bar of the browser (CI_PIPELINE_ID), not the one that counts within the project (CI_PIPELINE_IID)
            3/3"#]],
    );
    check(
        Refusal::NoPipeline {
            by: PipelineBy::Ref { project: project(), ref_: "feature/x".to_owned(), recent: false },
        },
        expect![[r#"
            no successful pipeline of ref `feature/x` of project 1
            hint: name a branch or a tag; a pipeline that is not done or did not succeed is named with --pipeline ID
            3/3, may change"#]],
    );
    check(
        Refusal::NoPipeline { by: PipelineBy::MergeRequest { project: project(), iid: 7 } },
        expect![[r#"
            no pipeline of merge request 7 of project 1
            hint: check the number; child pipelines are not listed there, name one with --pipeline ID
            3/3, may change"#]],
    );
}

#[test]
fn refusals_of_the_upstream_pipeline_and_its_bridges() {
    let upstream =
        PipelineAt { project: ProjectRef::Path("shop/linebot".to_owned()), id: PipelineId(10) };
    check(
        Refusal::NoBridges { upstream, ended: None },
        expect![[r#"
            pipeline 10 of project shop/linebot has triggered no pipeline
            hint: the list also stays empty where the token may not see the jobs of the pipeline, and for pipelines started by `trigger` or the API, which have no bridge: name those with --pipeline ID --from pipeline
            3/3, may change"#]],
    );
    check(
        Refusal::NoBridge {
            wanted: names(&["biuld"]),
            seen: names(&["lint", "build"]),
            ended: None,
        },
        expect![[r#"
            no bridge is called `biuld`; there are `build`, `lint`
            hint: did you mean `build`?
            3/3, may change"#]],
    );
    let gone = |status| {
        Refusal::NoBridge { wanted: names(&["a"]), seen: Vec::new(), ended: None }.with_end(status)
    };
    check(
        gone(Status::Success),
        expect![[r#"
            no bridge is called `a`; there are none
            3/3"#]],
    );
    check(
        gone(Status::Failed),
        expect![[r#"
            no bridge is called `a`; there are none
            3/8"#]],
    );
    check(
        Refusal::NotTriggered { bridges: vec![idle(Status::Created)] },
        expect![[r#"
            no downstream pipeline: bridge `deploy` is created
            hint: --wait waits for it
            3/3, may change"#]],
    );
    check(
        Refusal::NotTriggered { bridges: vec![idle(Status::Manual)] },
        expect![[r#"
            no downstream pipeline: bridge `deploy` is manual
            hint: start it by hand in GitLab, then try again
            3/8"#]],
    );
    let failed = UntriggeredBridge {
        reason: Some("insufficient_bridge_permissions".to_owned()),
        ..idle(Status::Failed)
    };
    check(
        Refusal::NotTriggered { bridges: vec![failed] },
        expect![[r#"
            no downstream pipeline: bridge `deploy` is failed (insufficient_bridge_permissions)
            hint: the user who ran the upstream pipeline may not start pipelines in that project or on that branch
            3/8"#]],
    );
    check(
        Refusal::NoDownstream {
            wanted: names(&["4"]),
            seen: names(&["shop/radar (93)"]),
            ended: None,
        },
        expect![[r#"
            no downstream pipeline is of project `4`; there are those of `shop/radar (93)`
            hint: name a project by its id or its full path, as listed
            3/3, may change"#]],
    );
}

#[test]
fn refusals_of_pipelines_that_are_waited_for() {
    check(
        Refusal::NotEnded { pipelines: vec![place(Status::Running)], untriggered: Vec::new() },
        expect![[r#"
            not ended yet: pipeline 20 of project 2 (running)
            3/3, may change"#]],
    );
    check(
        Refusal::NotEnded {
            pipelines: vec![place(Status::Running)],
            untriggered: vec![idle(Status::Pending)],
        },
        expect![[r#"
            not ended yet: pipeline 20 of project 2 (running); bridge `deploy` is pending
            3/3, may change"#]],
    );
    let failed = FailedJob {
        name: "lint".to_owned(),
        id: JobId(7),
        web_url: Some("https://gitlab.test/a/-/jobs/7".to_owned()),
    };
    check(
        Refusal::EndedBadly {
            pipelines: vec![place(Status::Failed)],
            failed: vec![failed],
            blocking: Vec::new(),
        },
        expect![[r#"
            ended without success: pipeline 20 of project 2 (failed); failed: job `lint` (7) https://gitlab.test/a/-/jobs/7
            3/8"#]],
    );
}

#[test]
fn refusals_of_pipelines_that_are_started() {
    let not_started = |ref_: Option<&str>, message: &str| Refusal::NotStarted {
        project: ProjectRef::Id(93),
        why: match ref_ {
            Some(ref_) => StartFailure::from_answer(ref_, message),
            None => StartFailure::NoDefaultBranch,
        },
    };
    check(
        not_started(Some("a\u{1b}b"), "Reference not found"),
        expect![[r#"
        GitLab starts no pipeline of ref `a\u{1b}b` in project 93: Reference not found
        hint: name a branch or a tag that is there with --ref
        3/3"#]],
    );
    check(
        not_started(None, ""),
        expect![[r#"
        GitLab starts no pipeline in project 93: it has no default branch
        hint: name a branch or a tag with --ref
        3/3"#]],
    );
    check(
        not_started(Some("main"), "jobs:a config is empty"),
        expect![[r#"
        GitLab starts no pipeline of ref `main` in project 93: jobs:a config is empty
        3/3"#]],
    );
    let at = FailedJob { name: "deploy".to_owned(), id: JobId(7), web_url: None };
    check(
        Refusal::Blocked { pipeline: place(Status::Manual), jobs: vec![at] },
        expect![[r#"
        pipeline 20 of project 2 (manual) waits for a person at job `deploy` (7)
        hint: --on-manual play starts it, --on-manual pass takes the pipeline for passed where it stands
        3/8"#]],
    );
    let at = FailedJob { name: "deploy".to_owned(), id: JobId(7), web_url: None };
    let names = vec!["depoly".to_owned()];
    check(
        Refusal::NoManualJob { pipeline: place(Status::Manual), names, jobs: vec![at] },
        expect![[r#"
        `depoly` is no manual job of pipeline 20 of project 2 (manual), which waits for a person at job `deploy` (7)
        hint: --jobs takes the names of manual jobs, separated by commas; without it those that block are played
        3/8"#]],
    );
    check(
        Refusal::Blocked { pipeline: place(Status::Manual), jobs: Vec::new() },
        expect![[r#"
        pipeline 20 of project 2 (manual) waits for a person
        hint: --on-manual play starts it, --on-manual pass takes the pipeline for passed where it stands
        3/8"#]],
    );
}

#[test]
fn refusals_of_reports() {
    let job = JobName { name: "test".to_owned(), id: JobId(7) };
    let seen = names(&["dotenv", "junit"]);
    check(
        Refusal::NoReport { job, wanted: "unit".to_owned(), seen },
        expect![[r#"
        job `test` (7) has no report `unit`; there are `junit`, `dotenv`
        3/3"#]],
    );
    let (job, wanted) = ("test (7)".to_owned(), "junit".to_owned());
    check(
        Refusal::ReportsUnknown { job, wanted },
        expect![[r#"
        GitLab does not give out the report `junit` of test (7)
        hint: GitLab gives out report files since 19.4; list the file under `artifacts: paths:` of the job as well
        3/3"#]],
    );
}

#[test]
fn refusals_of_jobs_that_are_not_there() {
    let none = |seen: &[&str], status: Status, idle: Vec<UntriggeredBridge>| Refusal::NoJob {
        wanted: "build".to_owned(),
        seen: names(seen),
        pipelines: vec![place(status)],
        untriggered: idle,
    };
    check(
        none(&["lint", "build-repo"], Status::Success, Vec::new()),
        expect![[r#"
            no job `build` in pipeline 20 of project 2 (success); there are `build-repo`, `lint`
            hint: did you mean `build-repo`?
            3/3"#]],
    );
    check(
        none(&["lint"], Status::Running, Vec::new()),
        expect![[r#"
            no job `build` in pipeline 20 of project 2 (running); there are `lint`
            3/3, may change"#]],
    );
    check(
        none(&[], Status::Failed, vec![idle(Status::Pending)]),
        expect![[r#"
            no job `build` in pipeline 20 of project 2 (failed), which shows no jobs at all; no pipeline came of: bridge `deploy` is pending
            hint: a list of jobs is empty also where the token may not see them: check its role in that project
            3/8, may change"#]],
    );
    check(
        Refusal::SameFolder { folder: "build".into(), jobs: names(&["build (7)", "build (8)"]) },
        expect![[r#"
            2 jobs would share the folder `build`: `build (7)`, `build (8)`
            hint: --separate=bridge or --separate=id gives each of them a folder of its own
            3/3"#]],
    );
    check(
        Refusal::ManyJobs { seen: names(&["build 1/2 (7)", "build 2/2 (8)"]) },
        expect![[r#"
            2 jobs where one is wanted: `build 1/2 (7)`, `build 2/2 (8)`
            hint: name one more closely, or narrow the search with --bridge or --downstream
            3/3"#]],
    );
    let none_usable =
        |unusable: Vec<Refusal>| Refusal::NoneUsable { wanted: "b*".to_owned(), unusable };
    let job = || JobName { name: "b".to_owned(), id: JobId(7) };
    let failed = || Refusal::Unsuccessful {
        job: job(),
        status: Status::Failed,
        reason: None,
        may_be_retried: false,
    };
    check(
        none_usable(vec![
            failed(),
            Refusal::Unfinished {
                job: JobName { name: "b\n2".to_owned(), id: JobId(8) },
                status: Status::Running,
            },
        ]),
        expect![[r#"
            no job that `b*` names can be taken: job `b` (7) did not succeed: it is failed; job `b\u{a}2` (8) has not finished: it is running
            hint: --wait waits for it
            3/8, may change"#]],
    );
    check(
        none_usable(vec![failed()]),
        expect![[r#"
            no job that `b*` names can be taken: job `b` (7) did not succeed: it is failed
            hint: --any-status takes the artifacts of jobs that did not succeed
            3/8"#]],
    );
    let no_archive = Refusal::NoArchive { job: job(), reports: false, just_ended: false };
    check(
        none_usable(vec![no_archive]),
        expect![[r#"
            no job that `b*` names can be taken: job `b` (7) has no artifacts
            3/3"#]],
    );
}

#[test]
fn refusals_of_a_job_and_its_archive() {
    check(
        Refusal::Unfinished { job: job(), status: Status::Running },
        expect![[r#"
            job `pack: [linux, x64]` (70102) has not finished: it is running
            hint: --wait waits for it
            3/3, may change"#]],
    );
    check(
        Refusal::Unfinished { job: job(), status: Status::Manual },
        expect![[r#"
            job `pack: [linux, x64]` (70102) has not finished: it is manual
            hint: it waits for a person: start it in GitLab
            3/8"#]],
    );
    check(
        Refusal::Unsuccessful {
            job: job(),
            status: Status::Failed,
            reason: Some("script_failure".to_owned()),
            may_be_retried: false,
        },
        expect![[r#"
            job `pack: [linux, x64]` (70102) did not succeed: it is failed (script_failure)
            hint: --any-status takes the artifacts of jobs that did not succeed
            3/8"#]],
    );
    check(
        Refusal::Unsuccessful {
            job: job(),
            status: Status::Canceling,
            reason: None,
            may_be_retried: false,
        },
        expect![[r#"
            job `pack: [linux, x64]` (70102) is canceling: it will end as canceled
            hint: --any-status takes the artifacts of jobs that did not succeed
            3/8"#]],
    );
    check(
        Refusal::NoArchive { job: job(), reports: false, just_ended: true },
        expect![[r#"
            job `pack: [linux, x64]` (70102) has no artifacts
            hint: check `artifacts:` of that job: its paths, `when`, and `rules`
            3/3, may change"#]],
    );
    check(
        Refusal::NoArchive { job: job(), reports: true, just_ended: false },
        expect![[r#"
            job `pack: [linux, x64]` (70102) has reports but no archive of artifacts
            hint: list the files under `artifacts: paths:` of the job as well, or take a report file with --report TYPE
            3/3"#]],
    );
    check(
        Refusal::NotThere { label: "job 7".to_owned() },
        expect![[r#"
            GitLab shows no artifacts of `job 7`
            hint: a private token (GITLAB_TOKEN) may ask about the job itself, and tell more
            3/3, may change"#]],
    );
    check(
        Refusal::Expired { job: job(), at: "2026-02-01T00:00:00Z".to_owned() },
        expect![[r#"
            the artifacts of job `pack: [linux, x64]` (70102) expired at 2026-02-01T00:00:00Z
            hint: run the job again, or raise `artifacts: expire_in:`; `keep` stops the next from expiring
            3/3"#]],
    );
    check(
        Refusal::Erased { job: job(), at: "2026-02-01T00:00:00Z".to_owned() },
        expect![[r#"
            job `pack: [linux, x64]` (70102) was erased at 2026-02-01T00:00:00Z, its artifacts with it
            hint: run the job again
            3/3"#]],
    );
    check(
        Refusal::NoFile { wanted: names(&["docs/*.md"]), seen: names(&["docs/readme.md", "run"]) },
        expect![[r#"
            no file of the archive matches `docs/*.md`; there are `docs/readme.md`, `run`
            3/3"#]],
    );
}

#[test]
fn names_in_a_refusal_cannot_act_on_a_terminal() {
    let refusal = Refusal::NoBridge {
        wanted: names(&["a\u{1b}[2J"]),
        seen: names(&["a\u{1b}[2J\nerror: forged"]),
        ended: None,
    };
    let text = format!("{refusal} {}", refusal.hint().unwrap());
    assert!(!text.contains(['\u{1b}', '\n']), "{text:?}");
}
