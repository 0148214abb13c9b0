//! The flags of `trigger`, converted to an order, a rule for manual jobs and a query for jobs.
#![allow(rustdoc::broken_intra_doc_links, reason = "help texts name variables in brackets")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::args::{CacheArgs, ConnectArgs, LookupArgs, OutputArgs, duration, pause};
use crate::commands::app::App;
use crate::commands::extract_args::ExtractArgs;
use crate::commands::pairs;
use crate::error::Error;
use crate::gitlab::{Client, Start};
use crate::lookup::{JobQuery, Lists, Polling};
use crate::model::{PipelineId, ProjectRef};
use crate::select::job_pattern::Pattern;
use crate::select::outcome::{JobCount, OnMissing};
use crate::select::trigger;
use crate::settings::{self, Usage};
use crate::trigger::{Again, Order};

/// Start a pipeline, wait for it, and fetch artifacts from it
#[derive(Debug, Args)]
pub struct Trigger {
    /// The project, by id or path
    #[arg(value_name = "PROJECT")]
    pub project: String,
    /// The branch or tag [default: the project's default branch]
    #[arg(long = "ref", short_alias = 't', alias = "target-ref", value_name = "REF")]
    pub ref_: Option<String>,
    /// A variable for the pipeline; repeatable
    #[arg(short, long, value_name = "K=V", value_parser = pairs::variable)]
    pub env: Vec<(String, String)>,
    /// An input of the pipeline, read as JSON if it is valid JSON (`true`, `3`, `["a"]`, `"3"`), else as text; repeatable
    #[arg(long, value_name = "K=V", value_parser = pairs::input)]
    pub input: Vec<(String, Value)>,
    /// Retry the last pipeline of the ref; start a new one if it succeeded, or if the ref has moved on since
    #[arg(short, long, help_heading = "Again")]
    pub retry: bool,
    /// Retry this pipeline; start a new one if it succeeded, or if the ref has moved on since
    #[arg(long, value_name = "ID", help_heading = "Again")]
    pub pid: Option<u64>,
    /// Treatment of a pipeline that waits for a manual job: play the job, or count the pipeline as passed or as failed
    #[arg(long, value_name = "WHAT", default_value = "fail", help_heading = "When")]
    pub on_manual: OnManual,
    /// Play only these manual jobs, in this order
    #[arg(long, value_name = "A,B", value_delimiter = ',', help_heading = "When")]
    pub jobs: Vec<String>,
    /// Do not wait for the pipeline; --on-manual play still plays the jobs that are waiting already
    #[arg(short, long, conflicts_with_all = ["fetch", "print_logs"], help_heading = "When")]
    pub detach: bool,
    /// The longest time to wait
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1h", help_heading = "When")]
    pub wait_timeout: Duration,
    /// The time between two checks, in seconds or like 100ms [default: growing from 2s to 15s]
    #[arg(short = 's', long, alias = "sleep", value_name = "DURATION", value_parser = pause, help_heading = "When")]
    pub poll_interval: Option<Duration>,
    /// Print the logs of the jobs at the end, those of failed jobs last
    #[arg(short = 'o', long, help_heading = "Output")]
    pub print_logs: bool,
    /// Fetch the artifacts of this job when the pipeline has succeeded; repeatable
    #[arg(long, value_name = "JOB", help_heading = "Where to")]
    pub fetch: Vec<String>,
    /// Extract into this folder, which is made if missing
    #[arg(short = 'D', long, value_name = "DIR", default_value = ".", help_heading = "Where to")]
    pub dir: PathBuf,
    /// Save the archive as FILE instead of extracting it; `-` is standard output
    #[arg(long, value_name = "FILE", requires = "fetch", conflicts_with_all = ["dir", "path", "exclude", "strip_components", "flatten", "separate", "sync", "delete"], help_heading = "Where to")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub unpack: ExtractArgs,
    /// Write DOWNRIVER_JOB_ID, _PIPELINE_ID, _PROJECT_ID, _REF and _SHA of what was started or fetched to FILE, for artifacts:reports:dotenv
    #[arg(long, value_name = "FILE", help_heading = "Where to")]
    pub dotenv: Option<PathBuf>,
    #[command(flatten)]
    pub cache: CacheArgs,
    /// The token of a trigger, which starts the pipeline; without it the private or the job token does [DOWNRIVER_PIPELINE_TOKEN]
    #[arg(
        short,
        long,
        value_name = "TOKEN",
        allow_hyphen_values = true,
        help_heading = "Authentication"
    )]
    pub pipeline_token: Option<String>,
    /// The private token, by another name
    #[arg(short, long, value_name = "TOKEN", allow_hyphen_values = true, conflicts_with_all = ["private_token", "job_token", "token_file"], help_heading = "Authentication")]
    pub api_token: Option<String>,
    /// The host of GitLab, as another way to write --api-url
    #[arg(long, value_name = "HOST", conflicts_with = "api_url", help_heading = "Where from")]
    pub host: Option<String>,
    /// The path of the API on that host [default: /api/v4]
    #[arg(short, long, value_name = "PATH", requires = "host", help_heading = "Where from")]
    pub url_path: Option<String>,
    #[command(flatten)]
    pub connect: ConnectArgs,
    #[command(flatten)]
    pub output_args: OutputArgs,
    /// The longest time to wait, where no flag sets it.
    #[arg(skip)]
    pub fixed_wait_limit: Option<Duration>,
    /// The command line was that of pipeline-trigger, so its exit codes apply.
    #[arg(skip)]
    pub legacy_cli: bool,
}

