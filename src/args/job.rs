//! The flags that every command for jobs accepts.

use clap::Args;

use super::connect::ConnectArgs;
use super::lookup_args::LookupArgs;
use super::output::OutputArgs;
use super::selection::SelectionArgs;

/// Flags of a command that looks jobs up. `W` holds its flags about waiting: they stand between
/// the lookup and the connection in `--help`, and commands that cannot wait have none
/// ([`NoWaitArgs`]).
#[derive(Debug, Clone, Args)]
pub struct JobArgs<W: Args> {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub lookup: LookupArgs,
    #[command(flatten)]
    pub wait: W,
    #[command(flatten)]
    pub connect: ConnectArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The flags about waiting of a command that cannot wait: none.
#[derive(Debug, Clone, Default, Args)]
pub struct NoWaitArgs {}
