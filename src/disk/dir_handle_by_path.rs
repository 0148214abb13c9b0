//! A folder by its path, where the system has no safe way to work by handles.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Kind;

/// A folder that was there when it was asked for.
#[derive(Debug)]
pub struct DirHandle(PathBuf);

/// When it was made, and its length unless it is a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity(Option<SystemTime>, u64, bool);

impl DirHandle {
    /// The folder that the user has named; links on the way are the user's own.
    pub fn named(path: &Path) -> io::Result<DirHandle> {
        match fs::metadata(path)?.is_dir() {
            true => Ok(DirHandle(path.to_owned())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub fn inner(&self, name: &OsStr) -> io::Result<DirHandle> {
        match self.kind(name)? {
            Some(Kind::DirHandle) => Ok(DirHandle(self.0.join(name))),
            Some(_) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// No folder can be had without looking at those above it.
    pub fn below(&self, _path: &Path) -> Option<DirHandle> {
        None
    }

    /// What is there under this name; none if nothing is.
    pub fn kind(&self, name: &OsStr) -> io::Result<Option<Kind>> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(found) if found.is_symlink() => Ok(Some(Kind::Link)),
            Ok(found) if found.is_dir() => Ok(Some(Kind::DirHandle)),
            Ok(_) => Ok(Some(Kind::File)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What tells the file or folder of this name from all others, as far as the standard library
    /// tells it; none if nothing is there.
    pub fn identity(&self, name: &OsStr) -> io::Result<Option<Identity>> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(found) => Ok(Some(Identity(found.created().ok(), found.len(), found.is_dir()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All names in this folder, sorted.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let list = fs::read_dir(&self.0)?;
        let mut names = list.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// A file that was not there before, open for writing.
    pub fn new_file(&self, name: &OsStr, _mode: u32) -> io::Result<File> {
        File::options().write(true).create_new(true).open(self.0.join(name))
    }

    /// A file that ends with its handle.
    pub fn nameless(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.0)
    }

    pub fn new_folder(&self, name: &OsStr, _mode: u32) -> io::Result<()> {
        fs::create_dir(self.0.join(name))
    }

    /// Windows has links to files and links to folders; what the target is decides, if it is there.
    #[cfg(windows)]
    pub fn new_link(&self, target: &str, name: &OsStr) -> io::Result<()> {
        let target = target.replace('/', "\\");
        match self.0.join(&target).is_dir() {
            true => std::os::windows::fs::symlink_dir(target, self.0.join(name)),
            false => std::os::windows::fs::symlink_file(target, self.0.join(name)),
        }
    }

    /// Folders keep the date of their making: to open one takes more than the standard library has.
    pub fn date_folder(&self, _name: &OsStr, _seconds: i64) -> io::Result<()> {
        Ok(())
    }

    /// Gives it another name, in place of whatever file has that name.
    pub fn rename(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(name), to.0.join(new))
    }

    /// Gives it a name that nothing has, or says that something has it.
    pub fn rename_new(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        if self.kind(name)? != Some(Kind::DirHandle) && self.link(name, to, new).is_ok() {
            return fs::remove_file(self.0.join(name));
        }
        match to.kind(new)? {
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => self.rename(name, to, new),
        }
    }

    /// Gives a file a second name.
    pub fn link(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        fs::hard_link(self.0.join(name), to.0.join(new))
    }

    /// Removes a folder that has nothing in it.
    pub fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.0.join(name))
    }

    /// Removes a folder and all that is in it.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir_all(self.0.join(name))
    }
}
