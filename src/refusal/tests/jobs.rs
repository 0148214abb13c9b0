//! Refusals of jobs and their archives.

use expect_test::expect;

use super::{check, idle, job, names, place};
use crate::model::{JobId, Status};
use crate::refusal::{JobName, PipelineStatus, Refusal, UntriggeredBridge};

#[test]
fn refusals_of_jobs_that_are_not_there() {
    let none = |seen: &[&str], status: Status, idle: Vec<UntriggeredBridge>| Refusal::NoJob {
        wanted: names(&["build"]),
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
    let uncreated =
        PipelineStatus { reason: Some("config_error".to_owned()), ..place(Status::Failed) };
    check(
        Refusal::NoJob {
            wanted: vec!["build".to_owned()],
            seen: Vec::new(),
            pipelines: vec![place(Status::Success), uncreated],
            untriggered: Vec::new(),
        },
        expect![[r#"
            no job `build` in pipeline 20 of project 2 (success), pipeline 20 of project 2 (failed: config_error), which shows no jobs at all
            hint: GitLab could not create its jobs: mend what it says, and run the bridge again
            3/8"#]],
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
fn refusals_of_several_jobs_name_all_of_them() {
    let no_job = |wanted: &str, status| Refusal::NoJob {
        wanted: names(&[wanted]),
        seen: names(&["build", "lint"]),
        pipelines: vec![place(status)],
        untriggered: Vec::new(),
    };
    let failed = || Refusal::Unsuccessful {
        job: job(),
        status: Status::Failed,
        reason: None,
        may_be_retried: false,
    };
    let running = || Refusal::Unfinished { job: job(), status: Status::Running };
    let combined = |refusals: &[Refusal]| Refusal::combine(refusals.to_vec()).unwrap();
    assert_eq!(Refusal::combine([]), None);
    assert_eq!(combined(&[failed(), failed()]), failed());
    let [biuld, lnit] = ["biuld", "lnit"].map(|name| no_job(name, Status::Success));
    check(
        combined(&[biuld.clone(), lnit.clone()]),
        expect![[r#"
            no job `biuld`, `lnit` in pipeline 20 of project 2 (success); there are `build`, `lint`
            hint: did you mean `build`, `lint`?
            3/3"#]],
    );
    let again = no_job("buidl", Status::Success);
    let same_name_twice = combined(&[biuld.clone(), lnit.clone(), again, biuld.clone()]);
    assert_eq!(same_name_twice.hint().as_deref(), Some("did you mean `build`, `lint`?"));
    let all = combined(&[biuld.clone(), failed(), lnit]);
    assert_eq!(all.hints().len(), 2);
    assert_eq!(all.candidates(), ["build", "lint"]);
    check(
        all,
        expect![[r#"
            no job `biuld`, `lnit` in pipeline 20 of project 2 (success); there are `build`, `lint`; also: job `pack: [linux, x64]` (70102) did not succeed: it is failed
            hint: did you mean `build`, `lint`?
            3/8"#]],
    );
    check(
        combined(&[running(), no_job("biuld", Status::Running)]),
        expect![[r#"
            job `pack: [linux, x64]` (70102) has not finished: it is running; also: no job `biuld` in pipeline 20 of project 2 (running); there are `build`, `lint`
            hint: --wait waits for it
            3/3, may change"#]],
    );
    check(
        combined(&[running(), biuld]),
        expect![[r#"
            job `pack: [linux, x64]` (70102) has not finished: it is running; also: no job `biuld` in pipeline 20 of project 2 (success); there are `build`, `lint`
            hint: did you mean `build`?
            3/3"#]],
    );
}
