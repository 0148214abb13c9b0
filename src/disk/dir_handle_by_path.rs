//! Directory handles for systems other than Unix, implemented with paths because the standard
//! library has no operations relative to an open directory there. The operations are documented in
//! `dir_handle.rs`; comments here say what differs.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::entry_state::EntryState;
use super::file_kind::FileKind;
use crate::model::EntryKind;

/// A directory that existed when it was opened.
#[derive(Debug)]
pub struct DirHandle(PathBuf);

/// The creation time of a file or directory, its length, and true for a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity(Option<SystemTime>, u64, bool);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mount;

#[derive(Debug, Clone, Copy)]
pub struct Metadata {
    pub mode: u32,
    pub modified: Modified,
}

#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "the times of directories cannot be set here")]
pub struct Modified {
    pub seconds: i64,
    pub nanoseconds: i64,
}

/// Fails for a file that another program has open and does not let others remove: nor could a hard
/// link to it be removed again.
#[cfg(windows)]
fn may_be_removed(path: &Path) -> io::Result<()> {
    use std::os::windows::fs::OpenOptionsExt;
    /// Of the Windows API: the right to delete a file, and the flag to open a symlink itself.
    const DELETE: u32 = 0x0001_0000;
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    let mut options = fs::OpenOptions::new();
    options.access_mode(DELETE).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path).map(|_| ())
}

impl DirHandle {
    pub fn open(path: &Path) -> io::Result<DirHandle> {
        match fs::metadata(path)?.is_dir() {
            true => Ok(DirHandle(path.to_owned())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub fn open_dir(&self, name: &OsStr) -> io::Result<DirHandle> {
        match self.kind(name)? {
            Some(FileKind::Dir) => Ok(DirHandle(self.0.join(name))),
            Some(_) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Returns `None`: here directories are opened one component at a time.
    pub fn open_beneath(&self, _path: &Path) -> Option<DirHandle> {
        None
    }

    /// Returns `None`, as [`Self::open_beneath`] does.
    pub fn create_beneath(&self, _path: &Path, _mode: u32) -> Option<File> {
        None
    }

    pub fn kind(&self, name: &OsStr) -> io::Result<Option<FileKind>> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(found) if found.is_symlink() => Ok(Some(FileKind::Symlink)),
            Ok(found) if found.is_dir() => Ok(Some(FileKind::Dir)),
            Ok(_) => Ok(Some(FileKind::File)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the identity of an entry, as far as the standard library reports one, or `None` if
    /// there is no such entry.
    pub fn identity(&self, name: &OsStr) -> io::Result<Option<Identity>> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(found) => Ok(Some(Identity(found.created().ok(), found.len(), found.is_dir()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let list = fs::read_dir(&self.0)?;
        let mut names = list.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    pub fn create_file(&self, name: &OsStr, _mode: u32) -> io::Result<File> {
        File::options().write(true).create_new(true).open(self.0.join(name))
    }

    /// Creates a file that no other program can remove while it is open.
    pub fn create_lock(&self, name: &OsStr) -> io::Result<File> {
        /// Of the Windows API: others may read the file.
        const FILE_SHARE_READ: u32 = 1;
        let mut options = File::options();
        #[cfg(windows)]
        std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, FILE_SHARE_READ);
        options.write(true).create_new(true).open(self.0.join(name))
    }

    pub fn create_readable(&self, name: &OsStr, _mode: u32) -> io::Result<File> {
        File::options().read(true).write(true).create_new(true).open(self.0.join(name))
    }

    pub fn open_file(&self, name: &OsStr) -> io::Result<File> {
        File::open(self.0.join(name))
    }

    pub fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    /// Creates a file that is deleted when it is closed.
    pub fn create_unnamed(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.0)
    }

    pub fn create_dir(&self, name: &OsStr, _mode: u32) -> io::Result<()> {
        fs::create_dir(self.0.join(name))
    }

    /// Creates a symlink; fails if the name exists. Windows has different symlinks for files and for
    /// directories, so the target decides which is created; a missing target counts as a file.
    #[cfg(windows)]
    pub fn create_symlink(&self, target: &OsStr, name: &OsStr) -> io::Result<()> {
        let target = target.to_string_lossy().replace('/', "\\");
        match self.0.join(&target).is_dir() {
            true => std::os::windows::fs::symlink_dir(target, self.0.join(name)),
            false => std::os::windows::fs::symlink_file(target, self.0.join(name)),
        }
    }

    pub fn read_link(&self, name: &OsStr) -> io::Result<OsString> {
        Ok(fs::read_link(self.0.join(name))?.into_os_string())
    }

    /// Returns the modification time of an entry; there are no permissions.
    pub fn metadata(&self, name: &OsStr) -> io::Result<Metadata> {
        let modified = fs::symlink_metadata(self.0.join(name))?.modified()?;
        let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        let modified = Modified { seconds, nanoseconds: since.subsec_nanos().into() };
        Ok(Metadata { mode: 0o777, modified })
    }

    /// Does nothing: the standard library cannot open a directory to set its time, so directories
    /// keep the time of their creation.
    pub fn set_modified(&self, _name: &OsStr, _modified: Modified) -> io::Result<()> {
        Ok(())
    }

    /// Returns a value that is equal for all directories: renames across volumes fail here.
    pub fn mount(&self) -> io::Result<Mount> {
        Ok(Mount)
    }

    /// Returns true: the standard library cannot tell it.
    pub fn is_writable(&self, _name: &OsStr) -> bool {
        true
    }

    /// Does nothing: the standard library cannot sync a directory.
    pub fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    pub fn rename(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(name), to.0.join(new))
    }

    pub fn rename_no_replace(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        if self.kind(name)? != Some(FileKind::Dir) && self.hard_link(name, to, new).is_ok() {
            return fs::remove_file(self.0.join(name));
        }
        match to.kind(new)? {
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => self.rename(name, to, new),
        }
    }

    /// Creates a hard link to a file.
    pub fn hard_link(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        #[cfg(windows)]
        may_be_removed(&self.0.join(name))?;
        fs::hard_link(self.0.join(name), to.0.join(new))
    }

    pub fn remove_dir(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.0.join(name))
    }

    /// Removes a directory and everything in it.
    pub fn remove_all(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir_all(self.0.join(name))
    }
}

impl DirHandle {
    pub fn state(&self, name: &OsStr) -> io::Result<Option<EntryState>> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(found) => Ok(Some(EntryState {
                kind: if found.is_symlink() {
                    EntryKind::Link
                } else if found.is_dir() {
                    EntryKind::Folder
                } else if found.is_file() {
                    EntryKind::File
                } else {
                    EntryKind::Special
                },
                size: found.len(),
                mode: None,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the target of a symlink, with `/` as archives write it.
    pub fn link_target(&self, name: &OsStr) -> io::Result<OsString> {
        let target = fs::read_link(self.0.join(name))?.into_os_string();
        Ok(match target.to_str() {
            Some(target) => target.replace('\\', "/").into(),
            None => target,
        })
    }

    /// Does nothing: there are no permission bits.
    pub fn set_mode(&self, _name: &OsStr, _mode: u32) -> io::Result<()> {
        Ok(())
    }
}
