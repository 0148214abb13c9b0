//! `delete`: deletes the artifacts of jobs or of a whole project, after confirmation.

use clap::Args;
use serde_json::{Value, json};

use super::app::{App, PreparedLookup};
use super::result;
use crate::args::{JobArgs, NoWaitArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::gitlab::{Client, Operation};
use crate::lookup::{self, FoundJob, Lists, Polling};
use crate::report::Report;
use crate::sanitize::{join_names, sanitize};
use crate::settings::{self, SplitWords, Usage};

/// The most jobs that the question names; the others are counted.
const MOST_NAMES: usize = 20;

/// Delete the artifacts of jobs, or all artifacts of a project that GitLab may delete
#[derive(Debug, Args)]
#[command(override_usage = "downriver delete [OPTIONS] <[URL] JOB...|--all-in-project>")]
pub struct Delete {
    /// Names of jobs, as for `fetch`; a web address of a pipeline or a job may come first
    #[arg(value_name = "[URL] JOB")]
    jobs: Vec<String>,
    /// All artifacts of the project, except those of the latest successful pipeline of each branch and tag, which GitLab keeps
    #[arg(long, conflicts_with_all = ["jobs", "pipeline", "from", "ref_", "mr", "commit", "job_id", "bridge", "downstream", "recursive", "depth", "any_status", "one"])]
    all_in_project: bool,
    /// Do not ask; required without a terminal
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    pub args: JobArgs<NoWaitArgs>,
}

impl Delete {
    pub fn run(self, mut app: App) -> Result<Exit, Error> {
        if self.all_in_project {
            return self.all(app);
        }
        let PreparedLookup { scope, mut query, client, .. } =
            app.prepare(&self.jobs, &self.args, false)?;
        client.check_can_write(Operation::DeleteArtifacts, "deleting artifacts".to_owned())?;
        query.lists = Lists::Required;
        // A job that is named exactly needs no archive, because its reports are deleted as well; a glob
        // matches only jobs with an archive.
        query.archive = query.jobs.iter().any(|job| job.is_glob());
        let ctx = app.ctx(&client, Polling::once());
        let finding = lookup::find(&ctx, &scope, &query)?;
        app.tell_missing(&self.args.selection, &finding.missing);
        let labels: Vec<String> = finding.found.iter().map(FoundJob::label).collect();
        if !labels.is_empty() {
            let what = format!("the artifacts of {}", join_names(&labels, MOST_NAMES));
            self.confirm(&mut app, &what)?;
        }
        let mut deleted: Vec<Value> = Vec::new();
        for found in &finding.found {
            if let Err(error) = delete(&client, found) {
                let report = Report::new(&error, false);
                app.ui.report(&report, json!({ "deleted": deleted }));
                return Ok(report.exit);
            }
            deleted.push(result::found(found)["job"].take());
            app.ui.line(format!("deleted the artifacts of {}", sanitize(&found.label())))?;
        }
        if app.ui.wants_json() {
            app.ui.document(&json!({ "deleted": deleted }))?;
        }
        Ok(Exit::Done)
    }

    /// Deletes all artifacts of the project.
    fn all(&self, mut app: App) -> Result<Exit, Error> {
        let JobArgs { lookup, connect, .. } = &self.args;
        let SplitWords { web_url, .. } = settings::split_web_url(&[], lookup, connect, &app.env)?;
        let project = settings::project(lookup, connect, web_url.as_ref(), &app.env)?;
        let (client, _) = app.connect(connect, lookup, web_url.as_ref())?;
        let description = format!("deleting all artifacts of project {project}");
        client.check_can_write(Operation::DeleteProjectArtifacts, description)?;
        self.confirm(&mut app, &format!("all artifacts of project {project} that are not locked"))?;
        client.delete_project_artifacts(&client.follow_rename(&project)?)?;
        app.ui
            .line(format!("GitLab deletes the artifacts of project {project} in the background"))?;
        if app.ui.wants_json() {
            app.ui.document(&json!({ "deleted": [], "all_in_project": project.to_string() }))?;
        }
        Ok(Exit::Done)
    }

    /// Asks for confirmation on a terminal, unless `--yes` was given.
    ///
    /// # Errors
    /// A usage error without confirmation, and without a terminal.
    fn confirm(&self, app: &mut App, what: &str) -> Result<(), Usage> {
        if self.yes {
            return Ok(());
        }
        if !app.ui.stderr_is_terminal() || app.no_input(&self.args.output) {
            return Err(Usage::new(format!("this would delete {what}"))
                .hint("nothing was deleted; --yes confirms it"));
        }
        match app.ui.confirm(&format!("delete {what}? [y/N] "), &mut *app.env.stdin) {
            true => Ok(()),
            false => Err(Usage::new("not confirmed: nothing was deleted")),
        }
    }
}

/// Deletes the artifacts of one job.
fn delete(client: &Client, found: &FoundJob) -> Result<(), Error> {
    let (project, id) = found.project_and_id()?;
    let project = &client.follow_rename(project)?;
    Ok(client.delete_artifacts(project, id)?)
}
