//! One file that appears under its name whole, or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Error, free_space};
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

/// A file in the making beside the place where it will appear; dropped, it leaves no trace.
#[derive(Debug)]
pub struct AtomicFile {
    dest: PathBuf,
    content: Content,
    interrupt: Interrupt,
}

#[derive(Debug)]
enum Content {
    Beside(Option<NamedTempFile>),
    /// A device or a pipe, which a rename would replace: `/dev/null` must stay what it is.
    Through(File),
}

impl AtomicFile {
    /// Begins a file; the folder it is in must exist.
    pub fn beside(dest: &Path, interrupt: &Interrupt) -> Result<AtomicFile, Error> {
        let content = match fs::metadata(dest) {
            Ok(found) if found.is_dir() => {
                return Err(Error::InTheWay { path: dest.to_owned(), what: "a folder" });
            }
            Ok(found) if !found.is_file() => Content::Through(through(dest)?),
            _ => {
                let folder = match dest.parent() {
                    Some(folder) if !folder.as_os_str().is_empty() => folder,
                    _ => Path::new("."),
                };
                let make = || {
                    let file = builder().tempfile_in(folder)?;
                    let path = file.path().to_owned();
                    Ok((file, path))
                };
                let file = interrupt.make(make).map_err(Error::doing("write", dest))?;
                Content::Beside(Some(file))
            }
        };
        Ok(AtomicFile { dest: dest.to_owned(), content, interrupt: interrupt.clone() })
    }

    /// Refuses what surely has no room on the file system, in bytes.
    pub fn room_for(&self, needed: u128) -> Result<(), Error> {
        match &self.content {
            Content::Beside(Some(file)) => free_space::room_for(needed, file.as_file(), &self.dest),
            Content::Beside(None) | Content::Through(_) => Ok(()),
        }
    }

    /// The file as far as it is written, for a look at it; none where it goes through a device.
    pub fn file(&mut self) -> Option<&mut File> {
        match &mut self.content {
            Content::Beside(Some(file)) => Some(file.as_file_mut()),
            Content::Beside(None) | Content::Through(_) => None,
        }
    }

    /// Shows the file under its name. A file that has come there meanwhile gives way, stays, or is
    /// a conflict, as was asked for.
    pub fn keep(mut self, on_conflict: OnConflict) -> Result<(), Error> {
        let Content::Beside(file) = &mut self.content else { return Ok(()) };
        let Some(file) = file.take() else { return Ok(()) };
        let path = file.path().to_owned();
        let hold = self.interrupt.hold();
        let kept = match self.interrupt.stopping() {
            true => Err(Error::Interrupted),
            false => persist(file, &self.dest, on_conflict),
        };
        drop(hold);
        self.interrupt.forget(&path);
        kept
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Content::Beside(file) = &mut self.content
            && let Some(file) = file.take()
        {
            let path = file.path().to_owned();
            if file.close().is_ok() {
                self.interrupt.forget(&path);
            }
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.content {
            // The file itself, for errors that do not name a private path.
            Content::Beside(Some(file)) => file.as_file_mut().write(bytes),
            Content::Beside(None) => Err(io::ErrorKind::NotFound.into()),
            Content::Through(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.content {
            Content::Beside(Some(file)) => file.flush(),
            Content::Beside(None) => Ok(()),
            Content::Through(file) => file.flush(),
        }
    }
}

/// A nameless file in the folder for what is temporary; it ends with its handle.
pub fn temporary() -> Result<File, Error> {
    tempfile::tempfile()
        .map_err(|source| Error::Temporary { at: tempfile::env::temp_dir(), source })
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

fn through(dest: &Path) -> Result<File, Error> {
    File::options().write(true).open(dest).map_err(Error::doing("write", dest))
}

/// The permissions that any program would give a new file, the umask taken off by the system.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".downriver-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}
