//! Command-line flags that several commands share, as clap groups. This room looks nothing up.
//!
//! clap must not read environment variables by itself: it would print their values, tokens among
//! them, in `--help`. The room `settings` reads them.

mod cache;
mod connect;
mod job;
mod lookup_args;
mod output;
mod selection;
mod value_parser;
mod wait;

pub use cache::CacheArgs;
pub use connect::{ConnectArgs, OnDigestMismatch};
pub use job::{JobArgs, NoWaitArgs};
pub use lookup_args::{LookupArgs, LookupFrom, PipelineArg};
pub use output::{Color, OutputArgs};
pub use selection::{IfMissing, SelectionArgs};
pub use value_parser::{duration, pause, size};
pub use wait::{WaitArgs, WaitLimitArgs};
