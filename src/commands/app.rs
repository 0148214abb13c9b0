//! The state that every command shares, and the lookup that its arguments ask for.

use std::sync::Arc;

use clap::Args;

use crate::args::{
    CacheArgs, ConnectArgs, IfMissing, JobArgs, LookupArgs, LookupFrom, SelectionArgs, WaitArgs,
    WaitLimitArgs,
};
use crate::disk::Cache;
use crate::env::Env;
use crate::error::Error;
use crate::gitlab::{Client, NamedBy, Origin};
use crate::lookup::{Ctx, JobQuery, Lists, Polling, Scope};
use crate::refusal::Refusal;
use crate::sanitize::sanitize;
use crate::select::job_pattern::Pattern;
use crate::select::outcome::{JobCount, OnMissing};
use crate::settings::{self, ChosenToken, Setting, Source, SplitWords, Usage, WebUrl};
use crate::step::Watch;
use crate::ui::Ui;

/// The process, the streams and the listener of a run.
pub struct App {
    pub env: Env,
    pub ui: Arc<Ui>,
    /// The listener of the run's steps: the terminal, or for `explain` a record.
    pub watch: Arc<dyn Watch>,
}

/// A lookup: its scope, its query, the client to ask, and the settings behind them.
pub struct PreparedLookup {
    pub scope: Scope,
    pub query: JobQuery,
    pub client: Client,
    pub settings: Vec<Setting>,
}

impl App {
    /// Returns the lookup of a command that takes names of jobs.
    ///
    /// `all`: the command accepts an empty list of names.
    ///
    /// # Errors
    /// A usage error where names and flags contradict each other or a setting is invalid.
    pub fn prepare<W: Args>(
        &mut self,
        words: &[String],
        args: &JobArgs<W>,
        all: bool,
    ) -> Result<PreparedLookup, Error> {
        settings::check_variables(&self.env)?;
        let JobArgs { selection, lookup, connect, .. } = args;
        let SplitWords { web_url, words: mut jobs, .. } =
            settings::split_web_url(words, lookup, connect, &self.env)?;
        let job_of_url = web_url.as_ref().and_then(WebUrl::job_name);
        let resolved = settings::scope(lookup, connect, web_url.as_ref(), &self.env)?;
        match (&resolved.scope, jobs.is_empty()) {
            (Scope::Jobs { .. }, false) => {
                return Err(Usage::new("the job is named twice, by its number and by a name")
                    .hint("leave out the name")
                    .into());
            }
            (_, false) if job_of_url.is_some() => {
                return Err(Usage::new("the job is named twice, by the URL and by a name")
                    .hint("leave out the name")
                    .into());
            }
            (Scope::Below(_) | Scope::In(_) | Scope::Any(_), true)
                if !all && job_of_url.is_none() =>
            {
                return Err(Usage::new("no job is named")
                    .hint("name one or more; '*' takes every job that succeeded and has an archive")
                    .into());
            }
            (Scope::Jobs { .. } | Scope::In(_), _) if lookup.selects_downstream() => {
                return Err(Usage::new(
                    "--bridge, --downstream, --recursive and --depth choose among the pipelines that one triggered, and no jobs of those are meant",
                )
                .hint("leave them out, or name a pipeline with --from downstream")
                .into());
            }
            _ => {}
        }
        jobs.extend(job_of_url.map(str::to_owned));
        let query = JobQuery {
            jobs: jobs.iter().map(|job| Pattern::new(job)).collect(),
            bridges: lookup.bridge.iter().map(|bridge| Pattern::new(bridge)).collect(),
            projects: lookup.downstream.clone(),
            depth: lookup.levels(),
            any_status: selection.any_status,
            archive: true,
            count: if selection.one { JobCount::AtMostOne } else { JobCount::Any },
            on_missing: match selection.if_missing {
                IfMissing::Fail => OnMissing::Refuse,
                IfMissing::Warn | IfMissing::Ignore => OnMissing::Report,
            },
            lists: Lists::Unneeded,
            from_can_change: lookup.from != Some(LookupFrom::Upstream),
            own_job: settings::own_job(connect, &self.env),
            chosen: None,
        };
        let (client, mut settings) = self.connect(connect, lookup, web_url.as_ref())?;
        settings.extend(resolved.settings);
        settings.extend(settings::lookup_settings(lookup, selection, connect));
        Ok(PreparedLookup { scope: resolved.scope, query, client, settings })
    }

    /// Prints a warning for each missing job, with `--if-missing warn`.
    pub fn tell_missing(&self, selection: &SelectionArgs, missing: &[(String, Refusal)]) {
        if selection.if_missing == IfMissing::Warn {
            for (query, refusal) in missing {
                self.ui.warn(&format!("`{}` is missing: {refusal}", sanitize(query)));
            }
        }
    }

    /// Returns a client for the GitLab server and its token, and the settings that chose them.
    pub fn connect(
        &mut self,
        connect: &ConnectArgs,
        lookup: &LookupArgs,
        web_url: Option<&WebUrl>,
    ) -> Result<(Client, Vec<Setting>), Error> {
        settings::check_variables(&self.env)?;
        let api = settings::api(connect, lookup, web_url, &self.env)?;
        let ChosenToken { token, warnings, withheld } =
            settings::token(connect, &api, &mut self.env)?;
        for warning in warnings {
            self.ui.warn(&warning);
        }
        let origin = Origin {
            named_by: match api.source {
                Source::Url => NamedBy::Url,
                _ if connect.api_url_of_host => NamedBy::Host,
                _ => NamedBy::Setting,
            },
            own_projects: settings::own_projects(&api.value, &self.env),
            withheld,
            legacy_cli: connect.legacy_cli,
        };
        let settings = settings::connection_settings(&api, token.as_ref());
        let (network, warnings) = settings::network(connect, &self.env)?;
        for warning in warnings {
            self.ui.warn(&warning);
        }
        let token = token.map(|token| token.value);
        let (clock, watch) = (self.env.clock.clone(), self.watch.clone());
        let client = Client::new(api.value, token, network, clock, watch).with_origin(origin);
        Ok((client, settings))
    }

    /// Opens the cache, if one is set. A cache that cannot be opened is a warning.
    pub fn cache(&self, args: &CacheArgs) -> Result<Option<Cache>, Usage> {
        let Some(settings::CacheSettings { dir, max_bytes }) = settings::cache(args, &self.env)?
        else {
            return Ok(None);
        };
        match Cache::open(&dir.value, max_bytes.value, &self.env.interrupt) {
            Ok(cache) => Ok(Some(cache)),
            Err(error) => {
                self.ui.warn(&format!("{error}; going on without the cache of {}", dir.source));
                Ok(None)
            }
        }
    }

    /// Returns the context of a lookup. The client's retries end with the time limit of `polling`.
    pub fn ctx<'a>(&'a self, gitlab: &'a Client, polling: Polling) -> Ctx<'a> {
        if let Some(limit) = polling.limit() {
            gitlab.give_up_at(self.env.clock.elapsed() + limit);
        }
        Ctx {
            gitlab,
            clock: &*self.env.clock,
            watch: &*self.watch,
            interrupt: &self.env.interrupt,
            polling,
        }
    }
}

impl From<&WaitLimitArgs> for Polling {
    fn from(limits: &WaitLimitArgs) -> Polling {
        Polling::new(limits.wait_timeout, limits.poll_interval)
    }
}

impl From<&WaitArgs> for Polling {
    fn from(args: &WaitArgs) -> Polling {
        if args.wait { Polling::from(&args.limits) } else { Polling::once() }
    }
}
