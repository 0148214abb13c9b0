//! A tree of pipelines as text: a picture for a terminal or a log, a Mermaid diagram, JSON.
//!
//! Names come from servers. Each of the three makes them harmless in its own way.

mod document;
mod mermaid;
mod picture;
#[cfg(test)]
mod tests;

pub use document::document;
pub use mermaid::mermaid;
pub use picture::{Look, picture};

use anstyle::{AnsiColor, Style};
use bytesize::ByteSize;
use jiff::Timestamp;

use crate::model::tree::{LeftOut, PipelineTree};
use crate::model::{Bridge, Job, Status};
use crate::sanitize::sanitize;

/// How a status looks. The mark alone is enough for success only; all else is said in words too.
struct Mark {
    sign: &'static str,
    ascii: &'static str,
    style: Style,
    /// The class of a Mermaid node.
    class: &'static str,
}

fn mark(status: &Status) -> Mark {
    let (sign, ascii, style, class) = match status {
        Status::Success => ("✔", "[ok]", AnsiColor::Green.on_default(), "good"),
        Status::Failed => ("✘", "[x]", AnsiColor::Red.on_default(), "bad"),
        Status::Running => ("●", "[..]", AnsiColor::Blue.on_default(), "moving"),
        Status::Manual => ("○", "[!]", AnsiColor::Yellow.on_default(), "still"),
        Status::Canceled | Status::Canceling => ("⊘", "[-]", Style::new().dimmed(), "still"),
        Status::Skipped => ("»", "[>]", Style::new().dimmed(), "still"),
        Status::Created
        | Status::WaitingForResource
        | Status::Preparing
        | Status::WaitingForCallback
        | Status::Pending
        | Status::Scheduled => ("◌", "[ ]", AnsiColor::Yellow.on_default(), "moving"),
        Status::Other(_) => ("?", "[?]", Style::new(), "moving"),
    };
    Mark { sign, ascii, style, class }
}

/// A status that is not success in words, with GitLab's reason where it gives one.
fn reason(status: &Status, reason: Option<&str>) -> Option<String> {
    match (status, reason) {
        (Status::Success, _) => None,
        (status, Some(reason)) => Some(format!("{status}: {}", sanitize(reason))),
        (status, None) => Some(status.to_string()),
    }
}

fn job_trouble(job: &Job) -> Option<String> {
    reason(&job.status, job.failure_reason.as_deref())
}

fn bridge_trouble(bridge: &Bridge) -> Option<String> {
    reason(&bridge.status, bridge.failure_reason.as_deref())
}

/// The archive of a job, its size and how long it stays; or what became of it.
fn archive_of(job: &Job, now: Timestamp) -> Option<String> {
    let expiry = job.artifacts_expire_at.as_deref().map(|at| expiry(at, now));
    if let Some(erased) = &job.erased_at {
        return Some(format!("erased {}", day(erased)));
    }
    if !job.has_archive() {
        let gone = expiry.filter(|(word, _)| *word == "expired");
        return gone.map(|(word, day)| format!("archive {word} {day}"));
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
    let past = at.parse::<Timestamp>().is_ok_and(|at| at < now);
    (if past { "expired" } else { "expires" }, day(at))
}

/// The date of a time, in UTC.
fn day(time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d").to_string(),
        Err(_) => sanitize(time).to_string(),
    }
}

/// `pipeline 9002 of project 93`, its ref and short commit, its status.
fn head(tree: &PipelineTree) -> [String; 3] {
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

/// Why a pipeline shows nothing below it, if it does not.
fn nothing_below(tree: &PipelineTree) -> Option<String> {
    match &tree.below {
        Err(why) => Some(left_out(*why)),
        // GitLab makes no pipeline without jobs, but hides them from whoever may not see them.
        Ok(below) if below.jobs.is_empty() && below.bridges.is_empty() => {
            Some("no jobs to be seen".to_owned())
        }
        Ok(_) => None,
    }
}

fn left_out(why: LeftOut) -> String {
    match why {
        LeftOut::Unreadable { status } => format!("not readable ({status})"),
        LeftOut::Met => "met before".to_owned(),
        LeftOut::Deeper => "not looked into (--recursive does)".to_owned(),
    }
}
