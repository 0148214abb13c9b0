//! Exit codes. Scripts and `allow_failure: exit_codes:` in CI depend on them.

/// The outcome of a run. A test compares these descriptions with `docs/exit-codes.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// success
    Done = 0,
    /// a bug in downriver itself
    Fault = 1,
    /// invalid command line
    Usage = 2,
    /// nothing to fetch: no such pipeline, bridge, downstream, job, artifacts or file, or not there yet, gone, or from a job that did not succeed
    Nothing = 3,
    /// access denied: token missing, wrong, expired or without the required scope, or not allowed by the project; a sign-in page in place of an answer; and an answer 404 that may mean either, as GitLab gives it to those who may not see a project
    Denied = 4,
    /// network or server error: unreachable, or still failing after the retries
    Network = 5,
    /// the archive is corrupt, hostile, or not as announced
    Archive = 6,
    /// waiting timed out
    TimedOut = 7,
    /// the pipeline or job that was waited for ended without success
    Unsuccessful = 8,
    /// file system error: cannot write, disk full, a conflict under `--on-conflict fail`
    Disk = 9,
    /// interrupted by SIGINT; nothing half-written stays
    Interrupted = 130,
    /// interrupted by SIGTERM; nothing half-written stays
    Terminated = 143,
}

impl Exit {
    /// Returns the exit code of the process.
    pub const fn code(self) -> u8 {
        self as u8
    }
}
