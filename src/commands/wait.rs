//! `wait`: waits until jobs or whole pipelines have succeeded.

use clap::Args;
use serde_json::{Value, json};

use super::app::{App, PreparedLookup};
use super::result;
use crate::args::{ConnectArgs, JobArgs, LookupArgs, OutputArgs, SelectionArgs, WaitLimitArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::lookup::{self, FoundJob, Lists, Polling, Scope};
use crate::report::Report;
use crate::sanitize::sanitize;

/// Wait for jobs of downstream pipelines, or without a name for the pipelines themselves
#[derive(Debug, Args)]
#[command(override_usage = "downriver wait [OPTIONS] [URL] [JOB]...")]
pub struct Wait {
    /// Names of jobs, as for `fetch`; without one, the pipelines that --from selects are waited for
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Also jobs that end without success
    #[arg(long, help_heading = "Which jobs")]
    any_status: bool,
    #[command(flatten)]
    lookup: LookupArgs,
    #[command(flatten)]
    limits: WaitLimitArgs,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    pub output_args: OutputArgs,
}

impl Wait {
    pub fn run(self, mut app: App) -> Result<Exit, Error> {
        // --any-status is the only selection flag of this command.
        let selection = SelectionArgs { any_status: self.any_status, ..SelectionArgs::default() };
        let args = JobArgs {
            selection,
            lookup: self.lookup,
            wait: self.limits,
            connect: self.connect,
            output: self.output_args,
        };
        let PreparedLookup { scope, mut query, client, .. } =
            app.prepare(&self.jobs, &args, true)?;
        query.archive = false;
        query.lists = Lists::Required;
        let ctx = app.ctx(&client, Polling::from(&args.wait));
        if !query.jobs.is_empty() || matches!(scope, Scope::Jobs { .. }) {
            let finding = lookup::find(&ctx, &scope, &query)?;
            for found in &finding.found {
                app.ui.line(line_of_job(found))?;
            }
            return done(
                &app,
                &document(&finding.found.iter().filter_map(of_job).collect::<Vec<_>>()),
            );
        }
        let ended = lookup::wait_for_pipelines(&ctx, &scope, &query)?;
        for ended in &ended {
            app.ui.line(result::pipeline_line(ended))?;
        }
        let document = document(&ended.iter().map(result::ended).collect::<Vec<_>>());
        match lookup::ended_refusal(&ended) {
            None => done(&app, &document),
            Some(refusal) => {
                let report = Report::new(&refusal.into(), true);
                app.ui.report(&report, document);
                Ok(report.exit)
            }
        }
    }
}

/// Prints the document of a successful run.
fn done(app: &App, document: &Value) -> Result<Exit, Error> {
    if app.ui.wants_json() {
        app.ui.document(document)?;
    }
    Ok(Exit::Done)
}

/// Returns the `--json` document; a pipeline with several of the jobs is listed once.
fn document(pipelines: &[Value]) -> Value {
    let mut once: Vec<&Value> = Vec::new();
    for pipeline in pipelines {
        if !once.contains(&pipeline) {
            once.push(pipeline);
        }
    }
    json!({ "pipelines": once, "fetched": [] })
}

fn line_of_job(found: &FoundJob) -> String {
    let status = found.job.as_ref().map(|job| format!(": {}", job.status)).unwrap_or_default();
    format!("job {}{status}", sanitize(&found.label()))
}

fn of_job(found: &FoundJob) -> Option<Value> {
    Some(result::pipeline(found.pipeline.as_ref()?, found.project_id(), &[]))
}
