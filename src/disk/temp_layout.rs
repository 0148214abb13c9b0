//! The names of temporary files and directories, shared by the code that creates them and the code
//! that recognises stale ones.

/// Prefix of every temporary file or directory that is visible next to the user's files.
pub const PREFIX: &str = ".downriver-";

/// Subdirectory of a temporary directory that holds the staged files.
pub const STAGED: &str = "tree";

/// Subdirectory of a temporary directory that holds the backups of replaced files.
pub const BACKUP: &str = "backup";

/// File in a temporary directory that its owner holds an advisory lock on.
#[cfg(unix)]
pub const LOCK: &str = "lock";
