//! The levels of messages on standard error.

use crate::args::OutputArgs;

/// How much is printed on standard error. A message of a level is printed at that level and all
/// higher ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verbosity {
    /// Errors and their hints.
    Quiet,
    /// Also warnings and the steps of the run.
    Normal,
    /// Also each request.
    Verbose,
}

impl Verbosity {
    /// Returns the level that `--quiet` and `--verbose` select.
    pub fn of(args: &OutputArgs) -> Verbosity {
        match (args.quiet, args.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}
