//! The private folder of a run. It goes away with the run; one whose run was killed, with the next.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dir_handle::DirHandle;
#[cfg(unix)]
use super::stale_temp_dirs;
use crate::interrupt::Interrupt;

/// What the names of private files and folders begin with.
pub const PREFIX: &str = ".downriver-";
/// In it lies what will be put in place, and for that time what gives way to it.
pub const TREE: &str = "tree";
pub const BACKUP: &str = "backup";

/// A folder that is open to its owner alone: archives hold secrets.
#[derive(Debug)]
pub struct TempDir {
    at: Arc<DirHandle>,
    name: OsString,
    path: PathBuf,
    folder: Arc<DirHandle>,
    interrupt: Interrupt,
    stays: bool,
    #[cfg(unix)]
    _lock: Option<std::fs::File>,
}

impl TempDir {
    /// Makes one in a folder, whose path is for the signal thread and for messages.
    pub fn make(at: Arc<DirHandle>, path: &Path, interrupt: &Interrupt) -> io::Result<TempDir> {
        let (name, path) = interrupt.make(|| {
            let name = new_name(&at)?;
            let path = path.join(&name);
            Ok(((name, path.clone()), path))
        })?;
        let folder = match at.inner(&name) {
            Ok(folder) => Arc::new(folder),
            Err(error) => {
                let _ = at.remove_folder(&name);
                return Err(error);
            }
        };
        let interrupt = interrupt.clone();
        #[cfg(unix)]
        let _lock = stale_temp_dirs::lock(&folder);
        #[cfg(unix)]
        stale_temp_dirs::remove_all(&at);
        Ok(TempDir {
            at,
            name,
            path,
            folder,
            interrupt,
            stays: false,
            #[cfg(unix)]
            _lock,
        })
    }

    pub fn folder(&self) -> &Arc<DirHandle> {
        &self.folder
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It stays when the run ends.
    pub fn keep(&mut self) {
        self.interrupt.forget(&self.path);
        self.stays = true;
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // What cannot be removed now can still be when the run is interrupted.
        if !self.stays && self.at.remove(&self.name).is_ok() {
            self.interrupt.forget(&self.path);
        }
    }
}

fn new_name(at: &DirHandle) -> io::Result<OsString> {
    loop {
        let name = OsString::from(format!("{PREFIX}{:012x}", fastrand::u64(..) >> 16));
        match at.new_folder(OsStr::new(&name), 0o700) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| name),
        }
    }
}
