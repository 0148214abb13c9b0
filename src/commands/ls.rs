//! `ls`: lists the files in the archives of jobs from their central directories.

use clap::Args;
use serde_json::json;

use super::app::{App, PreparedLookup};
use crate::args::{JobArgs, WaitArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::lookup::Polling;
use crate::sanitize::{sanitize, sanitize_path};
use crate::transfer::{self, ListedFile, Transfer};
use crate::ui::choose::Count;

/// List the files in the archives of jobs, without downloading all of them
#[derive(Debug, Args)]
#[command(override_usage = "downriver ls [OPTIONS] [URL] [JOB]...")]
pub struct Ls {
    /// Names of jobs: exact, or the base name of a parallel or matrix job, or a glob; a web address of a pipeline or a job may come first
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    #[command(flatten)]
    pub args: JobArgs<WaitArgs>,
}

impl Ls {
    pub fn run(self, mut app: App) -> Result<Exit, Error> {
        let PreparedLookup { scope, query, client, .. } =
            app.prepare_or_choose(&self.jobs, &self.args, Count::One)?;
        let ctx = app.ctx(&client, Polling::from(&self.args.wait));
        let transfer = Transfer::reading(&ctx, &scope, &query);
        let transfer::Contents { jobs, missing } = transfer::list(&transfer)?;
        app.tell_missing(&self.args.selection, &missing);
        if app.ui.wants_json() {
            let files: Vec<_> = jobs.iter().flat_map(|(_, files)| files).map(value).collect();
            app.ui.document(&json!({ "files": files }))?;
        }
        for (number, (found, files)) in jobs.iter().enumerate() {
            if jobs.len() > 1 {
                let above = if number > 0 { "\n" } else { "" };
                app.ui.line(format!("{above}{}:", sanitize(&found.label())))?;
            }
            if !files.is_empty() {
                app.ui.line(table(files))?;
            }
        }
        Ok(Exit::Done)
    }
}

/// Returns a line for each file: mode, size in bytes, path.
fn table(files: &[ListedFile]) -> String {
    let width = files.iter().map(|file| file.size).max().unwrap_or(0).to_string().len();
    let line = |file: &ListedFile| {
        let mode = mode(file).unwrap_or_else(|| "----".to_owned());
        format!("{mode} {:>width$} {}", file.size, sanitize_path(&file.path))
    };
    files.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Returns a file as an item of the `--json` document.
fn value(file: &ListedFile) -> serde_json::Value {
    json!({
        "path": file.path,
        "size": file.size,
        "compressed_size": file.compressed_size,
        "mode": mode(file),
    })
}

/// Returns the permissions as four octal digits, the form of `chmod`.
fn mode(file: &ListedFile) -> Option<String> {
    file.mode.map(|mode| format!("{mode:04o}"))
}
