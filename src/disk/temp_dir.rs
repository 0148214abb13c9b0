//! The temporary directory of a run, removed when the run ends. The next run removes the directory
//! of a run that was killed.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dir_handle::DirHandle;
#[cfg(unix)]
use super::stale_temp_dirs;
use super::temp_layout::PREFIX;
use crate::interrupt::Interrupt;

/// A temporary directory. Only its owner has access, because artifacts may contain secrets.
#[derive(Debug)]
pub struct TempDir {
    parent: Arc<DirHandle>,
    name: OsString,
    path: PathBuf,
    handle: Arc<DirHandle>,
    interrupt: Interrupt,
    preserved: bool,
    #[cfg(unix)]
    _lock: Option<std::fs::File>,
}

impl TempDir {
    /// Creates a temporary directory in `parent`, after which stale ones there are removed.
    /// `parent_path` is for error messages and for the cleanup after a signal.
    pub fn create_in(
        parent: Arc<DirHandle>,
        parent_path: &Path,
        interrupt: &Interrupt,
    ) -> io::Result<TempDir> {
        let (name, path) = interrupt.create_tracked(|| {
            let name = create_with_new_name(&parent)?;
            let path = parent_path.join(&name);
            Ok(((name, path.clone()), path))
        })?;
        let handle = match parent.open_dir(&name) {
            Ok(handle) => Arc::new(handle),
            Err(error) => {
                let _ = parent.remove_dir(&name);
                return Err(error);
            }
        };
        let interrupt = interrupt.clone();
        #[cfg(unix)]
        let _lock = stale_temp_dirs::lock(&handle);
        #[cfg(unix)]
        stale_temp_dirs::remove_stale(&parent);
        Ok(TempDir {
            parent,
            name,
            path,
            handle,
            interrupt,
            preserved: false,
            #[cfg(unix)]
            _lock,
        })
    }

    pub fn handle(&self) -> &Arc<DirHandle> {
        &self.handle
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the directory in place when the run ends.
    pub fn preserve(&mut self) {
        self.interrupt.untrack(&self.path);
        self.preserved = true;
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // If removal fails, the path stays tracked, so that cleanup after a signal tries again.
        if !self.preserved && self.parent.remove_all(&self.name).is_ok() {
            self.interrupt.untrack(&self.path);
        }
    }
}

fn create_with_new_name(parent: &DirHandle) -> io::Result<OsString> {
    loop {
        let name = OsString::from(format!("{PREFIX}{:012x}", fastrand::u64(..) >> 16));
        match parent.create_dir(OsStr::new(&name), 0o700) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|()| name),
        }
    }
}
