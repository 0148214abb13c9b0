//! `fetch`: the main command, from an upstream pipeline to files on disk.

use std::path::PathBuf;

use clap::Args;

use super::app::{App, PreparedLookup};
use super::destination::Destination;
use super::dotenv::{DotenvFile, Values};
use super::extract_args::ExtractArgs;
use crate::args::{CacheArgs, JobArgs, WaitArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::lookup::{Lists, Polling};
use crate::transfer::Transfer;
use crate::ui::choose::Count;

/// Fetch the artifacts of jobs of downstream pipelines
#[derive(Debug, Args)]
#[command(override_usage = "downriver fetch [OPTIONS] [URL] [JOB]...")]
pub struct Fetch {
    /// Names of jobs: exact, or the base name of a parallel or matrix job, or a glob; a web address of a pipeline or a job may come first
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Extract into this folder, which is made if missing
    #[arg(short = 'D', long, value_name = "DIR", default_value = ".", help_heading = "Where to")]
    dir: PathBuf,
    /// Save the archive as FILE instead of extracting it; `-` is standard output
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["dir", "path", "exclude", "strip_components", "flatten", "separate", "sync", "delete"], help_heading = "Where to")]
    output: Option<PathBuf>,
    /// Fetch the report file of this type (`junit`, `dotenv`, `sast` and others) instead of the archive; GitLab 19.4 and newer
    #[arg(long, value_name = "TYPE", conflicts_with_all = ["path", "exclude", "strip_components", "flatten", "sync", "delete"], help_heading = "Where to")]
    report: Option<String>,
    #[command(flatten)]
    unpack: ExtractArgs,
    /// Write DOWNRIVER_JOB_ID, _JOB_IDS, _PIPELINE_ID, _PROJECT_ID, _REF and _SHA of what was fetched to FILE, for artifacts:reports:dotenv
    #[arg(long, value_name = "FILE", help_heading = "Where to")]
    dotenv: Option<PathBuf>,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    pub args: JobArgs<WaitArgs>,
}

impl Fetch {
    pub fn run(mut self, mut app: App) -> Result<Exit, Error> {
        // One file holds one archive.
        self.args.selection.one |= self.output.is_some();
        let destination = Destination {
            dir: &self.dir,
            output: self.output.as_deref(),
            report: self.report.as_deref(),
            delete: self.unpack.delete,
            dotenv: self.dotenv.as_deref(),
        };
        destination.check_flags(&app)?;
        let options = self.unpack.options()?;
        let cache = app.cache(&self.cache)?;
        destination.check_cache(cache.as_ref(), &app)?;
        let file = self.dotenv.as_ref().map(|file| app.env.dir.join(file));
        let dotenv = DotenvFile::create(file.as_deref(), &app.env.interrupt)?;
        let dotenv = dotenv.durable(options.durable);
        let count = if self.args.selection.one { Count::One } else { Count::Several };
        let PreparedLookup { scope, mut query, client, .. } =
            app.prepare_or_choose(&self.jobs, &self.args, count)?;
        // The cache names archives by the ids of their jobs, which only the lists contain.
        query.lists = if cache.is_some() { Lists::Preferred } else { Lists::Unneeded };
        let polling = Polling::from(&self.args.wait);
        let ctx = app.ctx(&client, polling);
        let transfer = Transfer {
            cache: cache.as_ref(),
            separate: self.unpack.separate(),
            before_commit: &|jobs| dotenv.stage(&Values::of(jobs.iter().copied())),
            ..Transfer::reading(&ctx, &scope, &query)
        };
        let result = destination.transfer(&app, &transfer, &options)?;
        app.tell_missing(&self.args.selection, &result.missing);
        dotenv.commit()?;
        if !destination.is_stdout() {
            let output = self.output.as_deref();
            if self.unpack.list {
                super::result::print_files(&result, output, &app.ui)?;
            }
            if app.ui.wants_json() {
                app.ui.document(&super::result::document(&result, output, &self.dir))?;
            }
        }
        Ok(Exit::Done)
    }
}
