//! `keep`: keeps the artifacts of jobs from expiring.

use clap::Args;
use serde_json::{Value, json};

use super::app::{App, PreparedLookup};
use super::result;
use crate::args::{JobArgs, NoWaitArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::gitlab::Client;
use crate::gitlab::Operation;
use crate::lookup::{self, FoundJob, Lists, Polling};
use crate::model::Job;
use crate::report::Report;
use crate::sanitize::sanitize;

/// Keep the artifacts of jobs from expiring
#[derive(Debug, Args)]
#[command(override_usage = "downriver keep [OPTIONS] [URL] JOB...")]
pub struct Keep {
    /// Names of jobs, as for `fetch`; a web address of a pipeline or a job may come first
    #[arg(value_name = "[URL] JOB")]
    jobs: Vec<String>,
    #[command(flatten)]
    pub args: JobArgs<NoWaitArgs>,
}

impl Keep {
    pub fn run(self, mut app: App) -> Result<Exit, Error> {
        let PreparedLookup { scope, mut query, client, .. } =
            app.prepare(&self.jobs, &self.args, false)?;
        client.check_can_write(Operation::KeepArtifacts, "keeping artifacts".to_owned())?;
        // The request needs the id of the job, which only the lists contain.
        query.lists = Lists::Required;
        let ctx = app.ctx(&client, Polling::once());
        let finding = lookup::find(&ctx, &scope, &query)?;
        app.tell_missing(&self.args.selection, &finding.missing);
        let mut kept: Vec<Value> = Vec::new();
        for found in &finding.found {
            match keep(&client, found) {
                Ok(job) => kept.push(result::job(&job)),
                Err(error) => {
                    let report = Report::new(&error, false);
                    app.ui.report(&report, json!({ "kept": kept }));
                    return Ok(report.exit);
                }
            }
            app.ui.line(format!("kept the artifacts of {}", sanitize(&found.label())))?;
        }
        if app.ui.wants_json() {
            app.ui.document(&json!({ "kept": kept }))?;
        }
        Ok(Exit::Done)
    }
}

/// Keeps the artifacts of one job, and returns the job as GitLab sends it back.
fn keep(client: &Client, found: &FoundJob) -> Result<Job, Error> {
    let (project, id) = found.project_and_id()?;
    let project = &client.follow_rename(project)?;
    Ok(client.keep_artifacts(project, id)?)
}
