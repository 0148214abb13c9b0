//! `tree`: draws a pipeline and the pipelines that it triggered.

use clap::Args;

use super::app::App;
use crate::args::{ConnectArgs, LookupArgs, OutputArgs};
use crate::env::Env;
use crate::error::Error;
use crate::exit::Exit;
use crate::lookup::{self, Polling};
use crate::sanitize::sanitize;
use crate::select::job_pattern::Pattern;
use crate::select::prune::prune;
use crate::settings::{self, SplitWords, Usage};
use crate::ui::tree::{self, PictureOptions};

/// Show a pipeline, its bridges, what they triggered, and all jobs and archives, in one picture
#[derive(Debug, Args)]
pub struct Tree {
    /// The address of a pipeline, pasted from the browser, or of a branch, a commit or a merge request; that of a job means its pipeline
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// A Mermaid diagram with its fences, to be pasted into an issue or merge request of GitLab (which draws more than 2,000 characters only on a click)
    #[arg(long, conflicts_with_all = ["json", "quiet"], help_heading = "Output")]
    mermaid: bool,
    #[command(flatten)]
    lookup: LookupArgs,
    #[command(flatten)]
    connect: ConnectArgs,
    #[command(flatten)]
    pub output_args: OutputArgs,
}

impl Tree {
    pub fn run(self, mut app: App) -> Result<Exit, Error> {
        let Tree { url, mermaid, lookup, connect, .. } = self;
        let SplitWords { web_url, words, .. } =
            settings::split_web_url(url.as_slice(), &lookup, &connect, &app.env)?;
        if let Some(word) = words.first() {
            return Err(Usage::new(format!("`{}` is no URL of a pipeline", sanitize(word)))
                .hint("a pipeline by its number is --pipeline ID")
                .into());
        }
        let resolved = settings::scope(&lookup, &connect, web_url.as_ref(), &app.env)?;
        let (gitlab, _) = app.connect(&connect, &lookup, web_url.as_ref())?;
        let ctx = app.ctx(&gitlab, Polling::once());
        let mut found = lookup::tree::tree(&ctx, &resolved.scope, lookup.levels())?;
        if !lookup.bridge.is_empty() || !lookup.downstream.is_empty() {
            let bridges: Vec<_> = lookup.bridge.iter().map(|name| Pattern::new(name)).collect();
            prune(&mut found, &bridges, &lookup.downstream)?;
        }
        let App { env, ui, .. } = &app;
        let options = PictureOptions {
            utf8: speaks_utf8(env),
            color: ui.color_stdout(),
            now: env.clock.now(),
        };
        if ui.wants_json() {
            ui.document(&tree::document(&found))?;
        } else if mermaid {
            ui.line(tree::mermaid(&found, options.now))?;
        } else {
            ui.line(tree::picture(&found, options))?;
        }
        Ok(Exit::Done)
    }
}

/// Returns if the locale is one of UTF-8. Windows has no such variable, and its terminals support
/// UTF-8.
fn speaks_utf8(env: &Env) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| env.var(name));
    match locale {
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => cfg!(windows),
    }
}
