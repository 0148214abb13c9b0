//! The limit of open files, which local files and connections share.

use std::io;

/// Advice for a process that has reached the limit.
pub const HINT: &str = "more open files must be allowed (ulimit -n)";

/// Returns true if the process or the system has no file descriptors left.
#[cfg(unix)]
pub fn are_exhausted(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let code = error.raw_os_error();
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| code == Some(errno.raw_os_error()))
}

#[cfg(not(unix))]
pub fn are_exhausted(_error: &io::Error) -> bool {
    false
}

/// Returns advice about an I/O error, where there is any.
pub fn hint(error: &io::Error) -> Option<&'static str> {
    are_exhausted(error).then_some(HINT)
}
