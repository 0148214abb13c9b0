//! Exit codes. Scripts and `allow_failure: exit_codes:` in CI depend on them.

/// The outcome of a run. [`Exit::about`] says the same at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// success
    Done = 0,
    /// a bug in downriver itself
    Fault = 1,
    /// invalid command line
    Usage = 2,
    /// nothing to fetch: the pipeline, bridge, job, artifacts or file does not exist, does not exist yet or no longer exists, or the job did not succeed
    Nothing = 3,
    /// access denied: token missing, wrong, expired or without the required scope, or not allowed by the project; a sign-in page in place of a response; or a 404 that GitLab also gives for a project that the token may not see
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
    /// All exit codes, in ascending order.
    pub const ALL: [Exit; 12] = [
        Exit::Done,
        Exit::Fault,
        Exit::Usage,
        Exit::Nothing,
        Exit::Denied,
        Exit::Network,
        Exit::Archive,
        Exit::TimedOut,
        Exit::Unsuccessful,
        Exit::Disk,
        Exit::Interrupted,
        Exit::Terminated,
    ];

    /// Returns the exit code of the process.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns its meaning, as the help and the manual say it.
    pub const fn about(self) -> &'static str {
        match self {
            Exit::Done => "success",
            Exit::Fault => "a bug in downriver itself",
            Exit::Usage => "invalid command line",
            Exit::Nothing => {
                "nothing to fetch: the pipeline, bridge, job, artifacts or file does not exist, does not exist yet or no longer exists, or the job did not succeed"
            }
            Exit::Denied => {
                "access denied: token missing, wrong, expired or without the required scope, or not allowed by the project; a sign-in page in place of a response; or a 404 that GitLab also gives for a project that the token may not see"
            }
            Exit::Network => {
                "network or server error: unreachable, or still failing after the retries"
            }
            Exit::Archive => "the archive is corrupt, hostile, or not as announced",
            Exit::TimedOut => "waiting timed out",
            Exit::Unsuccessful => "the pipeline or job that was waited for ended without success",
            Exit::Disk => {
                "file system error: cannot write, disk full, a conflict under `--on-conflict fail`"
            }
            Exit::Interrupted => "interrupted by SIGINT; nothing half-written stays",
            Exit::Terminated => "interrupted by SIGTERM; nothing half-written stays",
        }
    }
}
