//! Removal of stale temporary directories, left behind by killed runs.
//!
//! Every run holds an advisory lock on a file in its temporary directory. The kernel releases the
//! lock when the process ends, however it ends, so a directory whose lock can be taken is stale. On
//! file systems without locks, such as some network file systems, stale directories stay.

use std::ffi::OsStr;
use std::fs::File;

use rustix::fs::{FlockOperation, flock};

use super::dir_handle::DirHandle;
use super::file_kind::FileKind;
use super::temp_layout::{BACKUP, LOCK, PREFIX, STAGED};

/// Locks a new temporary directory until the returned file is closed. The lock file gets its final
/// name after it is locked, so that no other run can find it unlocked.
pub fn lock(dir: &DirHandle) -> Option<File> {
    let (unlocked, locked) = (OsStr::new("unlocked"), OsStr::new(LOCK));
    let file = dir.create_file(unlocked, 0o600).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    dir.rename(unlocked, dir, locked).ok()?;
    Some(file)
}

/// Removes all stale temporary directories in `parent`. Failures are ignored: the next run tries
/// again.
pub fn remove_stale(parent: &DirHandle) {
    for name in parent.names().unwrap_or_default() {
        if name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            remove_if_stale(parent, &name);
        }
    }
}

/// Removes one temporary directory if its lock is free and it holds only files that downriver can
/// recreate. A directory with backups in it stays, because the killed run may not have put these
/// files of the user back.
fn remove_if_stale(parent: &DirHandle, name: &OsStr) -> Option<()> {
    let dir = parent.open_dir(name).ok()?;
    let file = dir.open_file(OsStr::new(LOCK)).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    let names = dir.names().ok()?;
    let only_known = names.iter().all(|name| [LOCK, STAGED, BACKUP].iter().any(|it| name == it));
    let has_backups = match dir.kind(OsStr::new(BACKUP)).ok()? {
        None => false,
        Some(FileKind::Dir) => !dir.open_dir(OsStr::new(BACKUP)).ok()?.names().ok()?.is_empty(),
        Some(_) => true,
    };
    if !only_known || has_backups {
        return None;
    }
    // The lock file is removed last, so that a run killed here leaves a directory that the next run
    // still recognises as stale.
    dir.remove_all(OsStr::new(STAGED)).ok();
    parent.remove_all(name).ok()
}
