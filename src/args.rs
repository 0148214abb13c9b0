//! What can be typed: groups of flags that the commands share. Nothing is looked up here.
//!
//! Variables are not read by clap, which would show their values (tokens among them) in `--help`.
#![allow(rustdoc::broken_intra_doc_links, reason = "help texts name variables in brackets")]

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, ValueEnum};

/// Where jobs are looked for.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Where from")]
pub struct Lookup {
    /// The upstream project, by id or path [CI_PROJECT_ID]
    #[arg(short = 'R', long, visible_alias = "repo", value_name = "ID|PATH")]
    pub project: Option<String>,
    /// The upstream pipeline [CI_PIPELINE_ID]
    #[arg(long, value_name = "ID")]
    pub pipeline: Option<u64>,
    /// Whose jobs: of the pipelines it triggered, its own, or of the one that triggered it
    #[arg(long, value_name = "WHICH")]
    pub from: Option<From>,
    /// The latest successful pipeline of a branch or tag, instead of a pipeline by its id
    #[arg(long = "ref", value_name = "REF", conflicts_with_all = ["pipeline", "mr", "commit"])]
    pub ref_: Option<String>,
    /// If that pipeline lacks the job, look through earlier successful ones (up to 100)
    // The conflicts are said again: clap waives a requirement that a conflict rules out.
    #[arg(long, requires = "ref_", conflicts_with_all = ["pipeline", "mr", "commit", "job_id"])]
    pub search_recent: bool,
    /// The latest pipeline of a merge request
    #[arg(long, value_name = "IID", conflicts_with_all = ["pipeline", "commit"])]
    pub mr: Option<u64>,
    /// The latest pipeline of a commit
    #[arg(long, value_name = "SHA", conflicts_with = "pipeline", value_parser = sha)]
    pub commit: Option<String>,
    /// That very job of the project, instead of any lookup
    #[arg(long, value_name = "ID", conflicts_with_all = ["pipeline", "ref_", "mr", "commit", "from", "bridge", "downstream", "recursive", "depth"])]
    pub job_id: Option<u64>,
    /// Only bridges (trigger jobs) so named; repeatable
    #[arg(long, value_name = "PATTERN")]
    pub bridge: Vec<String>,
    /// Only downstream pipelines of that project; repeatable
    #[arg(long, value_name = "ID|PATH")]
    pub downstream: Vec<String>,
    /// Also what the downstream pipelines triggered in turn
    #[arg(long)]
    pub recursive: bool,
    /// So many levels of downstream pipelines [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub depth: Option<u32>,
}

impl Lookup {
    /// Whether something is said that only has a meaning for downstream pipelines.
    pub fn goes_downstream(&self) -> bool {
        !self.bridge.is_empty()
            || !self.downstream.is_empty()
            || self.recursive
            || self.depth.is_some()
    }
}

/// Which pipelines' jobs are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum From {
    Downstream,
    Pipeline,
    Upstream,
}

/// Which jobs are good enough.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which jobs")]
pub struct Which {
    /// Also jobs that did not succeed
    #[arg(long)]
    pub any_status: bool,
    /// What to do when nothing matches or the artifacts are gone
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    pub if_missing: IfMissing,
    /// Refuse more than one job
    #[arg(long)]
    pub one: bool,
}

/// What is done about a job that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum IfMissing {
    #[default]
    Fail,
    Warn,
    Ignore,
}

/// Whether to wait.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "When")]
pub struct Waiting {
    /// Wait until the job has finished; ends at once when it no longer can succeed
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub limits: Limits,
}

/// How long and how often.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "When")]
pub struct Limits {
    /// How long to wait at most
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1h")]
    pub wait_timeout: Duration,
    /// Look again after this time [default: growing from 2s to 15s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub poll_interval: Option<Duration>,
}

/// What is kept for the next run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "For the next run")]
pub struct Caching {
    /// Keep whole archives in this folder, and take them from there when they are wanted again [DOWNRIVER_CACHE]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// The most bytes in there; the least recently used archives go [DOWNRIVER_CACHE_SIZE] [default: 10GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub cache_size: Option<u64>,
}

/// Which GitLab, who asks, and how.
#[derive(Debug, Clone, Default, Args)]
pub struct Connect {
    /// The root of the API [CI_API_V4_URL, or GITLAB_HOST or CI_SERVER_URL with /api/v4]
    #[arg(long, value_name = "URL", help_heading = "Where from")]
    pub api_url: Option<String>,
    /// A private token; better in the variable, where `ps` does not show it [GITLAB_TOKEN, GITLAB_PRIVATE_TOKEN, PRIVATE_TOKEN]
    #[arg(long, value_name = "TOKEN", hide_possible_values = true, help_heading = "Who")]
    pub private_token: Option<String>,
    /// The token of a running job [CI_JOB_TOKEN]
    #[arg(long, value_name = "TOKEN", conflicts_with = "private_token", help_heading = "Who")]
    pub job_token: Option<String>,
    /// A file that holds a private token; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["private_token", "job_token"], help_heading = "Who")]
    pub token_file: Option<PathBuf>,
    /// Further tries when a request fails in a way that can pass
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = "Network")]
    pub retries: u32,
    /// Give up on a connection when no byte arrives for this long
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s", help_heading = "Network")]
    pub timeout: Duration,
    /// Give up on connecting after this long
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s", help_heading = "Network")]
    pub connect_timeout: Duration,
    /// Certificate authorities on top of the system's, as PEM [CI_SERVER_TLS_CA_FILE]
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub cacert: Option<PathBuf>,
    /// A client certificate, as PEM [CI_SERVER_TLS_CERT_FILE]
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "Network")]
    pub cert: Option<PathBuf>,
    /// The key of the client certificate, as PEM [CI_SERVER_TLS_KEY_FILE]
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "Network")]
    pub key: Option<PathBuf>,
    /// Take any certificate. Only for those who have always done so: no flag here says it.
    #[arg(skip)]
    pub unverified: bool,
}

impl Connect {
    /// The same group with nothing typed.
    pub fn ordinary() -> Connect {
        Connect {
            retries: 5,
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            ..Connect::default()
        }
    }
}

/// How the program speaks.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "How it speaks")]
pub struct Speech {
    /// One JSON document on standard output
    #[arg(long)]
    pub json: bool,
    /// Errors alone
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Also each request
    #[arg(short, long)]
    pub verbose: bool,
    /// Colours on a terminal
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// `90s`, `30m`, `1h 30m`, `100ms`; a bare number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write it like 90s, 30m or 2h"))
}

/// `500M`, `64 GiB`, `1000000`, in bytes.
pub fn size(text: &str) -> Result<u64, String> {
    text.parse()
        .map(|size: ByteSize| size.as_u64())
        .map_err(|_| "write it like 500M, 64GiB or 1000000".to_owned())
}

/// A whole commit id: GitLab's list of pipelines knows no shortened ones.
fn sha(text: &str) -> Result<String, String> {
    let whole = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if whole {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("give all 40 digits of the commit".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_as_people_write_them() {
        for (text, millis) in
            [("90s", 90_000), ("30m", 1_800_000), ("2h", 7_200_000), ("100ms", 100), ("7", 7000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert!(duration("soon").is_err());
        for (text, bytes) in
            [("1000", 1000), ("1KiB", 1024), ("64 GiB", 64 << 30), ("2MB", 2_000_000)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        assert!(size("big").is_err());
    }
}
