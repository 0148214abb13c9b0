//! `trigger`: starts a pipeline, waits for it, and fetches artifacts from it.

pub(super) mod flags;

use serde_json::{Value, json};

pub use flags::Trigger;

use super::app::App;
use super::destination::Destination;
use super::dotenv::{DotenvFile, Values};
use super::pipeline_trigger_cli;
use super::pipeline_trigger_cli::lines::{self, LineWatch};
use super::result;
use crate::error::Error;
use crate::exit::Exit;
use crate::gitlab::Operation;
use crate::lookup::{Ctx, FoundJob, Scope};
use crate::model::PipelineBy;
use crate::report::Report;
use crate::select::trigger::OnManual as ManualRule;
use crate::transfer::Transfer;
use crate::trigger::{Again, Order, Started, logs, play_waiting, start, watch};

/// The parts of the `--json` document, which is printed after a failure too.
#[derive(Default)]
struct Told {
    started: Option<Started>,
    fetched: Value,
}

impl Trigger {
    pub fn run(self, mut app: App) -> Result<Exit, Error> {
        let mut told = Told::default();
        let Err(error) = self.go(&mut app, &mut told) else {
            if app.ui.wants_json() {
                app.ui.document(&told.document())?;
            }
            return Ok(Exit::Done);
        };
        let report = Report::new(&error, true);
        if report.exit != Exit::Done {
            let document = if told.started.is_some() { told.document() } else { Value::Null };
            app.ui.report(&report, document);
        }
        Ok(if self.legacy_cli {
            pipeline_trigger_cli::exit(&error, report.exit)
        } else {
            report.exit
        })
    }

    fn go(&self, app: &mut App, told: &mut Told) -> Result<(), Error> {
        if self.connect.unverified {
            app.ui.warn("the server's certificate is not checked: whoever stands in between reads the tokens");
        }
        let target = Destination {
            dir: &self.dir,
            output: self.output.as_deref(),
            report: None,
            delete: self.unpack.delete,
            dotenv: self.dotenv.as_deref(),
        };
        target.check_flags(app)?;
        let options = self.unpack.options()?;
        let rule = self.rule()?;
        let (mut order, client) = self.order(app)?;
        let plays = matches!(rule, ManualRule::Play(_));
        if plays {
            let playing = format!("playing manual jobs of project {}", order.project);
            match client.check_can_write(Operation::PlayJob, playing) {
                Err(error) if self.detach => app.ui.warn(&error.to_string()),
                checked => checked?,
            }
        }
        if self.print_logs && client.has_job_token() {
            app.ui.warn("GitLab shows no logs to a job token, so none will be printed; a private token (GITLAB_TOKEN) may read them");
        }
        let polling = self.polling();
        let cache = if self.fetch.is_empty() { None } else { app.cache(&self.cache)? };
        target.check_cache(cache.as_ref(), app)?;
        let aside = !target.is_stdout();
        let ctx = app.ctx(&client, polling);
        let line_watch = LineWatch { ui: &app.ui, watch: ctx.watch, on_stdout: aside };
        let ctx = if self.legacy_cli { Ctx { watch: &line_watch, ..ctx } } else { ctx };
        let file = self.dotenv.as_ref().map(|file| app.env.dir.join(file));
        let dotenv = DotenvFile::create(file.as_deref(), &app.env.interrupt)?;
        let dotenv = dotenv.durable(options.durable);
        if !self.fetch.is_empty() {
            target.check_writable(app)?;
        }
        // The old command line may start a pipeline without a token that could watch it.
        if !self.detach && (client.has_token() || !self.legacy_cli) {
            check_can_watch(&ctx, &order)?;
        }
        if self.legacy_cli {
            // pipeline-trigger prints the number of a project that is given by its path.
            order.project = client.follow_rename(&order.project)?;
            app.ui.print_early(&lines::before(&order), aside)?;
        }
        let started = told.started.insert(start(&ctx, &order)?);
        app.ui.print_early(&self.started_line(started), aside)?;
        if self.detach {
            if plays && client.check_can_write(Operation::PlayJob, String::new()).is_ok() {
                play_waiting(&ctx, started, &rule)?;
            }
            if self.legacy_cli {
                app.ui.print_early(&lines::detached(), aside)?;
            }
            dotenv.stage(&values(started, &[]))?;
            return dotenv.commit();
        }
        if self.legacy_cli {
            app.ui.print_early(&lines::waiting(started.ended.at.id), aside)?;
        }
        let id = started.ended.at.id;
        let watched = watch(&ctx, started, &rule, !self.legacy_cli).map_err(|error| {
            match error.as_gitlab() {
                Some(_) => Error::Unwatched { pipeline: id, source: Box::new(error) },
                None => error,
            }
        });
        if self.legacy_cli {
            // Ends the line of dots.
            app.ui.print_early("", aside)?;
        }
        if self.print_logs && !client.has_job_token() && !started.ended.pipeline.status.may_move() {
            if self.legacy_cli {
                app.ui.print_early(&lines::before_logs(id), aside)?;
            }
            logs(&ctx, &started.ended.at, |job, log| {
                let heading = self.legacy_cli.then(|| lines::before_log(job));
                app.ui.log(job, heading.as_deref(), log, aside)
            })?;
        }
        if self.legacy_cli && !matches!(watched, Err(Error::Unwatched { .. })) {
            app.ui.line(lines::ended(started, watched.is_ok()))?;
        }
        watched?;
        if aside && !self.legacy_cli {
            app.ui.line(result::pipeline_line(&started.ended))?;
        }
        if self.fetch.is_empty() {
            dotenv.stage(&values(started, &[]))?;
            return dotenv.commit();
        }
        let (scope, query) = (Scope::In(PipelineBy::Id(started.ended.at.clone())), self.query());
        let transfer = Transfer {
            cache: cache.as_ref(),
            separate: self.unpack.separate(),
            before_commit: &|jobs| dotenv.stage(&values(started, jobs)),
            ..Transfer::reading(&ctx, &scope, &query)
        };
        let result = target.transfer(app, &transfer, &options)?;
        let output = self.output.as_deref();
        told.fetched = json!(super::result::document(&result, output, &self.dir))["fetched"].take();
        if aside && self.unpack.list {
            super::result::print_files(&result, self.output.as_deref(), &app.ui)?;
        }
        dotenv.commit()
    }

