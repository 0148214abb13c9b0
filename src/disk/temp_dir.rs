//! The temporary directory of a run: the one mechanism for everything temporary that has a name.
//! It is locked while it is used, removed when the run ends, and removed by the next run if this one
//! is killed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::dir_handle::DirHandle;
use super::file_kind::FileKind;
use super::{stale_temp_dirs, temp_layout};
use crate::interrupt::{Interrupt, Temporary};
use crate::temp_name::{self, is_temp_dir};

/// Number of attempts to make a directory that no other run removes before it is locked.
const MAX_ATTEMPTS: usize = 100;

/// A temporary directory, removed on drop. Only its owner has access, because artifacts may contain
/// secrets. Files in it must be closed before it is dropped: some file systems keep a removed file
/// under another name while it is open, and the directory with it.
#[derive(Debug)]
pub struct TempDir {
    made: Arc<Made>,
    interrupt: Interrupt,
    preserved: bool,
}

/// The directory on disk.
#[derive(Debug)]
struct Made {
    parent: Arc<DirHandle>,
    name: OsString,
    path: PathBuf,
    handle: Arc<DirHandle>,
    held: Mutex<Option<Held>>,
}

/// Descriptors that are closed before the directory is removed.
#[derive(Debug)]
struct Held {
    _lock: Option<File>,
    /// Closed to free the two descriptors that the removal needs, even at the limit of open files.
    _reserved: [DirHandle; 2],
}

impl TempDir {
    /// Creates a temporary directory in `parent`, after which stale ones there are removed.
    /// `parent_path` is for messages.
    pub fn create_in(
        parent: Arc<DirHandle>,
        parent_path: &Path,
        interrupt: &Interrupt,
    ) -> io::Result<TempDir> {
        let made = interrupt.create_tracked(|| make_locked(&parent, parent_path))?;
        remove_stale(&parent);
        Ok(TempDir { made, interrupt: interrupt.clone(), preserved: false })
    }

    pub fn handle(&self) -> &Arc<DirHandle> {
        &self.made.handle
    }

    pub fn path(&self) -> &Path {
        &self.made.path
    }

    /// Leaves the directory in place when the run ends, and also later runs leave it.
    pub fn preserve(&mut self) {
        self.interrupt.untrack(&self.made);
        self.preserved = true;
        let _ = stale_temp_dirs::keep_for_good(&self.made.handle);
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if !self.preserved {
            self.interrupt.remove(&self.made);
        }
    }
}

impl Temporary for Made {
    fn path(&self) -> &Path {
        &self.path
    }

    fn abandon(&self) {
        let _ = stale_temp_dirs::mark_as_rubbish(&self.handle);
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn remove(&self, go_on: &dyn Fn() -> bool) -> io::Result<()> {
        remove_tree(&self.parent, &self.name, temp_layout::RUBBISH, go_on)
    }
}

/// Removes all temporary directories in `parent` that killed runs have left. Failures are ignored: the
/// next run tries again.
pub fn remove_stale(parent: &DirHandle) {
    for name in parent.names().unwrap_or_default() {
        if is_temp_dir(name.as_encoded_bytes())
            && matches!(parent.kind(&name), Ok(Some(FileKind::Dir)))
        {
            let _ = remove_if_stale(parent, &name);
        }
    }
}

/// Removes a temporary directory, if it is stale and holds only what downriver makes.
fn remove_if_stale(parent: &DirHandle, name: &OsStr) -> io::Result<()> {
    let dir = parent.open_dir(name)?;
    let content = dir.names()?;
    if content.is_empty() {
        return parent.remove_dir(name);
    }
    if !content.iter().all(|name| temp_layout::is_known(name)) {
        return Ok(());
    }
    match stale_temp_dirs::take_over(parent, &dir, &content)? {
        true => {
            drop(dir);
            remove_tree(parent, name, temp_layout::RUBBISH, &|| true)
        }
        false => Ok(()),
    }
}

fn make_locked(parent: &Arc<DirHandle>, parent_path: &Path) -> io::Result<Made> {
    for _ in 0..MAX_ATTEMPTS {
        let (name, handle) = match make(parent) {
            Ok(made) => made,
            // Another run has removed it as a stale one.
            Err((Some(_), error)) if error.kind() == io::ErrorKind::NotFound => continue,
            Err((_, error)) => return Err(error),
        };
        match hold(&handle) {
            Ok(held) => {
                let (path, handle) = (parent_path.join(&name), Arc::new(handle));
                let (parent, held) = (Arc::clone(parent), Mutex::new(Some(held)));
                return Ok(Made { parent, name, path, handle, held });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                // Unlike `remove_tree`, this opens no descriptor.
                let _ = handle.remove_file(OsStr::new(temp_layout::UNLOCKED));
                let _ = parent.remove_dir(&name);
                return Err(error);
            }
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Locks a new directory, and reserves the descriptors that its removal needs.
fn hold(dir: &DirHandle) -> io::Result<Held> {
    let reserve = || dir.open_dir(OsStr::new("."));
    let reserved = [reserve()?, reserve()?];
    Ok(Held { _lock: stale_temp_dirs::lock(dir)?, _reserved: reserved })
}

/// Removes a directory. The file `last` in it is removed last, so that what is left of the directory
/// stays recognisable.
#[cfg(unix)]
fn remove_tree(
    parent: &DirHandle,
    name: &OsStr,
    last: &str,
    go_on: &dyn Fn() -> bool,
) -> io::Result<()> {
    super::remove_tree::remove_tree(parent, name, Some(OsStr::new(last)), go_on)
}

#[cfg(not(unix))]
fn remove_tree(
    parent: &DirHandle,
    name: &OsStr,
    _last: &str,
    go_on: &dyn Fn() -> bool,
) -> io::Result<()> {
    match parent.kind(name)? {
        None => Ok(()),
        Some(_) if go_on() => parent.remove_all(name),
        Some(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Creates a directory with a new name and opens it. An error comes with the name if it was created.
fn make(parent: &DirHandle) -> Result<(OsString, DirHandle), (Option<OsString>, io::Error)> {
    loop {
        let name = temp_name::new_name();
        match parent.create_dir(&name, 0o700) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            created => created.map_err(|error| (None, error))?,
        }
        return match parent.open_dir(&name) {
            Ok(handle) => Ok((name, handle)),
            Err(error) => {
                let _ = parent.remove_dir(&name);
                Err((Some(name), error))
            }
        };
    }
}