/// The rule for manual jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnManual {
    Play,
    Pass,
    Fail,
}

impl Trigger {
    /// Returns the pipeline to start, and the client of its server.
    pub(super) fn order(&self, app: &mut App) -> Result<(Order, Client), Error> {
        if self.project.trim_matches('/').is_empty() {
            return Err(Usage::new("PROJECT is empty")
                .hint("name the project by its id, or its path like group/project")
                .into());
        }
        if self.ref_.as_deref() == Some("") {
            return Err(Usage::new("the ref is empty").hint("name a branch or a tag").into());
        }
        let mut connect = self.connect.clone();
        if let Some(token) = &self.api_token {
            connect.private_token = Some(token.clone());
        }
        if let Some(host) = &self.host {
            connect.api_url = Some(api_url(host, self.url_path.as_deref()));
            connect.api_url_of_host = true;
        }
        let token = settings::pipeline_token(self.pipeline_token.as_ref(), &app.env)?;
        // With a project given, the git remote is not read.
        let lookup = LookupArgs { project: Some(self.project.clone()), ..LookupArgs::default() };
        let (client, _) = app.connect(&connect, &lookup, None)?;
        let start = Start {
            variables: self.env.clone(),
            inputs: self.input.clone(),
            token: token.map(|token| token.value),
        };
        let again = match self.pid {
            Some(id) => Again::This(PipelineId(id)),
            None if self.retry => Again::Last,
            None => Again::No,
        };
        let project = ProjectRef::parse(&self.project);
        Ok((Order { project, ref_: self.ref_.clone(), start, again }, client))
    }

    /// Returns the rule for manual jobs.
    ///
    /// # Errors
    /// A usage error for `--jobs` without `--on-manual play`.
    pub(super) fn rule(&self) -> Result<trigger::OnManual, Usage> {
        match self.on_manual {
            OnManual::Play => Ok(trigger::OnManual::Play(self.jobs.clone())),
            _ if !self.jobs.is_empty() && !self.legacy_cli => {
                Err(Usage::new("--jobs says which manual jobs are played, but none are")
                    .hint("add --on-manual play"))
            }
            OnManual::Pass => Ok(trigger::OnManual::Pass),
            OnManual::Fail => Ok(trigger::OnManual::Fail),
        }
    }

    pub(super) fn polling(&self) -> Polling {
        match self.fixed_wait_limit {
            Some(limit) => Polling::with_fixed_limit(limit, self.poll_interval),
            None => Polling::new(self.wait_timeout, self.poll_interval),
        }
    }

    /// Returns the query for the jobs of `--fetch`.
    pub(super) fn query(&self) -> JobQuery {
        JobQuery {
            jobs: self.fetch.iter().map(|job| Pattern::new(job)).collect(),
            bridges: Vec::new(),
            projects: Vec::new(),
            depth: 1,
            any_status: false,
            archive: true,
            // One file holds one archive.
            count: if self.output.is_some() { JobCount::AtMostOne } else { JobCount::Any },
            on_missing: OnMissing::Refuse,
            lists: Lists::Unneeded,
            from_can_change: false,
            own_job: None,
            chosen: None,
        }
    }
}

/// Returns the address of the API from a host like `gitlab.com` and a path like `/api/v4`.
fn api_url(host: &str, path: Option<&str>) -> String {
    let host = host.trim_end_matches('/');
    let scheme = if host.contains("://") { "" } else { "https://" };
    format!("{scheme}{host}/{}", path.unwrap_or("/api/v4").trim_start_matches('/'))
}
