//! Files of a staging: their creation and their writing.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::close;
use super::dir_handle::DirHandle;
use super::error::Error;
use super::modes::file_mode;
use super::positioned_write::write_all_at;
use super::staging::Staging;

/// Creator of files for one thread. It keeps the last directory that it opened, because most archives
/// hold the files of a directory one after another.
#[derive(Debug)]
pub struct FileCreator<'a> {
    staging: &'a Staging,
    last: Option<(&'a Path, Arc<DirHandle>)>,
}

/// A staged file that is being written; [`NewFile::finish`] closes it.
#[derive(Debug)]
pub struct NewFile<'a> {
    file: File,
    /// Relative to the destination.
    path: &'a Path,
    staging: &'a Staging,
}

impl Staging {
    /// Returns a creator of files for one thread.
    pub fn file_creator(&self) -> FileCreator<'_> {
        FileCreator { staging: self, last: None }
    }

    /// Creates one file, as [`FileCreator::create`] does.
    pub fn create_file<'a>(
        &'a self,
        path: &'a Path,
        mode: Option<u32>,
    ) -> Result<NewFile<'a>, Error> {
        self.file_creator().create(path, mode)
    }
}

impl<'a> FileCreator<'a> {
    /// Creates a file and its missing directories, and opens it for writing. Several threads can
    /// create files in a staging at the same time.
    ///
    /// # Errors
    /// If the file is staged already or cannot be created.
    pub fn create(&mut self, path: &'a Path, mode: Option<u32>) -> Result<NewFile<'a>, Error> {
        let (staging, mode) = (self.staging, file_mode(mode));
        let parent = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().unwrap_or(OsStr::new(""));
        let file = match &self.last {
            Some((last, dir)) if last.as_os_str() == parent.as_os_str() => {
                dir.create_file(name, mode)
            }
            // In a directory that exists, a single system call opens the path.
            _ => match staging.has_dir(parent).then(|| staging.tree.create_file(path, mode)) {
                Some(Some(file)) => Ok(file),
                // The directory is missing, the system has no such call, or the call failed: then the
                // steps below return its error.
                _ => {
                    staging.create_parent(path)?;
                    staging.tree.open_dir(parent).and_then(|dir| {
                        let (_, dir) = self.last.insert((parent, dir));
                        dir.create_file(name, mode)
                    })
                }
            },
        };
        let file = file.map_err(|error| staging.error("write", path, error))?;
        Ok(NewFile { file, path, staging })
    }
}

impl NewFile<'_> {
    /// Sets the modification time, in seconds since the Unix epoch, and closes the file.
    ///
    /// # Errors
    /// If not everything was written, which some file systems report only now.
    pub fn finish(self, modified: Option<i64>) -> Result<(), Error> {
        let NewFile { file, path, staging: Staging { notes, dest, .. } } = self;
        if let Some(time) = modified.and_then(system_time) {
            notes.time_set(file.set_modified(time));
        }
        let synced = if notes.is_durable() { file.sync_all() } else { Ok(()) };
        let closed = synced.and_then(|()| close::close(file));
        closed.map_err(|error| Error::doing("write", &dest.join(path))(error))
    }

    /// Writes bytes at a position, in bytes from the start of the file.
    pub fn write_all_at(&self, bytes: &[u8], position: u64) -> Result<(), Error> {
        let written = write_all_at(&self.file, bytes, position);
        written.map_err(|error| Error::doing("write", &self.staging.dest.join(self.path))(error))
    }
}

impl Write for &NewFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.file).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&self.file).flush()
    }
}

/// Converts seconds since the Unix epoch; `None` if the system cannot represent the time.
fn system_time(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance),
    }
}
