//! The texts that the picture and the Mermaid diagram share: statuses, archives, headings. Names
//! from the server are sanitised here.

use bytesize::ByteSize;
use jiff::Timestamp;

use crate::model::tree::{LeftOut, PipelineTree};
use crate::model::{Bridge, Job, Status};
use crate::sanitize::sanitize;

/// Returns a status other than success in words, with GitLab's failure reason if there is one.
fn problem(status: &Status, reason: Option<&str>) -> Option<String> {
    match (status, reason) {
        (Status::Success, _) => None,
        (status, Some(reason)) => Some(format!("{status}: {}", sanitize(reason))),
        (status, None) => Some(status.to_string()),
    }
}

/// Returns the status of a job unless it succeeded.
pub(super) fn job_problem(job: &Job) -> Option<String> {
    problem(&job.status, job.failure_reason.as_deref())
}

/// Returns the status of a bridge unless it succeeded.
pub(super) fn bridge_problem(bridge: &Bridge) -> Option<String> {
    problem(&bridge.status, bridge.failure_reason.as_deref())
}

/// Returns the size and the expiry of a job's archive, or that it was erased or has expired.
pub(super) fn archive_label(job: &Job, now: Timestamp) -> Option<String> {
    let expiry = job.artifacts_expire_at.as_deref().map(|at| expiry(at, now));
    if let Some(erased) = &job.erased_at {
        return Some(format!("erased {}", day(erased)));
    }
    if !job.has_archive() {
        let expired = expiry.filter(|(word, _)| *word == "expired");
        return expired.map(|(word, day)| format!("archive {word} {day}"));
    }
    let size = match job.archive_size() {
        Some(bytes) => ByteSize(bytes).display().iec().to_string(),
        None => "archive".to_owned(),
    };
    Some(match expiry {
        Some((word, day)) => format!("{size}, {word} {day}"),
        None => size,
    })
}

fn expiry(at: &str, now: Timestamp) -> (&'static str, String) {
    let is_past = at.parse::<Timestamp>().is_ok_and(|at| at < now);
    (if is_past { "expired" } else { "expires" }, day(at))
}

/// Returns the date of a time in UTC, as `YYYY-MM-DD`.
fn day(time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d").to_string(),
        Err(_) => sanitize(time).to_string(),
    }
}

/// Returns the parts of a pipeline's heading: `pipeline 9002 of project 93`, its ref with the short
/// commit id, and its status.
pub(super) fn heading(tree: &PipelineTree) -> [String; 3] {
    let pipeline = &tree.pipeline;
    let sha = pipeline.sha.as_deref().map(|sha| sha.chars().take(8).collect::<String>());
    let version: Vec<String> = [pipeline.ref_.as_deref(), sha.as_deref()]
        .into_iter()
        .flatten()
        .map(|text| sanitize(text).to_string())
        .collect();
    [
        format!("pipeline {} of project {}", tree.at.id, tree.at.project),
        version.join(" "),
        pipeline.status.to_string(),
    ]
}

/// Returns the reason why nothing is shown below a pipeline, or None if something is.
pub(super) fn empty_reason(tree: &PipelineTree) -> Option<String> {
    match &tree.below {
        Err(why) => Some(left_out_reason(*why)),
        // GitLab creates no pipeline without jobs, but hides jobs from users without access.
        Ok(below) if below.jobs.is_empty() && below.bridges.is_empty() => {
            Some(match &tree.pipeline.yaml_errors {
                Some(errors) => format!("no jobs: {}", sanitize(errors.trim())),
                None => "no jobs to be seen".to_owned(),
            })
        }
        Ok(_) => None,
    }
}

/// Returns the reason why a pipeline was left out of the tree.
pub(super) fn left_out_reason(why: LeftOut) -> String {
    match why {
        LeftOut::Unreadable { status } => format!("not readable ({status})"),
        LeftOut::Met => "met before".to_owned(),
        LeftOut::Deeper => "not looked into (--recursive does)".to_owned(),
    }
}
