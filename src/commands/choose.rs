//! The list that a command without a JOB offers on a terminal.

use clap::Args;

use super::app::{App, PreparedLookup};
use crate::args::{JobArgs, LookupArgs, LookupFrom, OutputArgs};
use crate::error::Error;
use crate::lookup::{self, FoundJob, Polling, Scope};
use crate::sanitize::join_names;
use crate::settings::{Usage, in_ci};
use crate::ui::choose::{Choice, Count};

/// The number of names in the hint of the usage error.
const MAX_NAMES: usize = 10;

impl App {
    /// Returns the lookup of a command that lets the user choose where no job is named.
    ///
    /// # Errors
    /// Those of [`App::prepare`]; a usage error where no job is named and no question can be asked;
    /// [`Error::Canceled`] where the user chose nothing.
    pub fn prepare_or_choose<W: Args>(
        &mut self,
        words: &[String],
        args: &JobArgs<W>,
        count: Count,
    ) -> Result<PreparedLookup, Error> {
        let mut prepared = self.prepare(words, args, true)?;
        if !prepared.query.jobs.is_empty() || matches!(prepared.scope, Scope::Jobs { .. }) {
            return Ok(prepared);
        }
        let asks = self.may_ask(&args.output);
        let own = offers_own_jobs(&args.lookup);
        let ctx = self.ctx(&prepared.client, Polling::once());
        let offered = lookup::offered(&ctx, &prepared.scope, &prepared.query, own);
        if !asks {
            return Err(no_job_is_named(&offered.unwrap_or_default()).into());
        }
        let offered = offered?;
        if offered.is_empty() {
            return Err(Usage::new("no job is named, and none has an archive")
                .hint("`downriver tree` shows the pipelines and their jobs")
                .into());
        }
        prepared.query.chosen = Some(self.choose(offered, count)?);
        Ok(prepared)
    }

    /// Returns true if a question can be asked: both streams are terminals, and neither flags nor
    /// variables are against it.
    pub fn may_ask(&self, args: &OutputArgs) -> bool {
        self.env.keyboard.is_some()
            && self.ui.stderr_is_terminal()
            && self.env.var("TERM") != Some("dumb")
            && !(self.no_input(args) || args.json || args.quiet || in_ci(&self.env))
    }

    /// Returns true if `--no-input` or its variable forbids questions.
    pub fn no_input(&self, args: &OutputArgs) -> bool {
        args.no_input || self.env.var("DOWNRIVER_NO_INPUT").is_some()
    }

    fn choose(&mut self, mut offered: Vec<FoundJob>, count: Count) -> Result<Vec<FoundJob>, Error> {
        let Some(keyboard) = &mut self.env.keyboard else { return Err(Error::Canceled) };
        let choices: Vec<Choice> = offered.iter().filter_map(choice).collect();
        let taken = self.ui.choose(&choices, count, &mut **keyboard)?;
        let taken = taken.ok_or(Error::Canceled)?;
        let mut index = 0..;
        offered.retain(|_| index.next().is_some_and(|index| taken.contains(&index)));
        Ok(offered)
    }
}

/// Returns true if the own jobs of the pipeline are offered beside those of its downstream
/// pipelines: nothing asks for the latter alone.
fn offers_own_jobs(lookup: &LookupArgs) -> bool {
    !lookup.selects_downstream() && !matches!(lookup.from, Some(LookupFrom::Downstream))
}

fn choice(found: &FoundJob) -> Option<Choice> {
    let job = found.job.as_ref()?;
    let path = found.pipeline.as_ref().and_then(|pipeline| pipeline.path().map(str::to_owned));
    let project = path.or_else(|| found.project_id().map(|id| id.to_string()));
    Some(Choice {
        name: job.name.clone(),
        project: project.unwrap_or_default(),
        status: job.status.clone(),
        size: job.archive_size(),
        finished_at: job.finished_at.clone(),
    })
}

fn no_job_is_named(offered: &[FoundJob]) -> Usage {
    let mut names: Vec<&str> = offered.iter().filter_map(FoundJob::name).collect();
    names.dedup();
    let one_of = match names.is_empty() {
        true => String::new(),
        false => format!(" of {}", join_names(&names, MAX_NAMES)),
    };
    Usage::new("no job is named").hint(format!(
        "name one or more{one_of}; '*' takes every job that succeeded and has an archive"
    ))
}
