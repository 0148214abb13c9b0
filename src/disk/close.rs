//! Closing of files with the error that the system reports, which a plain drop loses. File systems
//! over a network report a full quota only then.

use std::fs::File;
use std::io;

/// Closes a file that was written.
#[cfg(unix)]
pub fn close(file: File) -> io::Result<()> {
    match nix::unistd::close(file) {
        // The file is closed all the same.
        Err(nix::errno::Errno::EINTR) => Ok(()),
        closed => Ok(closed?),
    }
}

/// Closes a file; on other systems the standard library tells no error.
#[cfg(not(unix))]
pub fn close(file: File) -> io::Result<()> {
    drop(file);
    Ok(())
}

/// Reports the errors that closing a file would report, and leaves it open for reading.
pub fn check(file: &File) -> io::Result<()> {
    close(file.try_clone()?)
}