    /// Returns the line about a pipeline that was started or retried.
    fn started_line(&self, started: &Started) -> String {
        match (self.legacy_cli, started.retried) {
            (true, _) => lines::started(started),
            (false, true) => format!("retried: {}", result::pipeline_line(&started.ended)),
            (false, false) => result::pipeline_line(&started.ended),
        }
    }
}

/// Checks that a pipeline can be watched, where it is started by a token that does not watch it: a
/// trigger token, or the job token, which older versions of GitLab accept for the start alone. Other
/// failures say nothing about that, and starting the pipeline meets them again.
fn check_can_watch(ctx: &Ctx<'_>, order: &Order) -> Result<(), Error> {
    let starts_and_watches = order.start.token.is_none() && !ctx.gitlab.has_job_token();
    if starts_and_watches || order.again != Again::No {
        return Ok(());
    }
    match ctx.gitlab.pipelines(&order.project, 1) {
        Err(error) if matches!(error.status(), Some(401 | 403 | 404)) => {
            let doing = match ctx.gitlab.has_token() {
                true => "nothing was started, because this token could not watch it",
                false => {
                    "nothing was started, because it could not be watched without a private token"
                }
            };
            Err(Error::from(error).context(doing))
        }
        _ => Ok(()),
    }
}

/// Returns the values of a pipeline that was started, and of the jobs that were fetched from it.
fn values<'a>(started: &'a Started, found: &[&FoundJob]) -> Values<'a> {
    Values {
        jobs: found.iter().map(|found| found.id()).collect(),
        project: started.ended.project_id(),
        pipeline: Some(&started.ended.pipeline),
    }
}

impl Told {
    fn document(&self) -> Value {
        let pipelines: Vec<Value> =
            self.started.iter().map(|started| result::ended(&started.ended)).collect();
        let fetched = if self.fetched.is_null() { json!([]) } else { self.fetched.clone() };
        json!({ "pipelines": pipelines, "fetched": fetched })
    }
}
