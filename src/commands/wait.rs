//! `wait`: until jobs have ended well, or whole pipelines.

use clap::Args;
use serde_json::{Value, json};

use super::result;
use super::world::{Looking, World};
use crate::args::{Connect, Limits, Lookup, Speech};
use crate::exit::Exit;
use crate::flow::{self, Address, Found};
use crate::patience::Patience;
use crate::report::Report;
use crate::shown::shown;

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
    lookup: Lookup,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    connect: Connect,
    #[command(flatten)]
    pub speech: Speech,
}

impl Wait {
    pub fn run(self, mut world: World) -> anyhow::Result<Exit> {
        let which = crate::args::Which { any_status: self.any_status, ..Default::default() };
        let Looking { address, mut wanted, client, .. } =
            world.look(&self.jobs, &self.lookup, &which, &self.connect, true)?;
        wanted.archive = false;
        let ctx = world.ctx(&client, Patience::from(&self.limits));
        if !wanted.jobs.is_empty() || matches!(address, Address::Job { .. }) {
            let finding = flow::find(&ctx, &address, &wanted)?;
            for found in &finding.found {
                world.ui.line(line_of_job(found))?;
            }
            return done(
                &world,
                &document(&finding.found.iter().filter_map(of_job).collect::<Vec<_>>()),
            );
        }
        let ended = flow::pipelines(&ctx, &address, &wanted)?;
        for ended in &ended {
            world.ui.line(result::pipeline_line(ended))?;
        }
        let document = document(&ended.iter().map(result::ended).collect::<Vec<_>>());
        match flow::refusal(&ended) {
            None => done(&world, &document),
            Some(refusal) => {
                let report = Report::new(&refusal.into(), true);
                world.ui.report(&report, document);
                Ok(report.exit)
            }
        }
    }
}

fn done(world: &World, document: &Value) -> anyhow::Result<Exit> {
    if world.ui.wants_json() {
        world.ui.document(document)?;
    }
    Ok(Exit::Done)
}

fn document(pipelines: &[Value]) -> Value {
    // Two jobs of one pipeline are waited for in one pipeline.
    let mut once: Vec<&Value> = Vec::new();
    for pipeline in pipelines {
        if !once.contains(&pipeline) {
            once.push(pipeline);
        }
    }
    json!({ "pipelines": once, "fetched": [] })
}

fn line_of_job(found: &Found) -> String {
    let status = found.job.as_ref().map(|job| format!(": {}", job.status)).unwrap_or_default();
    format!("job {}{status}", shown(&found.label()))
}

fn of_job(found: &Found) -> Option<Value> {
    Some(result::pipeline(found.pipeline.as_ref()?, found.project_id(), &[]))
}
