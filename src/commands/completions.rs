//! `completions` and `man`: shell completions and man pages, generated from the command line.

use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use super::app::App;
use super::complete::VARIABLE;
use crate::args::OutputArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::settings::Usage;

/// The name of the program, by which the script finds it.
const NAME: &str = "downriver";

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
    /// Prints the script that calls this program for completion.
    pub fn run(self, app: App) -> Result<Exit, Error> {
        let shells = Shells::builtins();
        let mut script = Vec::new();
        if let Some(shell) = shells.completer(&self.shell.to_string()) {
            shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
        }
        app.ui.copy(&mut script.as_slice())?;
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
    /// Prints the page of `cli`, or of one of its subcommands.
    pub fn run(self, app: App, cli: clap::Command) -> Result<Exit, Error> {
        // `help` would get a page of its own, and one for each command below it.
        let mut all = cli.disable_help_subcommand(true);
        all.build();
        let page = match &self.command {
            None => all,
            Some(name) => match all.find_subcommand(name) {
                Some(command) => command.clone(),
                None => return Err(unknown(name, &all).into()),
            },
        };
        let mut text = Vec::new();
        super::help::man_page(&page, &mut text)?;
        app.ui.copy(&mut text.as_slice())?;
        Ok(Exit::Done)
    }
}

/// Returns the error for a command that does not exist.
fn unknown(name: &str, all: &clap::Command) -> Usage {
    let names: Vec<&str> = all.get_subcommands().map(clap::Command::get_name).collect();
    Usage::new(format!("there is no command `{}`", crate::sanitize::sanitize(name)))
        .hint(format!("the commands are {}", names.join(", ")))
}
