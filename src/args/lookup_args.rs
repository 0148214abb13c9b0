//! Flags that choose the pipelines in which jobs are looked up.
#![allow(rustdoc::broken_intra_doc_links, reason = "help texts name variables in brackets")]

use clap::{Args, ValueEnum};

/// Flags that choose the upstream pipeline, and which of its downstream pipelines are searched.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Where from")]
pub struct LookupArgs {
    /// The upstream project, by id or path [CI_PROJECT_ID]
    #[arg(short = 'R', long, visible_alias = "repo", value_name = "ID|PATH")]
    pub project: Option<String>,
    /// The upstream pipeline [CI_PIPELINE_ID]
    #[arg(long, value_name = "ID")]
    pub pipeline: Option<u64>,
    /// Search the pipelines it triggered, the pipeline itself, the one that triggered it, or any: what it triggered, then itself
    #[arg(long, value_name = "WHICH")]
    pub from: Option<LookupFrom>,
    /// The latest successful pipeline of a branch or tag, instead of a pipeline by its id
    #[arg(long = "ref", value_name = "REF", conflicts_with_all = ["pipeline", "mr", "commit"])]
    pub ref_: Option<String>,
    /// If that pipeline lacks the job, look through earlier successful ones (up to 100)
    // The conflicts of --ref are repeated here, because clap drops the requirement of `ref_` when
    // a conflict of `ref_` is given.
    #[arg(long, requires = "ref_", conflicts_with_all = ["pipeline", "mr", "commit", "job_id"])]
    pub search_recent: bool,
    /// The latest pipeline of a merge request
    #[arg(long, value_name = "IID", conflicts_with_all = ["pipeline", "commit"])]
    pub mr: Option<u64>,
    /// The latest pipeline of a commit
    #[arg(long, value_name = "SHA", conflicts_with = "pipeline", value_parser = full_sha)]
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

/// Parses a full commit id; GitLab's list of pipelines does not accept abbreviated ones.
fn full_sha(text: &str) -> Result<String, String> {
    let is_full =
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_full {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("give all 40 digits of the commit".to_owned())
    }
}
