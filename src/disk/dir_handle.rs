//! A folder by its handle, on unix: what is done in it is done there, even if somebody puts a link
//! in its place meanwhile. No name that is given here is followed if it is a link.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, Timespec, Timestamps};
use rustix::io::Errno;

use super::Kind;

/// An open folder.
#[derive(Debug)]
pub struct DirHandle(OwnedFd);

/// The file system and the number that a file or folder has there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity(i128, i128);

/// A handle for going on from, which takes no permission to read the folder.
#[cfg(target_os = "linux")]
const PASSING: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const PASSING: OFlags = OFlags::RDONLY;

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

impl DirHandle {
    /// The folder that the user has named; links on the way are the user's own.
    pub fn named(path: &Path) -> io::Result<DirHandle> {
        Ok(DirHandle(rustix::fs::openat(CWD, path, PASSING | FOLDER, Mode::empty())?))
    }

    pub fn inner(&self, name: &OsStr) -> io::Result<DirHandle> {
        let flags = PASSING | FOLDER | OFlags::NOFOLLOW;
        Ok(DirHandle(rustix::fs::openat(&self.0, name, flags, Mode::empty())?))
    }

    /// A folder further below, with one call where the system has such a call; none where it has
    /// not, or where that folder is not to be had.
    pub fn below(&self, path: &Path) -> Option<DirHandle> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{ResolveFlags, openat2};
            let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
            openat2(&self.0, path, PASSING | FOLDER, Mode::empty(), resolve).ok().map(DirHandle)
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = path;
            None
        }
    }

    /// What is there under this name; none if nothing is.
    pub fn kind(&self, name: &OsStr) -> io::Result<Option<Kind>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(match FileType::from_raw_mode(found.st_mode) {
                FileType::Directory => Kind::DirHandle,
                FileType::Symlink => Kind::Link,
                _ => Kind::File,
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What tells the file or folder of this name from all others; none if nothing is there.
    pub fn identity(&self, name: &OsStr) -> io::Result<Option<Identity>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(Identity(found.st_dev.into(), found.st_ino.into()))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// All names in this folder, sorted.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let list = rustix::fs::openat(&self.0, ".", OFlags::RDONLY | FOLDER, Mode::empty())?;
        let mut names = Vec::new();
        for entry in Dir::new(list)? {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// A file that was not there before, open for writing.
    pub fn new_file(&self, name: &OsStr, mode: u32) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, bits(mode))?.into())
    }

    /// A file without a name.
    pub fn nameless(&self) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let name = format!("spool-{:016x}", fastrand::u64(..));
        let file = rustix::fs::openat(&self.0, &name, flags, bits(0o600))?;
        rustix::fs::unlinkat(&self.0, &name, AtFlags::empty())?;
        Ok(file.into())
    }

    /// A file that is there, open for reading.
    pub fn file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::empty())?.into())
    }

    pub fn new_folder(&self, name: &OsStr, mode: u32) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, bits(mode))?)
    }

    pub fn new_link(&self, target: &str, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.0, name)?)
    }

    /// Dates the folder of this name, in seconds since 1970.
    pub fn date_folder(&self, name: &OsStr, seconds: i64) -> io::Result<()> {
        let date = Timespec { tv_sec: seconds, tv_nsec: 0 };
        let read = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT };
        let dates = Timestamps { last_access: read, last_modification: date };
        Ok(rustix::fs::utimensat(&self.0, name, &dates, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Gives it another name, in place of whatever file has that name.
    pub fn rename(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, name, &to.0, new)?)
    }

    /// Gives it a name that nothing has, or says that something has it.
    pub fn rename_new(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        {
            let flags = rustix::fs::RenameFlags::NOREPLACE;
            match rustix::fs::renameat_with(&self.0, name, &to.0, new, flags) {
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                renamed => return Ok(renamed?),
            }
        }
        self.rename_new_by_link(name, to, new)
    }

    /// The same where the file system knows no such rename.
    pub(super) fn rename_new_by_link(
        &self,
        name: &OsStr,
        to: &DirHandle,
        new: &OsStr,
    ) -> io::Result<()> {
        if self.kind(name)? != Some(Kind::DirHandle) && self.link(name, to, new).is_ok() {
            return Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?);
        }
        // Of folders, a rename replaces none that has something in it.
        match to.kind(new)? {
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => self.rename(name, to, new),
        }
    }

    /// Gives a file or link a second name.
    pub fn link(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.0, name, &to.0, new, AtFlags::empty())?)
    }

    /// Removes a folder that has nothing in it.
    pub fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Removes what has this name, and all that is in it.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        if self.kind(name)? != Some(Kind::DirHandle) {
            return Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?);
        }
        let inner = self.inner(name)?;
        for name in inner.names()? {
            inner.remove(&name)?;
        }
        self.remove_folder(name)
    }
}

impl AsFd for DirHandle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn bits(mode: u32) -> Mode {
    Mode::from_raw_mode(mode as RawMode)
}
