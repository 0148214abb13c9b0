//! The commands: one file for each, with its flags and what it does.

mod cat;
mod fetch;
mod ls;
mod unpack;
mod wait;

use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::args::{Connect, IfMissing, Limits, Lookup, Speech, Waiting, Which};
use crate::env::Env;
use crate::exit::Exit;
use crate::flow::{Address, Ctx, Wanted};
use crate::gitlab::Client;
use crate::patience::Patience;
use crate::refusal::Refusal;
use crate::select::job_pattern::Pattern;
use crate::settings::{self, Pasted, Usage};
use crate::shown::shown;
use crate::ui::Ui;

/// Takes the artifacts of a GitLab pipeline that another pipeline triggered
#[derive(Debug, Parser)]
#[command(name = "downriver", version, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    Fetch(fetch::Fetch),
    Ls(ls::Ls),
    Cat(cat::Cat),
    Wait(wait::Wait),
}

/// What a command has to work with.
pub struct World {
    pub env: Env,
    pub ui: Arc<Ui>,
}

/// Does what was asked.
pub fn run(command: Command, world: World) -> anyhow::Result<Exit> {
    match command {
        Command::Fetch(fetch) => fetch.run(world),
        Command::Ls(ls) => ls.run(world),
        Command::Cat(cat) => cat.run(world),
        Command::Wait(wait) => wait.run(world),
    }
}

impl Command {
    /// How the program is to speak.
    pub fn speech(&self) -> &Speech {
        match self {
            Command::Fetch(fetch) => &fetch.speech,
            Command::Ls(ls) => &ls.speech,
            Command::Cat(cat) => &cat.speech,
            Command::Wait(wait) => &wait.speech,
        }
    }

    /// Whether the user asked to wait, which gives a bad end an exit code of its own.
    pub fn waits(&self) -> bool {
        match self {
            Command::Fetch(fetch) => fetch.waiting.wait,
            Command::Ls(ls) => ls.waiting.wait,
            Command::Cat(cat) => cat.waiting.wait,
            Command::Wait(_) => true,
        }
    }
}

impl World {
    /// Where to look for what, and the GitLab to ask, from the words and flags of a command that
    /// looks for jobs. `all` says that no word means something, too.
    pub fn look(
        &mut self,
        words: &[String],
        lookup: &Lookup,
        which: &Which,
        connect: &Connect,
        all: bool,
    ) -> anyhow::Result<(Address, Wanted, Client)> {
        let (pasted, jobs) = settings::split(words, &self.env)?;
        let address = settings::address(lookup, pasted.as_ref(), &self.env)?;
        match (&address, jobs.is_empty()) {
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
        };
        let client = self.connect(connect, pasted.as_ref())?;
        Ok((address, wanted, client))
    }

    /// What the steps need.
    pub fn ctx<'a>(&'a self, gitlab: &'a Client, patience: Patience) -> Ctx<'a> {
        Ctx {
            gitlab,
            clock: &*self.env.clock,
            watch: &*self.ui,
            interrupt: &self.env.interrupt,
            patience,
        }
    }

    /// What is missing is told, if the user wants to hear of it.
    pub fn tell_missing(&self, which: &Which, missing: &[(String, Refusal)]) {
        if which.if_missing == IfMissing::Warn {
            for (wanted, refusal) in missing {
                self.ui.warn(&format!("`{}` is missing: {refusal}", shown(wanted)));
            }
        }
    }

    /// The GitLab that the flags, the pasted address and the variables mean, with the token for it.
    pub fn connect(
        &mut self,
        connect: &Connect,
        pasted: Option<&Pasted>,
    ) -> anyhow::Result<Client> {
        let api = settings::api(connect, pasted, &self.env)?;
        let (token, warning) = settings::token(connect, &api.value, &mut self.env)?;
        if let Some(warning) = warning {
            self.ui.warn(&warning);
        }
        let network = settings::network(connect, &self.env)?;
        let token = token.map(|token| token.value);
        Ok(Client::new(api.value, token, network, self.env.clock.clone(), self.ui.clone()))
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
