//! `cat`: prints one file of a job's archive to standard output.

use std::fs::File;
use std::io::{Read, Seek};

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::app::{App, PreparedLookup};
use crate::args::{JobArgs, WaitArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::lookup::Polling;
use crate::sanitize::{escape_bytes, sanitize};
use crate::settings::{self, SplitWords, Usage};
use crate::transfer::{self, Transfer};
use crate::ui::Ui;
use crate::ui::choose::Count;

/// The bytes at the start of a file that are searched for a NUL, which marks binary content.
const BEGINNING: u64 = 8 << 10;

/// Print one file of a job's archive
#[derive(Debug, Args)]
#[command(override_usage = "downriver cat [OPTIONS] [URL] [JOB] PATH")]
pub struct Cat {
    /// The name of a job, as for `fetch`, and the path of a file as `ls` lists it; a web address of a pipeline may come first, and that of a job in place of its name
    #[arg(value_name = "WORD", value_parser = word())]
    words: Vec<String>,
    #[command(flatten)]
    pub args: JobArgs<WaitArgs>,
}

impl Cat {
    pub fn run(mut self, mut app: App) -> Result<Exit, Error> {
        // Standard output holds one file.
        self.args.selection.one = true;
        let JobArgs { lookup, connect, .. } = &self.args;
        let SplitWords { url, mut words, .. } =
            settings::split_web_url(&self.words, lookup, connect, &app.env)?;
        let Some(path) = words.pop() else {
            return Err(Usage::new("no file is named").hint("its path comes last").into());
        };
        let path = checked(&path)?;
        words.extend(url);
        let PreparedLookup { scope, query, client, .. } =
            app.prepare_or_choose(&words, &self.args, Count::One)?;
        if query.jobs.len() > 1 {
            return Err(Usage::new("more than one job is named")
                .hint("the job comes first, the path of the file last")
                .into());
        }
        let ctx = app.ctx(&client, Polling::from(&self.args.wait));
        let transfer = Transfer::reading(&ctx, &scope, &query);
        let out = |file: &mut File| {
            may_be_shown(file, path, &app.ui)?;
            app.ui.copy(file)?;
            Ok(())
        };
        let missing = transfer::cat(&transfer, path, out)?;
        app.tell_missing(&self.args.selection, &missing);
        Ok(Exit::Done)
    }
}

/// Parses a word. In the path of a file, bytes that are not UTF-8 become what `ls` prints for them.
fn word() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().map(|word| escape_bytes(word.as_encoded_bytes()).into_owned())
}

/// A path as archives have it. Servers and proxies read `..` for themselves.
fn checked(path: &str) -> Result<&str, Usage> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let odd = path.split('/').find(|part| matches!(*part, "" | "." | ".."));
    match odd {
        None => Ok(path),
        Some(odd) => {
            let what =
                if odd.is_empty() { "an empty segment".to_owned() } else { format!("`{odd}`") };
            Err(Usage::new(format!("the path `{}` has {what} in it", sanitize(path)))
                .hint("write it as `downriver ls` lists it"))
        }
    }
}

/// Refuses to print a binary file on a terminal. Afterwards the file is rewound.
fn may_be_shown(file: &mut File, path: &str, ui: &Ui) -> Result<(), Error> {
    if !ui.stdout_is_terminal() {
        return Ok(());
    }
    let mut beginning = Vec::new();
    (&*file).take(BEGINNING).read_to_end(&mut beginning)?;
    file.rewind()?;
    if beginning.contains(&0) {
        let usage = Usage::new(format!("`{}` is no text, and this is a terminal", sanitize(path)));
        return Err(usage.hint("send it on, as in `> FILE`").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_used_unchanged_or_refused() {
        for (path, expect) in [
            ("a", Ok("a")),
            ("docs/讀我 (1).md", Ok("docs/讀我 (1).md")),
            ("folder/", Ok("folder")),
            ("a/..b/.c", Ok("a/..b/.c")),
            ("", Err("the path `` has an empty segment in it")),
            ("/etc/passwd", Err("the path `/etc/passwd` has an empty segment in it")),
            ("a//b", Err("the path `a//b` has an empty segment in it")),
            ("./a", Err("the path `./a` has `.` in it")),
            ("a/../b", Err("the path `a/../b` has `..` in it")),
            ("..", Err("the path `..` has `..` in it")),
        ] {
            let checked = checked(path).map_err(|usage| usage.message);
            assert_eq!(checked.as_deref().map_err(String::as_str), expect, "{path}");
        }
    }
}
