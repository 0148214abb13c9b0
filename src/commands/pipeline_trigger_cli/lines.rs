//! The lines that pipeline-trigger prints and scripts look for.

use crate::model::{Job, Pipeline, PipelineId, Status};
use crate::sanitize::sanitize;
use crate::step::{Step, Watch};
use crate::trigger::{Again, Order, Started};
use crate::ui::Ui;

/// A watcher that prints the lines of pipeline-trigger about some steps, and hands all others on.
pub struct LineWatch<'a> {
    pub ui: &'a Ui,
    pub watch: &'a dyn Watch,
    pub on_stdout: bool,
}

impl Watch for LineWatch<'_> {
    fn step(&self, step: &Step<'_>) {
        let line = match *step {
            Step::LastPipeline { pipeline, ref_, tip, retried } => {
                found(pipeline, ref_, tip, retried)
            }
            // The dots before these two are on a line that has not ended.
            Step::Playing { name, stage, .. } => {
                format!(
                    "\nPlaying manual job \"{}\" from stage \"{}\"...",
                    sanitize(name),
                    sanitize(stage)
                )
            }
            Step::NothingToPlay => "\nNo manual jobs found!".to_owned(),
            Step::Polled => {
                let _ = self.ui.dot();
                return;
            }
            // Step::Polled prints a dot instead.
            Step::Waiting { .. } => return,
            _ => return self.watch.step(step),
        };
        // A failure to write ends the run at the next line that is not printed from here.
        let _ = self.ui.print_early(&line, self.on_stdout);
    }
}

/// Returns the lines about the pipeline that may be retried.
fn found(pipeline: &Pipeline, ref_: &str, tip: Option<&str>, retried: bool) -> String {
    let Pipeline { id, status, .. } = pipeline;
    let short = |sha: &str| sha.chars().take(6).collect::<String>();
    let state = match (tip, retried) {
        (Some(_), true) => "up to date ",
        (Some(_), false) => "outdated ",
        // The commit of a pipeline that succeeded does not matter.
        (None, _) => "",
    };
    let found = format!("Found {state}pipeline {id} with status '{status}'");
    match tip {
        _ if retried => found,
        Some(tip) => {
            let sha = short(pipeline.sha.as_deref().unwrap_or_default());
            let (ref_, tip) = (sanitize(ref_), short(tip));
            format!(
                "{found}\nPipeline {id} for {ref_} outdated (sha: {}, tip is {}) - re-running ...",
                sanitize(&sha),
                sanitize(&tip)
            )
        }
        None => format!("{found}\nPipeline {id} already in state '{status}' - re-running ..."),
    }
}

/// Returns the line before the logs of a pipeline.
pub fn before_logs(id: PipelineId) -> String {
    format!("Pipeline {id} job output:")
}

/// Returns the line before the log of a job.
pub fn before_log(job: &Job) -> String {
    format!("Job: {}", sanitize(&job.name))
}

/// Returns the line that comes before the first request.
pub fn before(order: &Order) -> String {
    let Order { project, ref_, again, .. } = order;
    let ref_ = ref_.as_deref().unwrap_or_default();
    let ref_ = sanitize(ref_);
    match again {
        Again::No => format!("Triggering pipeline for ref '{ref_}' for project id {project}"),
        Again::Last => format!("Looking for pipeline '{ref_}' for project id {project} ..."),
        Again::This(id) => {
            format!("Fetching for pipeline '{id}' for project id {project} ...")
        }
    }
}

/// Returns the lines about a pipeline that was started or retried.
pub fn started(started: &Started) -> String {
    let pipeline = &started.ended.pipeline;
    let line = match started.retried {
        true => return format!("Retrying pipeline {} ...", pipeline.id),
        false => format!("Pipeline created (id: {})", pipeline.id),
    };
    match &pipeline.web_url {
        Some(url) => format!("{line}\nSee pipeline at {}", sanitize(url)),
        None => line,
    }
}

/// Returns the line of a run that does not wait.
pub fn detached() -> String {
    "Detached mode: not monitoring pipeline status - exiting now.".to_owned()
}

/// Returns the line of a run that waits.
pub fn waiting(id: PipelineId) -> String {
    format!("Waiting for pipeline {id} to finish ...")
}

/// Returns the line about the end of a pipeline; `passed`: the run ends with success.
pub fn ended(started: &Started, passed: bool) -> String {
    let pipeline = &started.ended.pipeline;
    match passed {
        true if pipeline.status == Status::Manual => {
            "Pipeline status is \"manual\", action \"pass\"".to_owned()
        }
        true => "Pipeline succeeded".to_owned(),
        false => {
            let url = pipeline.web_url.as_deref().unwrap_or_default();
            format!("Pipeline failed! Check details at '{}'", sanitize(url))
        }
    }
}
