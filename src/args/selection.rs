//! Flags that choose among the jobs found, and say how to treat missing ones.

use clap::{Args, ValueEnum};

/// Flags that choose among the jobs found, and say how to treat missing ones.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which jobs")]
pub struct SelectionArgs {
    /// Include jobs that did not succeed
    #[arg(long)]
    pub any_status: bool,
    /// The action when nothing matches or the artifacts are gone
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    pub if_missing: IfMissing,
    /// Refuse more than one job
    #[arg(long)]
    pub one: bool,
}

/// The values of `--if-missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum IfMissing {
    #[default]
    Fail,
    Warn,
    Ignore,
}
