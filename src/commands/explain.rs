//! `explain`: the same lookup as `fetch`, told step by step, with nothing downloaded.

use std::sync::Arc;

use clap::Args;

use super::world::{Looking, World};
use crate::args::{Caching, Connect, Lookup, Speech, Which};
use crate::exit::Exit;
use crate::flow::{self, Finding};
use crate::patience::Patience;
use crate::report::Report;
use crate::settings;

mod record;
mod told;

use record::Record;
use told::Told;

/// Show how the lookup goes and why it finds what it finds, and download nothing
#[derive(Debug, Args)]
#[command(override_usage = "downriver explain [OPTIONS] [URL] JOB...")]
pub struct Explain {
    /// Names of jobs, as for `fetch`
    #[arg(value_name = "JOB")]
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

impl Explain {
    pub fn run(self, mut world: World) -> anyhow::Result<Exit> {
        let record = Arc::new(Record::new(world.ui.clone()));
        world.watch = record.clone();
        let Looking { address, mut wanted, client, mut settings } =
            world.look(&self.jobs, &self.lookup, &self.which, &self.connect, false)?;
        let cache = settings::cache(&Caching::default(), &world.env)?;
        settings.extend(cache.into_iter().flat_map(settings::Cache::told));
        wanted.listed = true;
        let ctx = world.ctx(&client, Patience::none());
        let (finding, error) = match flow::find(&ctx, &address, &wanted) {
            Ok(finding) => (finding, None),
            Err(error) => (Finding::default(), Some(error)),
        };
        let told = Told { settings, steps: record.steps(&client), finding, client: &client };
        for line in told.lines() {
            world.ui.line(line)?;
        }
        match error {
            Some(error) => {
                let report = Report::new(&error, false);
                world.ui.report(&report, told.document());
                Ok(report.exit)
            }
            None if world.ui.wants_json() => {
                world.ui.document(&told.document())?;
                Ok(Exit::Done)
            }
            None => Ok(Exit::Done),
        }
    }
}
