//! Copies of staged files on another file system.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use super::close;
use super::dir_handle::DirHandle;
use super::error::Error;
use super::file_kind::FileKind;
use super::notes::Notes;
use crate::interrupt::Interrupt;

/// Copies files, directories and symlinks with their modes and modification times.
pub struct CopyTree<'a> {
    pub interrupt: &'a Interrupt,
    pub notes: &'a Notes,
}

/// An entry of a directory.
type Entry<'a> = (&'a DirHandle, &'a OsStr);

impl CopyTree<'_> {
    /// Copies an entry to a name that does not exist. `display_path` is its destination.
    pub fn copy(&self, from: Entry<'_>, to: Entry<'_>, display_path: &Path) -> Result<(), Error> {
        if self.interrupt.stopping() {
            return Err(Error::Interrupted);
        }
        let doing = || Error::doing("write", display_path);
        let (source, name) = from;
        let (target, new) = to;
        match source.kind(name).map_err(doing())? {
            Some(FileKind::Dir) => {
                let found = source.metadata(name).map_err(doing())?;
                target.create_dir(new, found.mode).map_err(doing())?;
                let inner = source.open_dir(name).map_err(doing())?;
                let copied = target.open_dir(new).map_err(doing())?;
                for name in inner.names().map_err(doing())? {
                    let path = display_path.join(&name);
                    self.copy((&inner, &name), (&copied, &name), &path)?;
                }
                if self.notes.is_durable() {
                    copied.sync().map_err(doing())?;
                }
                self.notes.time_set(target.set_modified(new, found.modified));
            }
            Some(FileKind::Symlink) => {
                let linked = source.read_link(name).and_then(|to| target.create_symlink(&to, new));
                linked.map_err(|source| Error::NoLink { path: display_path.to_owned(), source })?;
            }
            Some(FileKind::File) => self.copy_file(from, to).map_err(doing())?,
            None => return Err(doing()(io::ErrorKind::NotFound.into())),
        }
        Ok(())
    }

    fn copy_file(&self, (source, name): Entry<'_>, (target, new): Entry<'_>) -> io::Result<()> {
        let found = source.metadata(name)?;
        let mut from = source.open_file(name)?;
        let mut to = target.create_file(new, found.mode)?;
        io::copy(&mut from, &mut to)?;
        self.notes.time_set(target.set_modified(new, found.modified));
        if self.notes.is_durable() {
            to.sync_all()?;
        }
        close::close(to)
    }
}
