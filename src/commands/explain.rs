//! `explain`: the lookup of `fetch` step by step, without a download.

use std::sync::Arc;

use clap::Args;

use super::app::{App, PreparedLookup};
use crate::args::{CacheArgs, JobArgs, NoWaitArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::gitlab::Client;
use crate::lookup::{self, Lists, LookupResult, Polling};
use crate::refusal::Refusal;
use crate::report::Report;
use crate::select::outcome::OnMissing;
use crate::settings;
use crate::ui::choose::Count;

mod output;
mod record;

use output::Told;
use record::Record;

/// Show each step of the lookup and the reasons for its result, without a download
#[derive(Debug, Args)]
#[command(override_usage = "downriver explain [OPTIONS] [URL] [JOB]...")]
pub struct Explain {
    /// Names of jobs, as for `fetch`
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    #[command(flatten)]
    pub args: JobArgs<NoWaitArgs>,
}

impl Explain {
    pub fn run(self, mut app: App) -> Result<Exit, Error> {
        let record = Arc::new(Record::new(app.ui.clone()));
        app.watch = record.clone();
        let PreparedLookup { scope, mut query, client, mut settings } =
            app.prepare_or_choose(&self.jobs, &self.args, Count::One)?;
        let cache = settings::cache(&CacheArgs::default(), &app.env)?;
        settings.extend(cache.into_iter().flat_map(settings::CacheSettings::settings_list));
        query.lists = Lists::Preferred;
        let ctx = app.ctx(&client, Polling::once());
        let (finding, error) = match lookup::find(&ctx, &scope, &query) {
            Ok(finding) => probe(&client, finding, query.on_missing),
            Err(error) => (LookupResult::default(), Some(error)),
        };
        let color = app.ui.color_stdout();
        let told = Told { settings, steps: record.steps(&client), finding, client: &client, color };
        for line in told.lines() {
            app.ui.line(line)?;
        }
        match error {
            Some(error) => {
                let report = Report::new(&error, false);
                app.ui.report(&report, told.document());
                Ok(report.exit)
            }
            None if app.ui.wants_json() => {
                app.ui.document(&told.document())?;
                Ok(Exit::Done)
            }
            None => Ok(Exit::Done),
        }
    }
}

/// Asks for one byte of the archives that GitLab finds in the request that downloads them. The
/// others are listed, so they are there.
fn probe(
    client: &Client,
    finding: LookupResult,
    on_missing: OnMissing,
) -> (LookupResult, Option<Error>) {
    let LookupResult { found, missing } = finding;
    let (mut result, mut refused) = (LookupResult { found: Vec::new(), missing }, Vec::new());
    for found in found {
        let error = match &found.job {
            Some(_) => None,
            None => client.probe_archive(&found.at).err(),
        };
        let Some(error) = error else {
            result.found.push(found);
            continue;
        };
        let label = found.label();
        let refusal = match error.lost_in_storage() {
            Some(storage) => Refusal::Lost { label, storage },
            None if error.is_missing_artifact() && on_missing == OnMissing::Report => {
                Refusal::NotThere { label }
            }
            None => return (result, Some(error.into())),
        };
        match on_missing {
            OnMissing::Refuse => refused.push(refusal),
            OnMissing::Report => result.missing.push((found.pattern, refusal)),
        }
    }
    (result, Refusal::combine(refused).map(Error::from))
}
