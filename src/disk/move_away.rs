//! Moves entries of the destination out of the way, to where a roll-back finds them.

use std::io;
use std::path::{Path, PathBuf};

use super::commit::{Change, Transaction, cannot_rename_dirs};
use super::commit_plan::Displaced;
use super::error::Error;
use super::file_kind::FileKind;
use super::temp_layout::REMOVED;

impl Transaction<'_> {
    /// Moves an entry away that was there when the commit was planned.
    ///
    /// # Errors
    /// If another process has put another entry there, so that a new plan is needed.
    pub(super) fn displace(&mut self, displaced: &Displaced, area: usize) -> Result<(), Error> {
        let path = &displaced.path;
        let found = self.base_tree.open_parent(path).and_then(|(dir, name)| dir.identity(name));
        let known = found.and_then(|found| match found == displaced.identity {
            true => Ok(()),
            false => Err(io::ErrorKind::AlreadyExists.into()),
        });
        known.map_err(Error::doing("replace", &self.display_path(path)))?;
        self.move_away(path, area)
    }

    /// Moves an entry to the temporary directory of an area, with everything below it. An entry that
    /// is gone is none to move.
    pub(super) fn move_away(&mut self, path: &Path, area: usize) -> Result<(), Error> {
        match self.rename_away(path, area) {
            Ok(backup) => {
                self.applied.push(Change::MovedAway { path: path.to_owned(), area, backup });
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if cannot_rename_dirs(&error) && self.is_dir(path) => {
                self.move_contents_away(path, area)
            }
            Err(error) => Err(Error::doing("remove", &self.display_path(path))(error)),
        }
    }

    /// Returns the new path in the temporary directory.
    fn rename_away(&self, path: &Path, area: usize) -> io::Result<PathBuf> {
        // An attempt that was rolled back can have left entries there.
        let backup = Path::new(REMOVED).join(format!("{:016x}", fastrand::u64(..)));
        let tree = &self.areas[area].tree;
        let (parent, name) = self.base_tree.open_parent(path)?;
        tree.create_dir_all(Path::new(REMOVED), 0o700)?;
        let (dir, new_name) = tree.open_parent(&backup)?;
        parent.rename_no_replace(name, &dir, new_name)?;
        Ok(backup)
    }

    /// Moves the entries of a directory away one by one, and removes the directory: an overlay file
    /// system does not rename directories of a lower layer, such as that of a container image.
    pub(super) fn move_contents_away(&mut self, path: &Path, area: usize) -> Result<(), Error> {
        let display_path = self.display_path(path);
        let doing = || Error::doing("remove", &display_path);
        let (parent, name) = self.base_tree.open_parent(path).map_err(doing())?;
        let mode = parent.state(name).map_err(doing())?.and_then(|state| state.mode);
        let names = self.base_tree.open_dir(path).and_then(|dir| dir.names()).map_err(doing())?;
        for name in names {
            self.move_away(&path.join(name), area)?;
        }
        parent.remove_dir(name).map_err(doing())?;
        self.base_tree.close_dirs();
        self.applied.push(Change::RemovedDir { path: path.to_owned(), mode });
        Ok(())
    }

    fn is_dir(&self, path: &Path) -> bool {
        matches!(self.base_tree.kind(path), Ok(Some(FileKind::Dir)))
    }
}
