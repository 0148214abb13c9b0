//! `completions` and `man`: what a shell and a reader know of the command line, made from it.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man as Page;

use super::Cli;
use super::app::App;
use crate::args::OutputArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::settings::Usage;

/// Print the completions for a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
    #[arg(skip)]
    pub output_args: OutputArgs,
}

impl Completions {
    pub fn run(self, app: App) -> Result<Exit, Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "downriver", &mut script);
        let mut script = String::from_utf8(script).map_err(anyhow::Error::from)?;
        if self.shell == Shell::Zsh {
            // With two colons, zsh completes no flags once one of several arguments is there.
            script = script.replace("\n'*::", "\n'*:");
        }
        app.ui.copy(&mut script.as_bytes())?;
        Ok(Exit::Done)
    }
}

/// Print the man page of the program, or of one of its commands
#[derive(Debug, Args)]
pub struct Man {
    /// The command; left out, the program itself
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
    #[arg(skip)]
    pub output_args: OutputArgs,
}

impl Man {
    pub fn run(self, app: App) -> Result<Exit, Error> {
        // The command `help` has no page, and would have one for each of the others below it.
        let mut all = Cli::command().disable_help_subcommand(true);
        all.build();
        let page = match &self.command {
            None => all,
            Some(name) => match all.find_subcommand(name) {
                Some(command) => command.clone(),
                None => return Err(unknown(name, &all).into()),
            },
        };
        let version = concat!("downriver ", env!("CARGO_PKG_VERSION"));
        let mut text = Vec::new();
        // The page is of a version rather than of a day; left out, what follows takes its place.
        let page = Page::new(page).date("\"\"").source(version).manual("downriver manual");
        page.render(&mut text)?;
        app.ui.copy(&mut text.as_slice())?;
        Ok(Exit::Done)
    }
}

fn unknown(name: &str, all: &clap::Command) -> Usage {
    let names: Vec<&str> = all.get_subcommands().map(clap::Command::get_name).collect();
    Usage::new(format!("there is no command `{}`", crate::sanitize::sanitize(name)))
        .hint(format!("the commands are {}", names.join(", ")))
}
