//! The exit codes, one by one: scripts and `allow_failure: exit_codes:` depend on them.

/// How a run ended. The README repeats this table, and a test compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// done
    Done = 0,
    /// a fault of the program itself
    Fault = 1,
    /// the command line does not make sense
    Usage = 2,
    /// nothing to take: no such pipeline, bridge, downstream, job, artifacts or file, or not there yet, gone, or from a job that did not succeed
    Nothing = 3,
    /// GitLab let us not in: token missing, wrong, expired or too narrow, or the project does not admit it
    Denied = 4,
    /// network or server: unreachable, or still failing after the retries
    Network = 5,
    /// the archive is corrupt, or hostile, or not what was announced
    Archive = 6,
    /// waiting timed out
    TimedOut = 7,
    /// what was waited for ended without success
    Unsuccessful = 8,
    /// the local file system: cannot write, disk full, a conflict under `--on-conflict fail`
    Disk = 9,
    /// interrupted by SIGINT; nothing half-written stays
    Interrupted = 130,
    /// interrupted by SIGTERM; nothing half-written stays
    Terminated = 143,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}
