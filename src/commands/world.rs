//! What a command has to work with, and the lookup that its words and flags mean.

use std::sync::Arc;

use crate::args::{Caching, Connect, IfMissing, Limits, Lookup, Waiting, Which};
use crate::disk::Cache;
use crate::env::Env;
use crate::flow::{Address, Ctx, Wanted};
use crate::gitlab::Client;
use crate::patience::Patience;
use crate::refusal::Refusal;
use crate::select::job_pattern::Pattern;
use crate::settings::{self, Pasted, Setting, Usage};
use crate::shown::shown;
use crate::step::Watch;
use crate::ui::Ui;

/// What a command has to work with.
pub struct World {
    pub env: Env,
    pub ui: Arc<Ui>,
    /// Who is told what happens: mostly the person.
    pub watch: Arc<dyn Watch>,
}

/// A lookup: where, for what, whom to ask; and by which settings.
pub struct Looking {
    pub address: Address,
    pub wanted: Wanted,
    pub client: Client,
    pub settings: Vec<Setting>,
}

impl World {
    /// The lookup of a command for jobs. `all` says that no name means something, too.
    pub fn look(
        &mut self,
        words: &[String],
        lookup: &Lookup,
        which: &Which,
        connect: &Connect,
        all: bool,
    ) -> anyhow::Result<Looking> {
        let (pasted, jobs) = settings::split(words, connect, &self.env)?;
        let place = settings::place(lookup, connect, pasted.as_ref(), &self.env)?;
        match (&place.address, jobs.is_empty()) {
            (Address::Job { .. }, false) => {
                return Err(Usage::new("the job is named twice, by its number and by a name")
                    .hint("leave out the name")
                    .into());
            }
            (Address::Below(_) | Address::In(_), true) if !all => {
                return Err(Usage::new("no job is named")
                    .hint("name one or more; '*' takes every job that succeeded and has an archive")
                    .into());
            }
            (Address::Job { .. } | Address::In(_), _) if lookup.goes_downstream() => {
                return Err(Usage::new(
                    "--bridge, --downstream, --recursive and --depth choose among the pipelines that one triggered, and no jobs of those are meant",
                )
                .hint("leave them out, or name a pipeline with --from downstream")
                .into());
            }
            _ => {}
        }
        let wanted = Wanted {
            jobs: jobs.iter().map(|job| Pattern::new(job)).collect(),
            bridges: lookup.bridge.iter().map(|bridge| Pattern::new(bridge)).collect(),
            projects: lookup.downstream.clone(),
            depth: lookup.depth.unwrap_or(if lookup.recursive { u32::MAX } else { 1 }),
            any_status: which.any_status,
            archive: true,
            one: which.one,
            lenient: which.if_missing != IfMissing::Fail,
            listed: false,
        };
        let (client, mut settings) = self.connect(connect, lookup, pasted.as_ref())?;
        settings.extend(place.settings);
        settings.extend(settings::flags(lookup, which, connect));
        Ok(Looking { address: place.address, wanted, client, settings })
    }

    /// What is missing is told, if the user wants to hear of it.
    pub fn tell_missing(&self, which: &Which, missing: &[(String, Refusal)]) {
        if which.if_missing == IfMissing::Warn {
            for (wanted, refusal) in missing {
                self.ui.warn(&format!("`{}` is missing: {refusal}", shown(wanted)));
            }
        }
    }

    /// The GitLab that is meant, with the token for it; and which settings said so.
    pub fn connect(
        &mut self,
        connect: &Connect,
        lookup: &Lookup,
        pasted: Option<&Pasted>,
    ) -> anyhow::Result<(Client, Vec<Setting>)> {
        let api = settings::api(connect, lookup, pasted, &self.env)?;
        let (token, warnings) = settings::token(connect, &api, &mut self.env)?;
        for warning in warnings {
            self.ui.warn(&warning);
        }
        let settings = settings::who(&api, token.as_ref());
        let network = settings::network(connect, &self.env)?;
        let token = token.map(|token| token.value);
        let (clock, watch) = (self.env.clock.clone(), self.watch.clone());
        Ok((Client::new(api.value, token, network, clock, watch), settings))
    }

    /// The cache that is meant, if one is. Of one that cannot be used a warning is enough.
    pub fn cache(&self, caching: &Caching) -> Result<Option<Cache>, Usage> {
        let Some(settings::Cache { dir, most }) = settings::cache(caching, &self.env)? else {
            return Ok(None);
        };
        match Cache::open(&dir.value, most.value, &self.env.interrupt) {
            Ok(cache) => Ok(Some(cache)),
            Err(error) => {
                self.ui.warn(&format!("{error}; going on without the cache of {}", dir.source));
                Ok(None)
            }
        }
    }

    /// What the steps need.
    pub fn ctx<'a>(&'a self, gitlab: &'a Client, patience: Patience) -> Ctx<'a> {
        if let Some(limit) = patience.limit() {
            gitlab.give_up_at(self.env.clock.elapsed() + limit);
        }
        Ctx {
            gitlab,
            clock: &*self.env.clock,
            watch: &*self.watch,
            interrupt: &self.env.interrupt,
            cache: None,
            patience,
        }
    }
}

impl From<&Limits> for Patience {
    fn from(limits: &Limits) -> Patience {
        Patience::new(limits.wait_timeout, limits.poll_interval)
    }
}

impl From<&Waiting> for Patience {
    fn from(waiting: &Waiting) -> Patience {
        if waiting.wait { Patience::from(&waiting.limits) } else { Patience::none() }
    }
}
