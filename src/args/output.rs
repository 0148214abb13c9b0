//! Flags about the output on both streams.
#![allow(rustdoc::broken_intra_doc_links, reason = "help texts name variables in brackets")]

use clap::{Args, ValueEnum};

/// Flags about the output on both streams.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print one JSON document on standard output
    #[arg(long)]
    pub json: bool,
    /// Only print errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Also print each request
    #[arg(short, long)]
    pub verbose: bool,
    /// Ask no question, even on a terminal [DOWNRIVER_NO_INPUT]
    #[arg(long)]
    pub no_input: bool,
    /// Colours on a terminal
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// The values of `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}
