//! The commands: one file for each, with its flags and what it does.

mod fetch;
mod tree;

use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::args::{Connect, Speech};
use crate::env::Env;
use crate::exit::Exit;
use crate::gitlab::Client;
use crate::settings::{self, Pasted};
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
    Tree(tree::Tree),
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
        Command::Tree(tree) => tree.run(world),
    }
}

impl Command {
    /// How the program is to speak.
    pub fn speech(&self) -> &Speech {
        match self {
            Command::Fetch(fetch) => &fetch.speech,
            Command::Tree(tree) => &tree.speech,
        }
    }

    /// Whether the user asked to wait, which gives a bad end an exit code of its own.
    pub fn waits(&self) -> bool {
        match self {
            Command::Fetch(fetch) => fetch.waiting.wait,
            Command::Tree(_) => false,
        }
    }
}

impl World {
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
