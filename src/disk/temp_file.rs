//! A single file that is written in a temporary directory and then renamed.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::close;
use super::dir_handle::DirHandle;
use super::error::Error;
use super::folder_of::folder_of;
use super::temp_dir::TempDir;
use super::temp_layout::SINGLE;
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

/// A temporary file, removed on drop.
#[derive(Debug)]
pub struct TempFile {
    // Before the directory, so that the file is closed before it is removed.
    file: File,
    dir: TempDir,
}

impl TempFile {
    /// Creates a file in a temporary directory in `dir`. `mode` is for Unix, less the umask.
    pub fn create_in(dir: &Path, mode: u32, interrupt: &Interrupt) -> io::Result<TempFile> {
        let parent = Arc::new(DirHandle::open(dir)?);
        let dir = TempDir::create_in(parent, dir, interrupt)?;
        let file = dir.handle().create_readable(OsStr::new(SINGLE), mode)?;
        Ok(TempFile { file, dir })
    }

    /// Returns the file, open for reading and writing.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Reports the errors of the writes so far that the file system has kept back.
    pub fn check(&self) -> io::Result<()> {
        close::check(&self.file)
    }

    /// Closes the file and renames it to `dest`; `on_conflict` decides about a file that exists there
    /// by now. A file that cannot be replaced, such as one that something is mounted on, is written
    /// in place.
    pub fn persist(
        self,
        dest: &Path,
        on_conflict: OnConflict,
        interrupt: &Interrupt,
    ) -> Result<(), Error> {
        let doing = || Error::doing("write", dest);
        let TempFile { file, dir } = self;
        close::close(file).map_err(doing())?;
        let name = dest.file_name().ok_or(io::ErrorKind::InvalidInput).map_err(io::Error::from);
        let name = name.map_err(doing())?;
        let to = DirHandle::open(folder_of(dest)).map_err(doing())?;
        let hold = interrupt.hold();
        if interrupt.stopping() {
            return Err(Error::Interrupted);
        }
        let renamed = match on_conflict {
            OnConflict::Overwrite => dir.handle().rename(OsStr::new(SINGLE), &to, name),
            OnConflict::Skip | OnConflict::Fail => {
                dir.handle().rename_no_replace(OsStr::new(SINGLE), &to, name)
            }
        };
        let outcome = match (renamed, on_conflict) {
            (Ok(()), _) => Ok(()),
            (Err(error), OnConflict::Skip) if error.kind() == io::ErrorKind::AlreadyExists => {
                Ok(())
            }
            (Err(error), OnConflict::Fail) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(Error::Conflict { paths: vec![dest.to_owned()] })
            }
            (Err(error), OnConflict::Overwrite)
                if error.kind() == io::ErrorKind::ResourceBusy && dest.is_file() =>
            {
                write_in_place(&dir, dest).map_err(doing())
            }
            (Err(error), _) => Err(doing()(error)),
        };
        drop(hold);
        outcome
    }
}

/// Replaces the content of a file, which may be seen half-written meanwhile.
fn write_in_place(dir: &TempDir, dest: &Path) -> io::Result<()> {
    let mut from = dir.handle().open_file(OsStr::new(SINGLE))?;
    let mut to = File::options().write(true).truncate(true).open(dest)?;
    io::copy(&mut from, &mut to)?;
    close::close(to)
}
