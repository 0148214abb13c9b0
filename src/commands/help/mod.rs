//! The help: a short page for `-h`, all of it for `--help` and `man`.
//!
//! `-h` shows the flags of daily use and three examples. `--help` shows every flag, and ends with
//! examples, exit codes, variables and files; man pages and `docs/reference.md` hold the same.

mod content;
mod man;

use std::ffi::OsString;
use std::fmt::Write;

use clap::Command;

pub use content::{FILES, VARIABLES, examples};
pub use man::man_page;

use crate::exit::Exit;
use content::plain;

/// The flags of daily use, by their long names.
const DAILY: [&str; 18] = [
    "dir", "output", "path", "separate", "project", "pipeline", "from", "ref", "wait", "json",
    "help", "version", "yes", "env", "fetch", "detach", "status", "limit",
];

/// The width of the text at the end of a page, which is that of the flags above it.
const WIDTH: usize = 100;

/// The extent of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// No help is asked for.
    None,
    Short,
    Full,
}

impl Extent {
    /// Returns the extent that the arguments ask for. It changes nothing but the help.
    pub fn of(args: &[OsString]) -> Extent {
        let asks = |arg: &OsString| {
            let bytes = arg.as_encoded_bytes();
            let has_flag = bytes.starts_with(b"-") && !bytes.starts_with(b"--");
            arg == "help" || arg == "--help" || has_flag && bytes.contains(&b'h')
        };
        if args.len() <= 1 || args.iter().any(|arg| arg == "-h") {
            Extent::Short
        } else if args.iter().any(asks) {
            Extent::Full
        } else {
            Extent::None
        }
    }
}

/// Adds the help to the command line, and builds its commands: their flags and descriptions are
/// deferred, and the help shows all of them.
pub fn command(cli: Command, extent: Extent) -> Command {
    if extent == Extent::None {
        return cli;
    }
    let name = cli.get_name().to_owned();
    let end = end_of_page("", &name, extent);
    cli.after_help(end).mut_subcommands(|mut command| {
        command.build();
        let path = format!("{name} {}", command.get_name());
        let end = end_of_page(command.get_name(), &path, extent);
        let command = command.after_help(end);
        match extent {
            Extent::Full | Extent::None => command,
            Extent::Short => command.mut_args(|arg| {
                let hidden = arg.get_long().is_some_and(|long| !DAILY.contains(&long));
                if hidden { arg.hide(true) } else { arg }
            }),
        }
    })
}

/// Returns the text after the flags. `name` is empty for the program itself.
fn end_of_page(name: &str, path: &str, extent: Extent) -> String {
    let mut text = "Examples:\n".to_owned();
    for (line, about) in examples(name) {
        let _ = writeln!(text, "  {line}\n      {about}");
    }
    if extent == Extent::Short {
        let _ = write!(text, "\nAll flags, exit codes, variables and files: {path} --help");
        return text;
    }
    text += "\nExit codes:\n";
    for exit in Exit::ALL {
        let label = format!("  {:<4} ", exit.code());
        text += &wrapped(&label, &plain(exit.about()), "       ");
    }
    for (title, entries) in [("Variables", &VARIABLES[..]), ("Files", &FILES[..])] {
        let _ = writeln!(text, "\n{title}:");
        for (label, about) in entries {
            text += &wrapped("  ", &plain(label), "    ");
            text += &wrapped("      ", &plain(about), "      ");
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// Breaks a text into lines.
fn wrapped(first: &str, text: &str, indent: &str) -> String {
    let (mut lines, mut line) = (String::new(), first.to_owned());
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.len() + 1 + word.len() > WIDTH {
            lines += &line;
            lines.push('\n');
            line = indent.to_owned();
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    lines + &line + "\n"
}
