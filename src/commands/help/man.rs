//! Man pages: what clap_mangen makes of the flags, and the sections at the end of `--help`.

use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;

use super::content::{FILES, VARIABLES, examples, plain};
use crate::exit::Exit;

/// Writes the page of a command in roff.
///
/// # Errors
/// Those of the writer.
pub fn man_page(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    let is_program = command.has_subcommands();
    let version = concat!("downriver ", env!("CARGO_PKG_VERSION"));
    // The page shows the version and no date. The empty string keeps the date's position: without
    // it, the version would be printed there.
    let page = Man::new(command.clone()).date("\"\"").source(version).manual("downriver manual");
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    if is_program {
        page.render_subcommands_section(out)?;
    }
    let name = if is_program { "" } else { command.get_name() };
    section(out, "EXAMPLES", examples(name).iter().copied())?;
    let codes: Vec<(String, &str)> =
        Exit::ALL.iter().map(|exit| (exit.code().to_string(), exit.about())).collect();
    section(out, "EXIT STATUS", codes.iter().map(|(code, about)| (code.as_str(), *about)))?;
    section(out, "ENVIRONMENT", VARIABLES.into_iter())?;
    section(out, "FILES", FILES.into_iter())?;
    if is_program {
        page.render_version_section(out)?;
        page.render_authors_section(out)?;
    }
    Ok(())
}

fn section<'a>(
    out: &mut dyn Write,
    title: &str,
    entries: impl Iterator<Item = (&'a str, &'a str)>,
) -> io::Result<()> {
    writeln!(out, ".SH \"{title}\"")?;
    for (label, text) in entries {
        writeln!(out, ".TP\n\\fB{}\\fR\n{}", escaped(&plain(label)), escaped(&plain(text)))?;
    }
    Ok(())
}

/// Escapes what roff would read as a command. `\&` protects a dot or quote at the start of a line.
fn escaped(text: &str) -> String {
    format!("\\&{}", text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq"))
}
