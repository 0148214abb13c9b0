//! `trigger`: starts a pipeline, waits for it, and takes artifacts from it.

mod flags;

use serde_json::{Value, json};

pub use flags::{OnManual, Trigger};

use super::app::App;
use super::destination::Destination;
use super::pipeline_trigger_cli::{self, lines};
use super::{dotenv, result};
use crate::error::Error;
use crate::exit::Exit;
use crate::lookup::{FoundJob, Polling, Scope};
use crate::model::PipelineBy;
use crate::report::Report;
use crate::select::trigger::OnManual as ManualRule;
use crate::transfer::Transfer;
use crate::trigger::{Started, logs, play_waiting, start, watch};

/// What there is to tell, however the run ends.
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
        let target = Destination { dir: &self.dir, output: self.output.as_deref(), report: None };
        target.may_be(app)?;
        let options = self.unpack.options()?;
        let rule = self.rule()?;
        let (order, client) = self.order(app)?;
        let plays = matches!(rule, ManualRule::Play(_));
        if plays {
            let playing = format!("playing manual jobs of project {}", order.project);
            match client.check_can_write(playing) {
                Err(error) if self.detach => app.ui.warn(&error.to_string()),
                checked => checked?,
            }
        }
        if self.print_logs && client.has_job_token() {
            app.ui.warn("GitLab shows no logs to a job token, so none will be printed; a private token (GITLAB_TOKEN) may read them");
        }
        let polling = Polling::new(self.wait_timeout, self.poll_interval);
        let cache = if self.fetch.is_empty() { None } else { app.cache(&self.cache)? };
        let ctx = app.ctx(&client, polling);
        let aside = !target.is_stdout();
        if self.legacy_cli {
            app.ui.print_early(&lines::before(&order), aside)?;
        }
        let started = told.started.insert(start(&ctx, &order)?);
        app.ui.print_early(&self.started_line(started), aside)?;
        if self.detach {
            if plays && client.check_can_write(String::new()).is_ok() {
                play_waiting(&ctx, started, &rule)?;
            }
            if self.legacy_cli {
                app.ui.print_early(&lines::detached(), aside)?;
            }
            return self.write_dotenv(app, started, None);
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
        if self.print_logs && !client.has_job_token() && !started.ended.pipeline.status.may_move() {
            logs(&ctx, &started.ended.at, |job, log| app.ui.log(job, log, aside))?;
        }
        if self.legacy_cli && !matches!(watched, Err(Error::Unwatched { .. })) {
            app.ui.line(lines::ended(started, watched.is_ok()))?;
        }
        watched?;
        if aside && !self.legacy_cli {
            app.ui.line(result::pipeline_line(&started.ended))?;
        }
        if self.fetch.is_empty() {
            return self.write_dotenv(app, started, None);
        }
        let (scope, query) = (Scope::In(PipelineBy::Id(started.ended.at.clone())), self.query());
        let transfer = Transfer { ctx: &ctx, scope: &scope, query: &query, cache: cache.as_ref() };
        let result = target.transfer(app, &transfer, &options)?;
        told.fetched =
            super::result::document(&result, self.output.as_deref(), &self.dir)["fetched"].take();
        if aside {
            super::result::print_files(&result, self.output.as_deref(), &self.dir, &app.ui)?;
        }
        self.write_dotenv(app, started, result.jobs.first().map(|job| &job.found))
    }

    /// Returns the line about a pipeline that was started or retried.
    fn started_line(&self, started: &Started) -> String {
        match (self.legacy_cli, started.retried) {
            (true, _) => lines::started(started),
            (false, true) => format!("retried: {}", result::pipeline_line(&started.ended)),
            (false, false) => result::pipeline_line(&started.ended),
        }
    }

    fn write_dotenv(
        &self,
        app: &App,
        started: &Started,
        found: Option<&FoundJob>,
    ) -> Result<(), Error> {
        let Some(file) = &self.dotenv else { return Ok(()) };
        let values = dotenv::Values {
            job: found.and_then(FoundJob::id),
            project: started.ended.project_id(),
            pipeline: Some(&started.ended.pipeline),
        };
        values.write(&app.env.dir.join(file), &app.env.interrupt)
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
