//! A single file that is written to a temporary file and then renamed atomically.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use super::close;
use super::error::Error;
use super::folder_of::folder_of;
use super::free_space;
use super::special_file;
use super::temp_file::TempFile;
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

/// Permissions of new files, less the umask.
const MODE: u32 = 0o666;

/// A file that appears at its destination on [`AtomicFile::commit`]. Dropping it removes what was
/// written.
#[derive(Debug)]
pub struct AtomicFile {
    dest: PathBuf,
    target: Target,
    durable: bool,
    interrupt: Interrupt,
}

#[derive(Debug)]
enum Target {
    /// A temporary file in the directory of the destination.
    Renamed(TempFile),
    /// An unnamed temporary file, whose content is copied to the open destination: a device, a pipe,
    /// an open file of the process, or a file in a directory that cannot be written.
    Copied { spool: File, to: File, truncate: bool },
}

impl AtomicFile {
    /// Creates a temporary file in the directory of `dest`, which must exist, after which those of
    /// killed runs are removed there. An error means that `dest` cannot be written.
    pub fn create_beside(dest: &Path, interrupt: &Interrupt) -> Result<AtomicFile, Error> {
        let doing = || Error::doing("write", dest);
        let found = fs::metadata(dest);
        if dest_is_folder(dest, &found) {
            return Err(Error::InTheWay { path: dest.to_owned(), what: "a folder" });
        }
        let target = match special_file::open(dest).map_err(doing())? {
            Some(to) => Target::Copied { spool: temp_file()?, to, truncate: false },
            None => match TempFile::create_in(folder_of(dest), MODE, interrupt) {
                Ok(file) => Target::Renamed(file),
                Err(error) => match open_in_place(dest, &found, &error) {
                    Some(to) => Target::Copied { spool: temp_file()?, to, truncate: true },
                    None => return Err(doing()(error)),
                },
            },
        };
        Ok(AtomicFile {
            dest: dest.to_owned(),
            target,
            durable: false,
            interrupt: interrupt.clone(),
        })
    }

    /// Sets whether the file is synced to the disk before it appears.
    pub fn durable(self, durable: bool) -> AtomicFile {
        AtomicFile { durable, ..self }
    }

    /// Fails with [`Error::NoSpace`] if `needed` bytes certainly do not fit on the file system.
    pub fn require_free_space(&mut self, needed: u128) -> Result<(), Error> {
        let dest = self.dest.clone();
        free_space::require(needed, &*self.file(), &dest)
    }

    /// Returns the temporary file, open for reading and writing.
    pub fn file(&mut self) -> &mut File {
        match &mut self.target {
            Target::Renamed(file) => file.file(),
            Target::Copied { spool, .. } => spool,
        }
    }

    /// Reports the errors of the writes so far that the file system has kept back.
    pub fn check(&mut self) -> io::Result<()> {
        close::check(self.file())
    }

    /// Puts the file in place. `on_conflict` decides about a file that exists there by now.
    pub fn commit(mut self, on_conflict: OnConflict) -> Result<(), Error> {
        let doing = || Error::doing("write", &self.dest);
        if self.durable {
            let file = match &mut self.target {
                Target::Renamed(file) => file.file(),
                Target::Copied { spool, .. } => spool,
            };
            file.sync_all().map_err(doing())?;
        }
        match self.target {
            Target::Renamed(file) => {
                file.persist(&self.dest, on_conflict, &self.interrupt)?;
                match self.durable {
                    true => sync_folder(folder_of(&self.dest)).map_err(doing()),
                    false => Ok(()),
                }
            }
            Target::Copied { mut spool, mut to, truncate } => {
                let copied = spool.rewind().and_then(|()| {
                    if truncate {
                        to.set_len(0)?;
                    }
                    io::copy(&mut spool, &mut to)?;
                    if self.durable && truncate {
                        to.sync_all()?;
                    }
                    close::close(to)
                });
                copied.map_err(doing())
            }
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

/// Creates an unnamed file in the directory of the system for temporary files. It is deleted when it
/// is closed.
pub fn temp_file() -> Result<File, Error> {
    tempfile::tempfile()
        .map_err(|source| Error::TempFile { dir: tempfile::env::temp_dir(), source })
}

/// Returns true for a path that names a folder, also by a `/` at its end.
fn dest_is_folder(dest: &Path, found: &io::Result<fs::Metadata>) -> bool {
    found.as_ref().is_ok_and(fs::Metadata::is_dir) || dest.file_name().is_none()
}

/// Opens an existing file to write it in place, if its folder cannot be written.
fn open_in_place(dest: &Path, found: &io::Result<fs::Metadata>, error: &io::Error) -> Option<File> {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    let refused = matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem);
    let is_file = found.as_ref().is_ok_and(fs::Metadata::is_file);
    (refused && is_file).then(|| File::options().write(true).open(dest).ok())?
}

/// Syncs a directory, so that a rename in it is on the disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
