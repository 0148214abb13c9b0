//! A table of all refusals: message, advice, exit codes, and whether they may change.

use expect_test::{Expect, expect};

use super::*;
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef, Status};

mod advice;
mod data;
mod jobs;
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
            by_job_token: true,
        },
        expect![[r#"
            no successful pipeline of ref `feature/x` of project 1
            hint: name a branch or a tag; a pipeline that is not done or did not succeed is named with --pipeline ID
            3/3, may change"#]],
    );
    check(
        Refusal::NoPipeline {
            by: PipelineBy::MergeRequest { project: project(), iid: 7 },
            by_job_token: false,
        },
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
fn names_in_a_refusal_cannot_act_on_a_terminal() {
    let refusal = Refusal::NoBridge {
        wanted: names(&["a\u{1b}[2J"]),
        seen: names(&["a\u{1b}[2J\nerror: forged"]),
        ended: None,
    };
    let text = format!("{refusal} {}", refusal.hint().unwrap());
    assert!(!text.contains(['\u{1b}', '\n']), "{text:?}");
}
