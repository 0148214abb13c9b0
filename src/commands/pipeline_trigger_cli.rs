//! The command line and the exit codes of pipeline-trigger, for CI files written for that tool. They
//! apply when the program is called through a link named `trigger`.

pub mod lines;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use clap::{ArgAction, Parser};

use super::trigger::flags::{OnManual, Trigger};
use crate::error::Error;
use crate::exit::Exit;

/// The program name that selects this command line.
const NAME: &str = "trigger";

/// Returns if the program was called by that name.
pub fn is_meant(args: &[OsString]) -> bool {
    let called = args.first().map(Path::new).and_then(Path::file_name);
    let called = called.map(|name| name.to_string_lossy().to_ascii_lowercase());
    called.is_some_and(|name| name.strip_suffix(".exe").unwrap_or(&name) == NAME)
}

/// Parses the arguments of pipeline-trigger into those of `downriver trigger`.
pub fn parse(args: &[OsString]) -> Result<Trigger, clap::Error> {
    let typed = PipelineTriggerCli::try_parse_from(args)?;
    // Options that pipeline-trigger does not have keep the defaults of `downriver trigger`.
    let DefaultOptions { trigger } = DefaultOptions::try_parse_from([NAME, "0"])?;
    Ok(typed.over(trigger))
}

/// The options of `downriver trigger`, parsed only for their defaults.
#[derive(Debug, Parser)]
struct DefaultOptions {
    #[command(flatten)]
    trigger: Trigger,
}

/// Returns the exit code of pipeline-trigger: 2 for a usage error and for a pipeline that cannot be
/// watched any more, 1 for every other failure.
pub fn exit(error: &Error, exit: Exit) -> Exit {
    match (error, error.root()) {
        _ if exit == Exit::Done => Exit::Done,
        (Error::Unwatched { .. }, _) | (_, Error::Usage(_)) => Exit::Usage,
        _ => Exit::Fault,
    }
}

/// Start a GitLab pipeline and wait for it, with the words of pipeline-trigger
#[derive(Debug, Parser)]
#[command(
    name = NAME,
    disable_help_flag = true,
    max_term_width = 100,
    // As argparse: an option may be cut short, and the last of several counts.
    infer_long_args = true,
    args_override_self = true
)]
struct PipelineTriggerCli {
    /// The private token, for watching and retrying
    #[arg(short, long, value_name = "TOKEN", allow_hyphen_values = true)]
    api_token: Option<String>,
    /// The token of the trigger
    #[arg(short, long, value_name = "TOKEN", allow_hyphen_values = true)]
    pipeline_token: String,
    /// The branch or tag
    #[arg(short, long, value_name = "REF")]
    target_ref: String,
    /// A variable for the pipeline; repeatable
    #[arg(short, long, value_name = "K=V", value_parser = super::pairs::variable)]
    env: Vec<(String, String)>,
    /// The host of GitLab
    #[arg(short, long, value_name = "HOST", default_value = "gitlab.com")]
    host: String,
    /// The path of the API, as far as the projects
    #[arg(short, long, value_name = "PATH", default_value = "/api/v4/projects")]
    url_path: String,
    /// Do not wait
    #[arg(short, long)]
    detached: bool,
    /// Seconds between two requests for the status
    #[arg(short, long, value_name = "SECONDS", value_parser = crate::args::pause, default_value = "5")]
    sleep: Duration,
    /// Retry the last pipeline of the ref, unless it succeeded or the ref has moved on
    #[arg(short, long)]
    retry: bool,
    /// Retry this pipeline; start a new one if it succeeded, or if the ref has moved on since
    #[arg(long, value_name = "ID")]
    pid: Option<u64>,
    /// Treatment of manual jobs: play, pass or fail
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    on_manual: OnManual,
    /// Only these manual jobs are played, in this order
    #[arg(long, value_name = "A,B", default_value = "")]
    jobs: String,
    /// Print the logs of the jobs at the end
    #[arg(short, long)]
    output: bool,
    /// Check the server's certificate (true or false)
    #[arg(short = 'v', long = "verifyssl", value_name = "BOOL", value_parser = boolean, action = ArgAction::Set, num_args = 0..=1, default_value = "true", default_missing_value = "true")]
    verify: bool,
    /// Print each request too
    #[arg(long)]
    verbose: bool,
    /// Print help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
    /// The project, by id or path
    #[arg(value_name = "PROJECT")]
    project: String,
}

impl PipelineTriggerCli {
    /// Returns the options of `downriver trigger` with these set.
    fn over(self, mut trigger: Trigger) -> Trigger {
        // CI files for pipeline-trigger write the project's path percent-encoded.
        let project = percent_encoding::percent_decode_str(&self.project);
        trigger.project = project.decode_utf8_lossy().into_owned();
        trigger.ref_ = Some(self.target_ref);
        trigger.env = self.env;
        trigger.retry = self.retry;
        trigger.pid = self.pid;
        trigger.on_manual = self.on_manual;
        let jobs = self.jobs.split(',').filter(|name| !name.is_empty());
        trigger.jobs = jobs.map(str::to_owned).collect();
        trigger.detach = self.detached;
        trigger.print_logs = self.output && !self.detached;
        // pipeline-trigger waits without a limit; a CI job runs for a month at most.
        trigger.fixed_wait_limit = Some(Duration::from_secs(30 * 24 * 60 * 60));
        trigger.poll_interval = Some(self.sleep);
        trigger.pipeline_token = Some(self.pipeline_token);
        // A variable that is not set in the job arrives as an empty text.
        trigger.api_token = self.api_token.filter(|token| !token.is_empty());
        trigger.host = Some(self.host);
        trigger.url_path = Some(self.url_path);
        trigger.connect.unverified = !self.verify;
        trigger.connect.legacy_cli = true;
        trigger.output_args.verbose = self.verbose;
        trigger.legacy_cli = true;
        trigger
    }
}

/// Parses a boolean by the words that Python's `strtobool` accepts.
fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Ok(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Ok(false),
        _ => Err("it is neither true nor false".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_program_name_selects_this_command_line() {
        for (called, expect) in [
            ("trigger", true),
            ("/usr/local/bin/trigger", true),
            ("trigger.exe", true),
            ("Trigger.EXE", true),
            ("downriver", false),
            ("my-trigger", false),
            ("trigger.sh", false),
            ("/trigger/downriver", false),
        ] {
            assert_eq!(is_meant(&[called.into()]), expect, "{called}");
        }
        assert!(!is_meant(&[]));
    }

    #[test]
    fn booleans_are_the_words_that_python_accepts() {
        for (text, expect) in [("true", true), ("No", false), ("1", true), ("off", false)] {
            assert_eq!(boolean(text), Ok(expect));
        }
        assert!(boolean("maybe").is_err());
    }
}
