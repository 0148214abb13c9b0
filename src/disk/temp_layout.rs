//! The names of temporary directories and of what is in them, shared by the code that creates them
//! and the code that recognises stale ones.

use std::ffi::{OsStr, OsString};

/// Prefix of every temporary directory, which is visible next to the user's files.
pub const PREFIX: &str = ".downriver-";

/// Number of random hexadecimal digits after the prefix.
const DIGITS: usize = 12;

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

/// Returns a random name for a temporary directory.
pub fn new_name() -> OsString {
    format!("{PREFIX}{:0DIGITS$x}", fastrand::u64(..) >> (64 - 4 * DIGITS)).into()
}

/// Returns true for names that [`new_name`] makes.
pub fn is_temp_dir(name: &OsStr) -> bool {
    let digits = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Returns true for names in a temporary directory that downriver makes, or that file systems give
/// to removed files which are still open (FUSE, NFS). A directory with other names stays.
pub fn is_known(name: &OsStr) -> bool {
    const NAMES: [&str; 9] =
        [STAGED, REPLACED, REMOVED, MODES, SINGLE, PROBE, LOCK, UNLOCKED, RUBBISH];
    const PREFIXES: [&str; 3] = [SPOOL_PREFIX, ".fuse_hidden", ".nfs"];
    let name = name.to_string_lossy();
    NAMES.contains(&&*name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_temporary_directories_are_recognised() {
        assert!((0..100).all(|_| is_temp_dir(&new_name())));
        for name in [
            ".downriver-",
            ".downriver-0123",
            ".downriver-0123456789aB",
            ".downriver-0123456789abc",
            ".downriver-kept",
            "downriver-0123456789ab",
        ] {
            assert!(!is_temp_dir(OsStr::new(name)), "{name}");
        }
    }
}
