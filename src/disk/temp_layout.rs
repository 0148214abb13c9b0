//! The names of what is in temporary directories, shared by the code that creates them and the code
//! that recognises stale ones.

use std::ffi::OsStr;

/// Subdirectory that holds the staged files.
pub const STAGED: &str = "tree";

/// Subdirectory that holds the files of the user that a commit replaces, each at its own path
/// relative to the parent of the temporary directory.
pub const REPLACED: &str = "replaced";

/// Subdirectory that holds entries which a commit removes, under random names.
pub const REMOVED: &str = "removed";

/// Name of a file that shows the permission bits of new files.
pub const MODES: &str = "modes";

/// A single file that is renamed to its destination when it is complete.
pub const SINGLE: &str = "file";

/// Prefix of files that are unlinked as soon as they are open.
pub const SPOOL_PREFIX: &str = "spool-";

/// A symlink that shows whether the file system has symlinks.
pub const PROBE: &str = "link";

/// File that the owner holds an advisory lock on.
pub const LOCK: &str = "lock";

/// Name of the lock file until it is locked.
pub const UNLOCKED: &str = "unlocked";

/// Name of the lock file when the directory is not needed any more, whoever holds it open.
pub const RUBBISH: &str = "rubbish";

/// Returns true for names in a temporary directory that downriver makes, or that file systems give
/// to removed files which are still open (FUSE, NFS). A directory with other names stays.
pub fn is_known(name: &OsStr) -> bool {
    const NAMES: [&str; 9] =
        [STAGED, REPLACED, REMOVED, MODES, SINGLE, PROBE, LOCK, UNLOCKED, RUBBISH];
    const PREFIXES: [&str; 3] = [SPOOL_PREFIX, ".fuse_hidden", ".nfs"];
    let name = name.to_string_lossy();
    NAMES.contains(&&*name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
