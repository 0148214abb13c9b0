//! The commands: one file for each, with its flags and what it does.

mod app;
mod cat;
mod completions;
mod delete;
mod destination;
mod dotenv;
mod explain;
mod extract_args;
mod fetch;
mod keep;
mod ls;
mod pairs;
mod pipeline_trigger_cli;
mod result;
mod tree;
mod trigger;
mod wait;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub use app::App;

use crate::args::Speech;
use crate::exit::Exit;

/// Takes the artifacts of a GitLab pipeline that another pipeline triggered
#[derive(Debug, Parser)]
#[command(name = "downriver", version, arg_required_else_help = true, term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    Fetch(Box<fetch::Fetch>),
    Ls(ls::Ls),
    Cat(cat::Cat),
    Explain(explain::Explain),
    Wait(wait::Wait),
    Tree(tree::Tree),
    Trigger(Box<trigger::Trigger>),
    Keep(keep::Keep),
    Delete(delete::Delete),
    Completions(completions::Completions),
    Man(completions::Man),
}

/// What was typed; the name under which the program was called can say how to read it.
pub fn parse(args: &[OsString]) -> Result<Command, clap::Error> {
    if pipeline_trigger_cli::is_meant(args) {
        return pipeline_trigger_cli::parse(args);
    }
    Cli::try_parse_from(args).map(|cli| cli.command)
}

/// Does what was asked.
pub fn run(command: Command, app: App) -> anyhow::Result<Exit> {
    match command {
        Command::Fetch(fetch) => fetch.run(app),
        Command::Ls(ls) => ls.run(app),
        Command::Cat(cat) => cat.run(app),
        Command::Explain(explain) => explain.run(app),
        Command::Wait(wait) => wait.run(app),
        Command::Tree(tree) => tree.run(app),
        Command::Trigger(trigger) => trigger.run(app),
        Command::Keep(keep) => keep.run(app),
        Command::Delete(delete) => delete.run(app),
        Command::Completions(completions) => completions.run(app),
        Command::Man(man) => man.run(app),
    }
}

impl Command {
    /// How the program is to speak.
    pub fn speech(&self) -> &Speech {
        match self {
            Command::Fetch(fetch) => &fetch.speech,
            Command::Ls(ls) => &ls.speech,
            Command::Cat(cat) => &cat.speech,
            Command::Explain(explain) => &explain.speech,
            Command::Wait(wait) => &wait.speech,
            Command::Tree(tree) => &tree.speech,
            Command::Trigger(trigger) => &trigger.speech,
            Command::Keep(keep) => &keep.speech,
            Command::Delete(delete) => &delete.speech,
            Command::Completions(completions) => &completions.speech,
            Command::Man(man) => &man.speech,
        }
    }

    /// Whether the user asked to wait, which gives a bad end an exit code of its own.
    pub fn waits(&self) -> bool {
        match self {
            Command::Fetch(fetch) => fetch.waiting.wait,
            Command::Ls(ls) => ls.waiting.wait,
            Command::Cat(cat) => cat.waiting.wait,
            Command::Wait(_) | Command::Trigger(_) => true,
            Command::Explain(_) | Command::Tree(_) | Command::Keep(_) | Command::Delete(_) => false,
            Command::Completions(_) | Command::Man(_) => false,
        }
    }
}
