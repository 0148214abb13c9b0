//! Removal of stale temporary directories, left behind by killed runs.
//!
//! Every run holds an advisory lock on a file in its temporary directory. The kernel releases the
//! lock when the process ends, however it ends, so a directory whose lock can be taken is stale. A
//! run that does not need its directory any more renames the lock file, after which anybody may
//! remove the directory. A directory without a lock file is empty or belongs to a run that is about
//! to lock it; removing it is harmless, because that run then makes another one. On file systems
//! without locks, such as some network file systems, the directories of killed runs stay.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::dir_handle::DirHandle;
use super::file_kind::FileKind;
use super::temp_layout::{LOCK, REPLACED, RUBBISH, UNLOCKED};

/// Locks a new temporary directory until the file is closed. Returns `None` if the file system has
/// no locks. The lock file gets its final name after it is locked, so that no other run can find it
/// unlocked.
///
/// # Errors
/// `NotFound` if another run took the directory for a stale one.
pub fn lock(dir: &DirHandle) -> io::Result<Option<File>> {
    let file = dir.create_file(OsStr::new(UNLOCKED), 0o600)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Err(io::ErrorKind::NotFound.into()),
        Err(_) => return Ok(None),
    }
    dir.rename(OsStr::new(UNLOCKED), dir, OsStr::new(LOCK))?;
    Ok(Some(file))
}

/// Marks a temporary directory as not needed any more.
pub fn mark_as_rubbish(dir: &DirHandle) -> io::Result<()> {
    let rename = |from: &str| dir.rename(OsStr::new(from), dir, OsStr::new(RUBBISH));
    rename(LOCK).or_else(|_| rename(UNLOCKED))
}

/// Makes a temporary directory one that no later run removes.
pub fn keep_for_good(dir: &DirHandle) -> io::Result<()> {
    dir.remove_file(OsStr::new(LOCK))
}

/// Takes a temporary directory over from a run that has ended, and moves the files that it had taken
/// out of the way back. `content` holds the names in it. Returns false if the directory is not to be
/// removed.
///
/// # Errors
/// If the run that made it has not ended.
pub fn take_over(parent: &DirHandle, dir: &DirHandle, content: &[OsString]) -> io::Result<bool> {
    let has = |wanted: &str| content.iter().any(|name| name == wanted);
    if has(RUBBISH) {
        return Ok(true);
    }
    let lock = match (has(LOCK), has(UNLOCKED) && content.len() == 1) {
        (true, _) => LOCK,
        (false, true) => UNLOCKED,
        (false, false) => return Ok(false),
    };
    let file = dir.open_for_lock(OsStr::new(lock))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    restore_missing(parent, dir)?;
    mark_as_rubbish(dir)?;
    Ok(true)
}

/// Moves the files that a killed commit had taken out of the way back to their places, unless there
/// is something by now. The others were replaced, as the killed run was told to.
fn restore_missing(parent: &DirHandle, dir: &DirHandle) -> io::Result<()> {
    let mut folders = vec![PathBuf::new()];
    let Ok(root) = dir.open_dir(OsStr::new(REPLACED)) else { return Ok(()) };
    while let Some(folder) = folders.pop() {
        let from = open_below(&root, &folder)?;
        let to = open_below(parent, &folder).ok();
        for name in from.names()? {
            match (from.kind(&name)?, &to) {
                (Some(FileKind::Dir), _) => folders.push(folder.join(&name)),
                (Some(_), Some(to)) if to.kind(&name)?.is_none() => {
                    from.rename_no_replace(&name, to, &name)?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Opens a directory below another one, without following symlinks.
fn open_below(root: &DirHandle, path: &Path) -> io::Result<DirHandle> {
    let mut dir = root.open_dir(OsStr::new("."))?;
    for component in path.components() {
        dir = dir.open_dir(component.as_os_str())?;
    }
    Ok(dir)
}
