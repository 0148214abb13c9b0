//! The commands: one file for each, with its flags and its `run`.

mod app;
mod cat;
mod choose;
mod complete;
mod completions;
mod delete;
mod delete_guard;
mod destination;
mod dotenv;
mod explain;
mod extract_args;
mod fetch;
pub mod help;
mod keep;
mod known_names;
mod list;
mod ls;
mod pairs;
mod pipeline_trigger_cli;
mod result;
mod suggest;
mod tree;
mod trigger;
mod wait;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use app::App;
pub use complete::complete;
pub use known_names::NameRecorder;

use crate::args::OutputArgs;
use crate::error::Error;
use crate::exit::Exit;

/// Fetches the artifacts of GitLab pipelines that another pipeline triggered
#[derive(Debug, Parser)]
#[command(name = "downriver", version, arg_required_else_help = true, term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The commands of the command line. Their flags and descriptions are deferred: to parse, clap builds
/// those of the typed command alone, because all of them would take longer than a small fetch.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    Fetch(Box<fetch::Fetch>),
    Ls(ls::Ls),
    Cat(cat::Cat),
    Explain(explain::Explain),
    Wait(wait::Wait),
    List(list::List),
    Tree(tree::Tree),
    Trigger(Box<trigger::Trigger>),
    Keep(keep::Keep),
    Delete(delete::Delete),
    Completions(completions::Completions),
    Man(completions::Man),
}

/// Parses the arguments; a program that is called `trigger` parses those of pipeline-trigger.
pub fn parse(args: &[OsString]) -> Result<Command, clap::Error> {
    if pipeline_trigger_cli::is_meant(args) {
        let trigger = pipeline_trigger_cli::parse(args)?;
        return Ok(Command::Trigger(Box::new(trigger)));
    }
    if let [_, flag] = args
        && (flag == "--version" || flag == "-V")
        && let Err(version) = version_only().try_get_matches_from(args)
    {
        return Err(version);
    }
    let mut command = help::command(Cli::command(), help::Extent::of(args));
    let words = || -> Vec<String> {
        args.iter().map(|arg| arg.to_string_lossy().into_owned()).skip(1).collect()
    };
    let matches = command.try_get_matches_from_mut(args);
    let matches = matches.map_err(|error| suggest::improve(error, &command, &words()))?;
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => Ok(cli.command),
        Err(error) => Err(error.format(&mut command)),
    }
}

/// Returns a command line that knows only its version: the tree of all commands takes longer to build
/// than the version to print.
fn version_only() -> clap::Command {
    clap::Command::new(env!("CARGO_PKG_NAME")).version(env!("CARGO_PKG_VERSION"))
}

/// Runs a command, and returns the exit code.
pub fn run(command: Command, app: App) -> Result<Exit, Error> {
    match command {
        Command::Fetch(fetch) => fetch.run(app),
        Command::Ls(ls) => ls.run(app),
        Command::Cat(cat) => cat.run(app),
        Command::Explain(explain) => explain.run(app),
        Command::Wait(wait) => wait.run(app),
        Command::List(list) => list.run(app),
        Command::Tree(tree) => tree.run(app),
        Command::Trigger(trigger) => trigger.run(app),
        Command::Keep(keep) => keep.run(app),
        Command::Delete(delete) => delete.run(app),
        Command::Completions(completions) => completions.run(app),
        Command::Man(man) => man.run(app, help::command(Cli::command(), help::Extent::Full)),
    }
}

impl Command {
    /// Returns the flags about output, which every command has.
    pub fn output_args(&self) -> &OutputArgs {
        match self {
            Command::Fetch(fetch) => &fetch.args.output,
            Command::Ls(ls) => &ls.args.output,
            Command::Cat(cat) => &cat.args.output,
            Command::Explain(explain) => &explain.args.output,
            Command::Wait(wait) => &wait.output_args,
            Command::List(list) => &list.output_args,
            Command::Tree(tree) => &tree.output_args,
            Command::Trigger(trigger) => &trigger.output_args,
            Command::Keep(keep) => &keep.args.output,
            Command::Delete(delete) => &delete.args.output,
            Command::Completions(completions) => &completions.output_args,
            Command::Man(man) => &man.output_args,
        }
    }

    /// Returns if the user asked to wait; a pipeline that then ends badly has its own exit code.
    pub fn waits(&self) -> bool {
        match self {
            Command::Fetch(fetch) => fetch.args.wait.wait,
            Command::Ls(ls) => ls.args.wait.wait,
            Command::Cat(cat) => cat.args.wait.wait,
            Command::Wait(_) | Command::Trigger(_) => true,
            Command::Explain(_)
            | Command::List(_)
            | Command::Tree(_)
            | Command::Keep(_)
            | Command::Delete(_) => false,
            Command::Completions(_) | Command::Man(_) => false,
        }
    }
}
