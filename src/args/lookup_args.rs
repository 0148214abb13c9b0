//! Flags that choose the pipelines in which jobs are looked up.
#![allow(rustdoc::broken_intra_doc_links, reason = "help texts name variables in brackets")]

use clap::{Args, ValueEnum};

/// Flags that choose the upstream pipeline, and which of its downstream pipelines are searched.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Where from")]
pub struct LookupArgs {
    /// The upstream project, by its id, path or web address [CI_PROJECT_ID]
    #[arg(short = 'R', long, visible_alias = "repo", value_name = "ID|PATH|URL")]
    pub project: Option<String>,
    /// The upstream pipeline, by its id; `latest` is the newest one, whatever its status, of --ref, else of the branch that is checked out here, else of the default branch [CI_PIPELINE_ID, or in a git checkout `latest`]
    #[arg(long, value_name = "ID|latest", value_parser = PipelineArg::parse)]
    pub pipeline: Option<PipelineArg>,
    /// Search the pipelines that the upstream pipeline triggered (`downstream`), the upstream pipeline itself (`pipeline`), the pipeline that triggered it (`upstream`), or first `downstream` and then `pipeline` (`any`)
    #[arg(long, value_name = "WHICH")]
    pub from: Option<LookupFrom>,
    /// The latest successful pipeline of a branch or tag, instead of a pipeline by its id; with `--pipeline latest` the newest one
    #[arg(long = "ref", value_name = "REF", conflicts_with_all = ["mr", "commit"])]
    pub ref_: Option<String>,
    /// If that pipeline lacks the job, look through earlier successful ones (up to 100)
    // The conflicts of --ref are repeated here, because clap drops the requirement of `ref_` when
    // a conflict of `ref_` is given.
    #[arg(long, requires = "ref_", conflicts_with_all = ["pipeline", "mr", "commit", "job_id"])]
    pub search_recent: bool,
    /// The latest pipeline of a merge request
    #[arg(long, value_name = "IID", conflicts_with_all = ["pipeline", "commit"])]
    pub mr: Option<u64>,
    /// The latest pipeline of a commit: its SHA, also shortened, and in a git checkout anything that `git rev-parse` resolves, like HEAD~2
    #[arg(long, value_name = "REV", conflicts_with = "pipeline")]
    pub commit: Option<String>,
    /// The job with this id in the project, without a lookup; repeatable
    #[arg(long, value_name = "ID", conflicts_with_all = ["pipeline", "ref_", "mr", "commit", "from", "bridge", "downstream", "recursive", "depth"])]
    pub job_id: Vec<u64>,
    /// Only bridges (trigger jobs) whose name matches; repeatable
    #[arg(long, value_name = "PATTERN")]
    pub bridge: Vec<String>,
    /// Only downstream pipelines of that project; repeatable
    #[arg(long, value_name = "ID|PATH")]
    pub downstream: Vec<String>,
    /// Also search the pipelines that the downstream pipelines triggered
    #[arg(long)]
    pub recursive: bool,
    /// Search this many levels of downstream pipelines, at most 100 [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub depth: Option<u32>,
}

impl LookupArgs {
    /// Returns true if a flag was given that only applies to downstream pipelines.
    pub fn selects_downstream(&self) -> bool {
        !self.bridge.is_empty()
            || !self.downstream.is_empty()
            || self.recursive
            || self.depth.is_some()
    }

    /// Returns how many levels of downstream pipelines are searched, `u32::MAX` for all.
    pub fn levels(&self) -> u32 {
        self.depth.unwrap_or(if self.recursive { u32::MAX } else { 1 })
    }
}

/// The values of `--from`: which pipelines are searched, relative to the one that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LookupFrom {
    Downstream,
    Pipeline,
    Upstream,
    Any,
}

/// A value of `--pipeline`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipelineArg {
    Id(u64),
    /// The newest pipeline of a branch.
    Latest,
}

impl PipelineArg {
    fn parse(text: &str) -> Result<PipelineArg, String> {
        match (text, text.parse()) {
            ("latest", _) => Ok(PipelineArg::Latest),
            (_, Ok(id)) => Ok(PipelineArg::Id(id)),
            (_, Err(_)) => Err("give the id of a pipeline, or `latest`".to_owned()),
        }
    }
}
