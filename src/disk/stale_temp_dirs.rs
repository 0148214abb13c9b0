//! Private folders of runs that were killed, told from those of runs that go on by their locks.
//!
//! The system takes the lock from a process that ends, however it ends. Where there are no locks, as
//! on some network file systems, what is left over stays.

use std::ffi::OsStr;
use std::fs::File;

use rustix::fs::{FlockOperation, flock};

use super::Kind;
use super::dir_handle::DirHandle;
use super::temp_dir::{BACKUP, PREFIX, TREE};

const LOCK: &str = "lock";

/// Locks a new private folder as long as the file is open. It gets its name when it is locked, so
/// that nobody finds it free before.
pub fn lock(folder: &DirHandle) -> Option<File> {
    let (unlocked, locked) = (OsStr::new("unlocked"), OsStr::new(LOCK));
    let file = folder.new_file(unlocked, 0o600).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    folder.rename(unlocked, folder, locked).ok()?;
    Some(file)
}

/// Removes the private folders of killed runs.
pub fn remove_all(at: &DirHandle) {
    for name in at.names().unwrap_or_default() {
        if name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            remove(at, &name);
        }
    }
}

/// Removes one, if it is surely left over. One in which a killed run kept files of the user stays.
fn remove(at: &DirHandle, name: &OsStr) -> Option<()> {
    let private = at.inner(name).ok()?;
    let file = private.file(OsStr::new(LOCK)).ok()?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
    let names = private.names().ok()?;
    let ours = names.iter().all(|name| [LOCK, TREE, BACKUP].iter().any(|known| name == known));
    let kept = match private.kind(OsStr::new(BACKUP)).ok()? {
        None => false,
        Some(Kind::DirHandle) => !private.inner(OsStr::new(BACKUP)).ok()?.names().ok()?.is_empty(),
        Some(_) => true,
    };
    if !ours || kept {
        return None;
    }
    // The lock goes last: who is killed here leaves what the next run recognises.
    private.remove(OsStr::new(TREE)).ok();
    at.remove(name).ok()
}
