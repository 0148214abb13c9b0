//! Advice that depends on what GitLab said, or on where the job is instead.

use super::{idle, names, place};
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef, Status};
use crate::refusal::{Elsewhere, FailedJob, Refusal, UntriggeredBridge};

#[test]
fn a_job_that_is_elsewhere_is_refused_with_the_flag_that_finds_it() {
    for place in [Elsewhere::Pipeline, Elsewhere::Downstream, Elsewhere::EarlierPipeline] {
        let refusal = Box::new(Refusal::NoBridges {
            upstream: PipelineAt { project: ProjectRef::Id(1), id: PipelineId(10) },
            ended: Some(Status::Failed),
        });
        let elsewhere = Refusal::Elsewhere { refusal: refusal.clone(), place };
        assert_eq!(elsewhere.to_string(), refusal.to_string());
        assert_eq!(elsewhere.exit(true), refusal.exit(true));
        let flag = match place {
            Elsewhere::Pipeline => "--from pipeline",
            Elsewhere::Downstream => "--from downstream",
            Elsewhere::EarlierPipeline => "--search-recent",
        };
        assert!(elsewhere.hint().unwrap().contains(flag), "{place:?}");
    }
}

#[test]
fn a_job_token_does_not_see_the_pipelines_of_a_private_fork() {
    let project = ProjectRef::Id(1);
    let by_ref =
        PipelineBy::Ref { project: project.clone(), ref_: "main".to_owned(), recent: false };
    for (by, by_job_token, forked) in [
        (PipelineBy::MergeRequest { project: project.clone(), iid: 7 }, true, true),
        (PipelineBy::MergeRequest { project: project.clone(), iid: 7 }, false, false),
        (PipelineBy::Commit { project, sha: "abc".to_owned() }, true, false),
        (by_ref, true, false),
    ] {
        let hint = Refusal::NoPipeline { by: by.clone(), by_job_token }.hint().unwrap();
        assert_eq!(hint.contains("private fork"), forked, "{by} {by_job_token}: {hint}");
    }
}

#[test]
fn a_long_list_is_counted_and_long_names_are_cut() {
    let name = |id: u64| FailedJob { name: format!("{id}"), id: JobId(id), web_url: None };
    for count in [10, 11, 5000] {
        let failed: Vec<FailedJob> = (1..=count).map(name).collect();
        let (pipelines, blocking) = (vec![place(Status::Failed)], Vec::new());
        let message = Refusal::EndedBadly { pipelines, failed, blocking }.to_string();
        assert_eq!(message.contains(&format!(" and {} more", count - 10)), count > 10, "{message}");
        assert!(message.contains("`10`") && !message.contains("`11`"), "{message}");
    }
    let long = "x".repeat(1 << 20);
    let bridge = UntriggeredBridge { name: long.clone(), ..idle(Status::Failed) };
    for refusal in [
        Refusal::NoFile { wanted: names(&["a"]), seen: vec![long.clone(); 100] },
        Refusal::NotTriggered { bridges: vec![bridge; 100] },
        Refusal::ManyJobs { seen: vec![long; 100] },
    ] {
        let message = refusal.to_string();
        assert!(message.len() < 12 << 10, "{}", message.len());
        assert!(message.contains("xxx…"));
    }
}

#[test]
fn each_reason_of_a_bridge_has_its_advice() {
    for (reason, hint) in [
        ("downstream_bridge_project_not_found", "trigger: project"),
        ("insufficient_bridge_permissions", "may not start pipelines"),
        ("downstream_pipeline_creation_failed", "could not create the pipeline"),
        ("reached_max_descendant_pipelines_depth", "two levels"),
        ("something_new", "look at the bridge"),
    ] {
        let bridge = UntriggeredBridge { reason: Some(reason.to_owned()), ..idle(Status::Failed) };
        let refusal = Refusal::NotTriggered { bridges: vec![bridge] };
        assert!(refusal.hint().unwrap().contains(hint), "{reason}");
        assert!(refusal.to_string().ends_with(&format!("({reason})")));
    }
    let refusal = Refusal::NotTriggered { bridges: vec![idle(Status::Canceling)] };
    assert!(refusal.hint().unwrap().contains("will end as canceled"));
    assert!(!refusal.may_change());
}
