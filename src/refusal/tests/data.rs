//! The parts of a refusal that programs read: the candidates, and the end of the upstream pipeline.

use super::{idle, names, place};
use crate::model::{JobId, PipelineAt, PipelineId, ProjectRef, Status};
use crate::refusal::{FailedJob, Refusal};

#[test]
fn a_refusal_lists_the_candidates() {
    let deploy = FailedJob { name: "deploy".to_owned(), id: JobId(7), web_url: None };
    let not_there = |label: &str| Refusal::NotThere { label: label.to_owned() };
    for (refusal, expect) in [
        (Refusal::ManyJobs { seen: names(&["b", "a"]) }, &["b", "a"][..]),
        (
            Refusal::NoneUsable {
                wanted: "*".to_owned(),
                unusable: vec![not_there("b"), not_there("a")],
            },
            &["GitLab shows no artifacts of `b`", "GitLab shows no artifacts of `a`"],
        ),
        (Refusal::NotTriggered { bridges: vec![idle(Status::Manual)] }, &["deploy"]),
        (
            Refusal::NoManualJob {
                pipeline: place(Status::Manual),
                names: vec!["x".to_owned()],
                jobs: vec![deploy.clone()],
            },
            &["deploy"],
        ),
        (
            Refusal::EndedBadly {
                pipelines: Vec::new(),
                failed: vec![deploy.clone()],
                blocking: Vec::new(),
            },
            &["deploy"],
        ),
        (Refusal::Blocked { pipeline: place(Status::Manual), jobs: vec![deploy] }, &["deploy"]),
        (Refusal::NotThere { label: "a".to_owned() }, &[]),
    ] {
        assert_eq!(refusal.candidates(), expect, "{refusal:?}");
    }
}

#[test]
fn another_bridge_can_mend_what_the_end_of_the_upstream_pipeline_settles() {
    let wanted = names(&["a"]);
    for refusal in [
        Refusal::NoBridges {
            upstream: PipelineAt { project: ProjectRef::Id(1), id: PipelineId(2) },
            ended: None,
        },
        Refusal::NoBridge { wanted: wanted.clone(), seen: Vec::new(), ended: None },
        Refusal::NoDownstream { wanted, seen: Vec::new(), ended: None },
    ] {
        assert!(refusal.waits_for_bridges(), "{refusal:?}");
        assert!(!refusal.with_end(Status::Failed).waits_for_bridges());
    }
    assert!(!Refusal::NotThere { label: "a".to_owned() }.waits_for_bridges());
}
