//! Removal of stale temporary directories for systems other than Unix.
//!
//! Every run keeps a file in its temporary directory open, which nobody else can remove until the
//! process ends, however it ends. So a directory whose file can be removed is stale. One with files
//! of the user, as a run that was killed during its commit can leave it, is not.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;

use super::dir_handle::DirHandle;
use super::temp_layout::{LOCK, REMOVED, REPLACED};

/// Locks a new temporary directory until the file is closed.
///
/// # Errors
/// `NotFound` if another run took the directory for a stale one.
pub fn lock(dir: &DirHandle) -> io::Result<Option<File>> {
    dir.create_lock(OsStr::new(LOCK)).map(Some)
}

/// Does nothing: the directory is stale as soon as its lock is closed.
pub fn mark_as_rubbish(_dir: &DirHandle) -> io::Result<()> {
    Ok(())
}

/// Does nothing: a directory that holds files of the user is never stale.
pub fn keep_for_good(_dir: &DirHandle) -> io::Result<()> {
    Ok(())
}

/// Removes the lock of a temporary directory, which succeeds if the run that made it has ended.
/// `content` holds the names in it. Returns false if the directory is not to be removed, because it
/// holds files of the user.
///
/// # Errors
/// If the run that made it has not ended.
pub fn take_over(_parent: &DirHandle, dir: &DirHandle, content: &[OsString]) -> io::Result<bool> {
    let has = |wanted: &str| content.iter().any(|name| name == wanted);
    if has(REPLACED) || has(REMOVED) {
        return Ok(false);
    }
    if has(LOCK) {
        dir.remove_file(OsStr::new(LOCK))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::disk::temp_dir::remove_stale;

    #[test]
    fn directories_of_ended_runs_are_removed_unless_they_hold_files_of_the_user() {
        let place = tempfile::tempdir().unwrap();
        let parent = DirHandle::open(place.path()).unwrap();
        let names = ["lock", "file", "empty", "running", "replaced", "other"];
        let dirs: Vec<OsString> =
            (0..names.len()).map(|n| format!(".downriver-{n:012}").into()).collect();
        for (name, dir) in names.iter().zip(&dirs) {
            fs::create_dir(place.path().join(dir)).unwrap();
            if !matches!(*name, "empty" | "running") {
                fs::write(place.path().join(dir).join(name), "").unwrap();
            }
        }
        let running = parent.open_dir(&dirs[3]).unwrap();
        let lock = lock(&running).unwrap();
        remove_stale(&parent);
        assert_eq!(parent.names().unwrap(), dirs[3..]);
        drop(lock);
        remove_stale(&parent);
        assert_eq!(parent.names().unwrap(), dirs[4..]);
    }
}
