//! Paths below a folder that is open, gone through folder by folder and never through a link.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::Kind;
use super::dir_handle::DirHandle;

/// So many folders are kept open, because the next path is most often near the last one.
const MOST: usize = 24;

/// A folder with what is below it; from any thread. All paths are relative to it.
#[derive(Debug)]
pub struct DirTree {
    root: Arc<DirHandle>,
    open: Mutex<HashMap<PathBuf, Arc<DirHandle>>>,
}

impl DirTree {
    pub fn new(root: Arc<DirHandle>) -> DirTree {
        DirTree { root, open: Mutex::default() }
    }

    /// Opens a folder.
    pub fn folder(&self, path: &Path) -> io::Result<Arc<DirHandle>> {
        let (Some(parent), Some(name)) = (path.parent(), path.components().next_back()) else {
            return Ok(Arc::clone(&self.root));
        };
        let known = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(folder) = known {
            return Ok(folder);
        }
        let folder = match self.root.below(path) {
            Some(folder) => folder,
            None => self.folder(parent)?.inner(name.as_os_str())?,
        };
        let folder = Arc::new(folder);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MOST {
            open.clear();
        }
        open.insert(path.to_owned(), Arc::clone(&folder));
        Ok(folder)
    }

    /// The folder a path is in, and its name there.
    pub fn place<'a>(&self, path: &'a Path) -> io::Result<(Arc<DirHandle>, &'a OsStr)> {
        let name = path.components().next_back().ok_or(io::ErrorKind::InvalidInput)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        Ok((self.folder(parent)?, name.as_os_str()))
    }

    /// What is there; none if nothing is, not even the folder it would be in.
    pub fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        if path.as_os_str().is_empty() {
            return Ok(Some(Kind::DirHandle));
        }
        match self.place(path) {
            Ok((folder, name)) => folder.kind(name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the folders of this path that are missing.
    pub fn make_folders(&self, path: &Path, mode: u32) -> io::Result<()> {
        let make = || self.place(path).and_then(|(folder, name)| folder.new_folder(name, mode));
        let made = match (make(), path.parent()) {
            (Err(error), Some(parent))
                if error.kind() == io::ErrorKind::NotFound && !parent.as_os_str().is_empty() =>
            {
                self.make_folders(parent, mode)?;
                make()
            }
            (made, _) => made,
        };
        match made {
            // Several threads may want the same folder.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }
}
