//! Advice that depends on what GitLab said, or on where the job is instead.

use super::idle;
use crate::model::{PipelineAt, PipelineId, ProjectRef, Status};
use crate::refusal::{Elsewhere, Refusal, UntriggeredBridge};

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
