//! Access to paths below an open directory, one component at a time and never through a symlink.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::dir_handle::DirHandle;
use super::file_kind::FileKind;

/// Number of directory handles kept open for reuse; consecutive paths are usually close together.
const MAX_OPEN_DIRS: usize = 24;

/// A directory and everything below it. All paths are relative to it; it can be shared by threads.
#[derive(Debug)]
pub struct DirTree {
    root: Arc<DirHandle>,
    /// The directories opened last, oldest first.
    open: Mutex<Vec<(PathBuf, Arc<DirHandle>)>>,
}

impl DirTree {
    pub fn new(root: Arc<DirHandle>) -> DirTree {
        DirTree { root, open: Mutex::default() }
    }

    /// Opens a directory.
    pub fn open_dir(&self, path: &Path) -> io::Result<Arc<DirHandle>> {
        let (Some(parent), Some(name)) = (path.parent(), path.components().next_back()) else {
            return Ok(Arc::clone(&self.root));
        };
        // Bytes suffice: a path in another spelling is opened once more.
        let is_path = |(known, _): &&(PathBuf, _)| known.as_os_str() == path.as_os_str();
        let lock = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, dir)) = lock().iter().rev().find(is_path) {
            return Ok(Arc::clone(dir));
        }
        let dir = match self.root.open_beneath(path) {
            Some(dir) => dir,
            None => self.open_dir(parent)?.open_dir(name.as_os_str())?,
        };
        let dir = Arc::new(dir);
        let mut open = lock();
        if open.len() >= MAX_OPEN_DIRS {
            open.remove(0);
        }
        open.push((path.to_owned(), Arc::clone(&dir)));
        Ok(dir)
    }

    /// Creates a file with a single system call, if the system has such a call, its directory exists
    /// and its name does not.
    pub fn create_file(&self, path: &Path, mode: u32) -> Option<File> {
        self.root.create_beneath(path, mode)
    }

    /// Closes the directories that are kept open, because one of them was removed.
    pub fn close_dirs(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Opens the parent directory of a path; returns it with the last component of the path.
    pub fn open_parent<'a>(&self, path: &'a Path) -> io::Result<(Arc<DirHandle>, &'a OsStr)> {
        let name = path.components().next_back().ok_or(io::ErrorKind::InvalidInput)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        Ok((self.open_dir(parent)?, name.as_os_str()))
    }

    /// Returns the kind of the entry at a path, or `None` if it or its parent does not exist.
    pub fn kind(&self, path: &Path) -> io::Result<Option<FileKind>> {
        if path.as_os_str().is_empty() {
            return Ok(Some(FileKind::Dir));
        }
        match self.open_parent(path) {
            Ok((parent, name)) => parent.kind(name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates the missing directories of a path.
    pub fn create_dir_all(&self, path: &Path, mode: u32) -> io::Result<()> {
        let create =
            || self.open_parent(path).and_then(|(parent, name)| parent.create_dir(name, mode));
        let created = match (create(), path.parent()) {
            (Err(error), Some(parent))
                if error.kind() == io::ErrorKind::NotFound && !parent.as_os_str().is_empty() =>
            {
                self.create_dir_all(parent, mode)?;
                create()
            }
            (created, _) => created,
        };
        match created {
            // Another thread may have created the same directory.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            created => created,
        }
    }
}
