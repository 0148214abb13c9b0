//! The files and folders below the destination that `--delete` removes. Symlinks to folders are
//! not followed.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit_plan::join_relative;
use super::compare::is_temporary;
use super::dir_handle::Mount;
use super::dir_tree::DirTree;
use super::error::Error;
use super::file_kind::FileKind;
use super::staging::Staging;
use crate::plan::Retention;

impl Staging {
    /// Returns the files and folders that nothing retains, relative to the destination, the content
    /// of a folder before the folder. A folder is returned only if all of its content is.
    /// `displaced` entries are left out.
    pub fn removable(
        &self,
        displaced: &BTreeSet<PathBuf>,
        retention: impl Fn(&Path) -> Retention,
    ) -> Result<Vec<PathBuf>, Error> {
        let retention = |path: &Path| match displaced.contains(path) {
            true => Retention::Excluded,
            false => retention(path),
        };
        self.walk_from(Path::new(""), &retention)
    }

    /// Returns everything below a path, relative to the destination; nothing if it is no folder.
    pub fn contents(&self, path: &Path) -> Result<Vec<PathBuf>, Error> {
        self.walk_from(path, &|_: &Path| Retention::None)
    }

    fn walk_from(
        &self,
        folder: &Path,
        retention: &dyn Fn(&Path) -> Retention,
    ) -> Result<Vec<PathBuf>, Error> {
        let mut walk = Walk {
            tree: DirTree::new(Arc::clone(&self.base)),
            dest: &self.dest,
            retention,
            removable: Vec::new(),
        };
        if self.dest_in_base.as_os_str().is_empty() {
            let kind = walk.tree.kind(folder);
            let kind = kind.map_err(Error::doing("look at", &join_relative(&self.dest, folder)))?;
            if kind == Some(FileKind::Dir) {
                walk.folder(folder, None)?;
            }
        }
        Ok(walk.removable)
    }
}

struct Walk<'a> {
    tree: DirTree,
    dest: &'a Path,
    retention: &'a dyn Fn(&Path) -> Retention,
    removable: Vec<PathBuf>,
}

impl Walk<'_> {
    /// Walks through a folder, and returns true if something in it is retained. `above` is the file
    /// system of its parent: a folder that something is mounted on cannot be removed.
    fn folder(&mut self, folder: &Path, above: Option<Mount>) -> Result<bool, Error> {
        let listed = self.tree.open_dir(folder).and_then(|dir| Ok((dir.mount()?, dir.names()?)));
        let (mount, names) = match listed {
            Ok(listed) => listed,
            // Another process has removed it since its parent was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => {
                return Err(Error::doing("list", &join_relative(self.dest, folder))(error));
            }
        };
        let mut retains = above.is_some_and(|above| above != mount);
        for name in names {
            let path = folder.join(&name);
            let retention = match is_temporary(&name) {
                true => Retention::Excluded,
                false => (self.retention)(&path),
            };
            if retention == Retention::Excluded {
                retains = true;
                continue;
            }
            let kind =
                self.tree.kind(&path).map_err(Error::doing("look at", &self.dest.join(&path)))?;
            let below = kind == Some(FileKind::Dir) && self.folder(&path, Some(mount))?;
            if below || retention == Retention::Held {
                retains = true;
            } else {
                self.removable.push(path);
            }
        }
        Ok(retains)
    }
}
