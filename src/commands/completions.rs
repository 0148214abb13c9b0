//! `completions` and `man`: shell completions and man pages, generated from the command line.

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man as Page;

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
    /// Prints the script that completes `cli`.
    pub fn run(self, app: App, mut cli: clap::Command) -> Result<Exit, Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut cli, "downriver", &mut script);
        let mut script = String::from_utf8(script).map_err(anyhow::Error::from)?;
        if self.shell == Shell::Zsh {
            // With two colons, zsh completes no more flags after the first of several arguments.
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
        let version = concat!("downriver ", env!("CARGO_PKG_VERSION"));
        let mut text = Vec::new();
        // The page shows the version and no date. The empty string keeps the date's position: without
        // it, the version would be printed there.
        let page = Page::new(page).date("\"\"").source(version).manual("downriver manual");
        page.render(&mut text)?;
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
