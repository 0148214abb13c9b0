//! A single file that is written to a temporary file and then renamed atomically.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::Error;
use super::free_space;
use super::temp_layout::PREFIX;
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

/// A file that appears at its destination on [`AtomicFile::commit`]. Dropping it removes what was
/// written.
#[derive(Debug)]
pub struct AtomicFile {
    dest: PathBuf,
    target: Target,
    interrupt: Interrupt,
}

#[derive(Debug)]
enum Target {
    /// A temporary file in the directory of the destination; `None` after the commit.
    Temp(Option<NamedTempFile>),
    /// A device or pipe such as `/dev/null`, written directly because a rename would replace it.
    Direct(File),
}

impl AtomicFile {
    /// Creates a temporary file in the directory of `dest`, which must exist.
    pub fn create_beside(dest: &Path, interrupt: &Interrupt) -> Result<AtomicFile, Error> {
        let target = match fs::metadata(dest) {
            Ok(found) if found.is_dir() => {
                return Err(Error::InTheWay { path: dest.to_owned(), what: "a folder" });
            }
            Ok(found) if !found.is_file() => Target::Direct(open_direct(dest)?),
            _ => {
                let dir = match dest.parent() {
                    Some(dir) if !dir.as_os_str().is_empty() => dir,
                    _ => Path::new("."),
                };
                let create = || {
                    let file = temp_file_builder().tempfile_in(dir)?;
                    let path = file.path().to_owned();
                    Ok((file, path))
                };
                let file = interrupt.create_tracked(create).map_err(Error::doing("write", dest))?;
                Target::Temp(Some(file))
            }
        };
        Ok(AtomicFile { dest: dest.to_owned(), target, interrupt: interrupt.clone() })
    }

    /// Fails with [`Error::NoSpace`] if `needed` bytes certainly do not fit on the file system.
    pub fn require_free_space(&self, needed: u128) -> Result<(), Error> {
        match &self.target {
            Target::Temp(Some(file)) => free_space::require(needed, file.as_file(), &self.dest),
            Target::Temp(None) | Target::Direct(_) => Ok(()),
        }
    }

    /// Returns the temporary file, or `None` if a device or pipe is written directly.
    pub fn file(&mut self) -> Option<&mut File> {
        match &mut self.target {
            Target::Temp(Some(file)) => Some(file.as_file_mut()),
            Target::Temp(None) | Target::Direct(_) => None,
        }
    }

    /// Renames the temporary file to its destination. `on_conflict` decides about a file that exists
    /// there by now.
    pub fn commit(mut self, on_conflict: OnConflict) -> Result<(), Error> {
        let Target::Temp(file) = &mut self.target else { return Ok(()) };
        let Some(file) = file.take() else { return Ok(()) };
        let path = file.path().to_owned();
        let hold = self.interrupt.hold();
        let committed = match self.interrupt.stopping() {
            true => Err(Error::Interrupted),
            false => persist(file, &self.dest, on_conflict),
        };
        drop(hold);
        self.interrupt.untrack(&path);
        committed
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Target::Temp(file) = &mut self.target
            && let Some(file) = file.take()
        {
            let path = file.path().to_owned();
            if file.close().is_ok() {
                self.interrupt.untrack(&path);
            }
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            // The inner file, because `NamedTempFile` adds the temporary path to errors.
            Target::Temp(Some(file)) => file.as_file_mut().write(bytes),
            Target::Temp(None) => Err(io::ErrorKind::NotFound.into()),
            Target::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Temp(Some(file)) => file.flush(),
            Target::Temp(None) => Ok(()),
            Target::Direct(file) => file.flush(),
        }
    }
}

/// Creates an unnamed file in the directory of the system for temporary files. It is deleted when it
/// is closed.
pub fn temp_file() -> Result<File, Error> {
    tempfile::tempfile()
        .map_err(|source| Error::TempFile { dir: tempfile::env::temp_dir(), source })
}

fn persist(file: NamedTempFile, dest: &Path, on_conflict: OnConflict) -> Result<(), Error> {
    let persisted = match on_conflict {
        OnConflict::Overwrite => file.persist(dest),
        OnConflict::Skip | OnConflict::Fail => file.persist_noclobber(dest),
    };
    match (persisted.map_err(|failed| failed.error), on_conflict) {
        (Ok(_), _) => Ok(()),
        (Err(error), OnConflict::Skip) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        (Err(error), OnConflict::Fail) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Error::Conflict { paths: vec![dest.to_owned()] })
        }
        (Err(error), _) => Err(Error::doing("write", dest)(error)),
    }
}

fn open_direct(dest: &Path) -> Result<File, Error> {
    File::options().write(true).open(dest).map_err(Error::doing("write", dest))
}

/// Returns a builder for temporary files with the default permissions of new files, less the umask,
/// instead of the private ones of `tempfile`.
fn temp_file_builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}
