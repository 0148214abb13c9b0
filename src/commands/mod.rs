//! The commands: one file for each, with its flags and what it does.

mod cat;
mod compat;
mod completions;
mod delete;
mod dotenv;
mod explain;
mod fetch;
mod keep;
mod ls;
mod pairs;
mod result;
mod target;
mod tree;
mod trigger;
mod unpack;
mod wait;
mod world;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub use world::World;

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
    if compat::is_meant(args) {
        return compat::parse(args);
    }
    Cli::try_parse_from(args).map(|cli| cli.command)
}

/// Does what was asked.
pub fn run(command: Command, world: World) -> anyhow::Result<Exit> {
    match command {
        Command::Fetch(fetch) => fetch.run(world),
        Command::Ls(ls) => ls.run(world),
        Command::Cat(cat) => cat.run(world),
        Command::Explain(explain) => explain.run(world),
        Command::Wait(wait) => wait.run(world),
        Command::Tree(tree) => tree.run(world),
        Command::Trigger(trigger) => trigger.run(world),
        Command::Keep(keep) => keep.run(world),
        Command::Delete(delete) => delete.run(world),
        Command::Completions(completions) => completions.run(world),
        Command::Man(man) => man.run(world),
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
