//! Directory handles for Unix. Operations go to the opened directory even if another process
//! replaces its path with a symlink in the meantime, and no name given here is followed if it is a
//! symlink.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, Timespec, Timestamps};
use rustix::io::Errno;

use super::entry_state::EntryState;
use super::file_kind::FileKind;
use super::temp_layout::SPOOL_PREFIX;
use crate::model::EntryKind;

/// An open directory.
#[derive(Debug)]
pub struct DirHandle(OwnedFd);

/// The device and inode number of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity(i128, i128);

/// A mounted file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mount(i128, u64);

/// Permissions and modification time of a file or directory.
#[derive(Debug, Clone, Copy)]
pub struct Metadata {
    pub mode: u32,
    pub modified: Modified,
}

/// A modification time since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub struct Modified {
    pub seconds: i64,
    pub nanoseconds: i64,
}

/// Flag for opening a directory only for path lookup, which needs no read permission on it.
#[cfg(target_os = "linux")]
const LOOKUP: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const LOOKUP: OFlags = OFlags::RDONLY;

/// Flags for opening directories and nothing else.
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

impl DirHandle {
    /// Opens a directory that the user named. Symlinks in this path are followed, because the user
    /// chose it.
    pub fn open(path: &Path) -> io::Result<DirHandle> {
        Ok(DirHandle(rustix::fs::openat(CWD, path, LOOKUP | DIRECTORY, Mode::empty())?))
    }

    /// Opens a subdirectory, but not through a symlink.
    pub fn open_dir(&self, name: &OsStr) -> io::Result<DirHandle> {
        let flags = LOOKUP | DIRECTORY | OFlags::NOFOLLOW;
        Ok(DirHandle(rustix::fs::openat(&self.0, name, flags, Mode::empty())?))
    }

    /// Opens a directory at any depth below this one with a single system call and without
    /// following symlinks. Returns `None` if the system has no such call or the call fails; the
    /// caller then falls back to opening one component at a time.
    pub fn open_beneath(&self, path: &Path) -> Option<DirHandle> {
        self.openat2(path, LOOKUP | DIRECTORY, Mode::empty()).map(DirHandle)
    }

