//! `keep`: keeps the artifacts of jobs from expiring.

use clap::Args;
use serde_json::{Value, json};

use super::result;
use super::world::{Looking, World};
use crate::args::{Connect, Lookup, Speech, Which};
use crate::exit::Exit;
use crate::flow::{self, Found};
use crate::gitlab::Client;
use crate::model::Job;
use crate::patience::Patience;
use crate::report::Report;
use crate::shown::shown;

/// Keep the artifacts of jobs from expiring
#[derive(Debug, Args)]
#[command(override_usage = "downriver keep [OPTIONS] [URL] JOB...")]
pub struct Keep {
    /// Names of jobs, as for `fetch`; a web address of a pipeline or a job may come first
    #[arg(value_name = "[URL] JOB")]
    jobs: Vec<String>,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    lookup: Lookup,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    pub speech: Speech,
}

impl Keep {
    pub fn run(self, mut world: World) -> anyhow::Result<Exit> {
        let Looking { address, mut wanted, client, .. } =
            world.look(&self.jobs, &self.lookup, &self.which, &self.connect, false)?;
        client.may_change("keeping artifacts".to_owned())?;
        // Only a job's number says which one is to be kept.
        wanted.listed = true;
        let ctx = world.ctx(&client, Patience::none());
        let finding = flow::find(&ctx, &address, &wanted)?;
        world.tell_missing(&self.which, &finding.missing);
        let mut kept: Vec<Value> = Vec::new();
        for found in &finding.found {
            match keep(&client, found) {
                Ok(job) => kept.push(result::job(&job)),
                Err(error) => {
                    let report = Report::new(&error, false);
                    world.ui.report(&report, json!({ "kept": kept }));
                    return Ok(report.exit);
                }
            }
            world.ui.line(format!("kept the artifacts of {}", shown(&found.label())))?;
        }
        if world.ui.wants_json() {
            world.ui.document(&json!({ "kept": kept }))?;
        }
        Ok(Exit::Done)
    }
}

fn keep(client: &Client, found: &Found) -> anyhow::Result<Job> {
    let (project, id) = found.place()?;
    Ok(client.keep(project, id)?)
}
