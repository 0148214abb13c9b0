//! The tree as JSON. Scripts depend on its structure.

use serde_json::{Value, json};

use super::labels::left_out_reason;
use crate::model::Job;
use crate::model::tree::{BridgeTree, PipelineTree};

/// Returns the document of `tree --json`. A pipeline that was not searched has empty lists and the
/// reason in `left_out`.
pub fn document(tree: &PipelineTree) -> Value {
    json!({ "pipeline": pipeline(tree) })
}

fn pipeline(tree: &PipelineTree) -> Value {
    let pipeline = &tree.pipeline;
    let jobs = tree.below.as_ref().map_or(&[][..], |below| &below.jobs);
    let mut value = json!({
        "id": pipeline.id,
        "project_id": pipeline.project_id.or(tree.at.project.id()),
        "status": pipeline.status,
        "ref": pipeline.ref_,
        "sha": pipeline.sha,
        "web_url": pipeline.web_url,
        "jobs": jobs.iter().map(job).collect::<Vec<_>>(),
        "bridges": tree.bridges().iter().map(bridge).collect::<Vec<_>>(),
    });
    if let Err(why) = tree.below {
        value["left_out"] = left_out_reason(why).into();
    }
    value
}

fn job(job: &Job) -> Value {
    let archive = json!({ "size": job.archive_size(), "expire_at": job.artifacts_expire_at });
    json!({
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "artifacts": if job.has_archive() { archive } else { Value::Null },
    })
}

fn bridge(tree: &BridgeTree) -> Value {
    json!({
        "name": tree.bridge.name,
        "status": tree.bridge.status,
        "downstream": tree.downstream.as_ref().map(pipeline),
    })
}