    /// Creates a file at any depth below this directory, by the rules of [`Self::open_beneath`], and
    /// opens it for writing. Returns `None` if the name exists, too.
    pub fn create_beneath(&self, path: &Path, mode: u32) -> Option<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        self.openat2(path, flags, to_mode(mode)).map(File::from)
    }

    #[cfg(target_os = "linux")]
    fn openat2(&self, path: &Path, flags: OFlags, mode: Mode) -> Option<OwnedFd> {
        use rustix::fs::{ResolveFlags, openat2};
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        openat2(&self.0, path, flags, mode, resolve).ok()
    }

    #[cfg(not(target_os = "linux"))]
    fn openat2(&self, _path: &Path, _flags: OFlags, _mode: Mode) -> Option<OwnedFd> {
        None
    }

    /// Returns the kind of an entry, or `None` if there is no such entry.
    pub fn kind(&self, name: &OsStr) -> io::Result<Option<FileKind>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(match FileType::from_raw_mode(found.st_mode) {
                FileType::Directory => FileKind::Dir,
                FileType::Symlink => FileKind::Symlink,
                _ => FileKind::File,
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the identity of an entry, or `None` if there is no such entry.
    pub fn identity(&self, name: &OsStr) -> io::Result<Option<Identity>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(Identity(found.st_dev.into(), found.st_ino.into()))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the identity of this directory itself.
    pub fn own_identity(&self) -> io::Result<Identity> {
        let found = rustix::fs::fstat(&self.0)?;
        Ok(Identity(found.st_dev.into(), found.st_ino.into()))
    }

    /// Opens the parent directory.
    pub fn open_parent(&self) -> io::Result<DirHandle> {
        self.open_dir(OsStr::new(".."))
    }

    /// Returns the names of all entries, sorted.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let list = rustix::fs::openat(&self.0, ".", OFlags::RDONLY | DIRECTORY, Mode::empty())?;
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

    /// Creates a file and opens it for writing; fails if the name exists.
    pub fn create_file(&self, name: &OsStr, mode: u32) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, to_mode(mode))?.into())
    }

    /// Creates a file and opens it for reading and writing; fails if the name exists.
    pub fn create_readable(&self, name: &OsStr, mode: u32) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, to_mode(mode))?.into())
    }

    /// Creates a file without a name, open for reading and writing; it is deleted when it is closed.
    pub fn create_unnamed(&self) -> io::Result<File> {
        let name = OsString::from(format!("{SPOOL_PREFIX}{:016x}", fastrand::u64(..)));
        let file = self.create_readable(&name, 0o600)?;
        self.remove_file(&name)?;
        Ok(file)
    }

    /// Opens an existing file for reading.
    pub fn open_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::empty())?.into())
    }

    /// Opens an existing file so that it can be locked, which some network file systems allow only
    /// for writing.
    pub fn open_for_lock(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, Mode::empty())?.into())
    }

    /// Creates a subdirectory; fails if the name exists.
    pub fn create_dir(&self, name: &OsStr, mode: u32) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.0, name, to_mode(mode))?)
    }

    /// Creates a symlink; fails if the name exists.
    pub fn create_symlink(&self, target: &OsStr, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.0, name)?)
    }

    /// Returns the target of a symlink.
    pub fn read_link(&self, name: &OsStr) -> io::Result<OsString> {
        let target = rustix::fs::readlinkat(&self.0, name, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()))
    }

    /// Returns the permissions and the modification time of an entry.
    pub fn metadata(&self, name: &OsStr) -> io::Result<Metadata> {
        let found = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let modified = Modified { seconds: found.st_mtime, nanoseconds: found.st_mtime_nsec as _ };
        let mode = (found.st_mode as u32) & 0o777;
        Ok(Metadata { mode, modified })
    }

    /// Sets the modification time of an entry.
    pub fn set_modified(&self, name: &OsStr, modified: Modified) -> io::Result<()> {
        let Modified { seconds, nanoseconds } = modified;
        let date = Timespec { tv_sec: seconds, tv_nsec: nanoseconds as _ };
        let read = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT };
        let dates = Timestamps { last_access: read, last_modification: date };
        Ok(rustix::fs::utimensat(&self.0, name, &dates, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Returns the mounted file system that the directory is on.
    pub fn mount(&self) -> io::Result<Mount> {
        let device = i128::from(rustix::fs::fstat(&self.0)?.st_dev);
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{StatxFlags, statx};
            // A part of a file system that is mounted a second time has the same device.
            let found = statx(&self.0, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID);
            Ok(Mount(device, found.map_or(0, |found| found.stx_mnt_id)))
        }
        #[cfg(not(target_os = "linux"))]
        Ok(Mount(device, 0))
    }

    /// Returns true if entries can probably be created in a directory.
    pub fn is_writable(&self, name: &OsStr) -> bool {
        use rustix::fs::{Access, accessat};
        accessat(&self.0, name, Access::WRITE_OK, AtFlags::empty()).is_ok()
    }

    /// Waits until the entries of the directory are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        let flags = OFlags::RDONLY | DIRECTORY;
        Ok(rustix::fs::fsync(rustix::fs::openat(&self.0, ".", flags, Mode::empty())?)?)
    }

    /// Renames an entry atomically; an existing file of the new name is replaced.
    pub fn rename(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, name, &to.0, new)?)
    }

    /// Renames an entry without replacing anything; fails with `AlreadyExists` if the new name exists.
    pub fn rename_no_replace(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        {
            let flags = rustix::fs::RenameFlags::NOREPLACE;
            match rustix::fs::renameat_with(&self.0, name, &to.0, new, flags) {
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
                renamed => return Ok(renamed?),
            }
        }
        self.rename_no_replace_by_link(name, to, new)
    }

    /// Implements [`Self::rename_no_replace`] for file systems without `RENAME_NOREPLACE`: by a
    /// hard link where possible, else by a check before the rename.
    pub(super) fn rename_no_replace_by_link(
        &self,
        name: &OsStr,
        to: &DirHandle,
        new: &OsStr,
    ) -> io::Result<()> {
        if self.kind(name)? != Some(FileKind::Dir) && self.hard_link(name, to, new).is_ok() {
            return Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?);
        }
        // The check can race with another process, but a rename never replaces a directory that is
        // not empty.
        match to.kind(new)? {
            Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            None => self.rename(name, to, new),
        }
    }

    /// Creates a hard link to a file or symlink.
    pub fn hard_link(&self, name: &OsStr, to: &DirHandle, new: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.0, name, &to.0, new, AtFlags::empty())?)
    }

    /// Removes an empty directory.
    pub fn remove_dir(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Removes an entry that is no directory.
    pub fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }
}

impl DirHandle {
    /// Returns the state of an entry, which is not followed if it is a symlink; `None` if there is
    /// no such entry.
    pub fn state(&self, name: &OsStr) -> io::Result<Option<EntryState>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(EntryState {
                kind: match FileType::from_raw_mode(found.st_mode) {
                    FileType::Directory => EntryKind::Folder,
                    FileType::Symlink => EntryKind::Link,
                    FileType::RegularFile => EntryKind::File,
                    _ => EntryKind::Special,
                },
                size: u64::try_from(found.st_size).unwrap_or_default(),
                // Systems have modes of 16 or of 32 bits.
                mode: Some((u64::from(found.st_mode) & 0o7777) as u32),
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the target of a symlink.
    pub fn link_target(&self, name: &OsStr) -> io::Result<OsString> {
        let target = rustix::fs::readlinkat(&self.0, name, Vec::new())?;
        Ok(OsStr::from_bytes(target.to_bytes()).to_owned())
    }

    /// Sets the permission bits of a file or subdirectory.
    pub fn set_mode(&self, name: &OsStr, mode: u32) -> io::Result<()> {
        Ok(rustix::fs::fchmod(self.open_file(name)?, to_mode(mode))?)
    }
}

impl AsFd for DirHandle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn to_mode(mode: u32) -> Mode {
    Mode::from_raw_mode(mode as RawMode)
}
