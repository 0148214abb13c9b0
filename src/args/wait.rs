//! Flags about waiting for jobs and pipelines.

use std::time::Duration;

use clap::Args;

use super::value_parser::{duration, pause};

/// Flags of a command that waits if it is asked to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "When")]
pub struct WaitArgs {
    /// Wait until the job has finished; ends at once when it no longer can succeed
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub limits: WaitLimitArgs,
}

/// The time limit and the polling interval of a wait.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "When")]
pub struct WaitLimitArgs {
    /// The longest time to wait
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1h")]
    pub wait_timeout: Duration,
    /// The time between two checks [default: growing from 2s to 15s]
    #[arg(long, value_name = "DURATION", value_parser = pause)]
    pub poll_interval: Option<Duration>,
}
