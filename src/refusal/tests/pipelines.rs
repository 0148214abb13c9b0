//! Refusals of pipelines that are waited for or started.

use expect_test::expect;

use super::{check, idle, place};
use crate::model::{JobId, ProjectRef, Status};
use crate::refusal::{FailedJob, PipelineStatus, Refusal, StartFailure};

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
            failed: vec![failed.clone()],
            blocking: Vec::new(),
        },
        expect![[r#"
            ended without success: pipeline 20 of project 2 (failed); failed: job `lint` (7) https://gitlab.test/a/-/jobs/7
            3/8"#]],
    );
    check(
        Refusal::EndedBadly {
            pipelines: vec![PipelineStatus {
                reason: Some("downstream_pipeline_creation_failed: no job".to_owned()),
                ..place(Status::Failed)
            }],
            failed: Vec::new(),
            blocking: Vec::new(),
        },
        expect![[r#"
            ended without success: pipeline 20 of project 2 (failed: downstream_pipeline_creation_failed: no job)
            hint: GitLab could not create its jobs: mend what it says, and run the bridge again
            3/8"#]],
    );
    check(
        Refusal::EndedBadly {
            pipelines: vec![place(Status::Manual)],
            failed: Vec::new(),
            blocking: vec![failed],
        },
        expect![[r#"
            ended without success: pipeline 20 of project 2 (manual); blocked by: job `lint` (7) https://gitlab.test/a/-/jobs/7
            hint: start the job in GitLab, or with `downriver trigger 2 --pid 20 --on-manual play`
            3/8"#]],
    );
}

#[test]
fn advice_is_a_command_only_where_a_shell_reads_the_path_as_one_word() {
    for (path, command) in [
        ("shop/line-bot_2.0", true),
        ("shop/line bot", false),
        ("shop/$(reboot)", false),
        ("-x/y", false),
    ] {
        let project = ProjectRef::Path(path.to_owned());
        let refusal = Refusal::EndedBadly {
            pipelines: vec![PipelineStatus { project, ..place(Status::Manual) }],
            failed: Vec::new(),
            blocking: vec![FailedJob { name: "lint".to_owned(), id: JobId(7), web_url: None }],
        };
        let advised = format!(", or with `downriver trigger {path} --pid 20 --on-manual play`");
        let expect = if command { advised.as_str() } else { "" };
        assert_eq!(refusal.hint(), Some(format!("start the job in GitLab{expect}")));
    }
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
            hint: name a branch or a tag that is there with --ref (or -t)
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
    check(
        Refusal::Blocked { pipeline: place(Status::Manual), jobs: Vec::new() },
        expect![[r#"
        pipeline 20 of project 2 (manual) waits for a person
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
