//! A private folder beside the destination, in which everything is made before it is shown.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

use super::Error;
use super::system::{self, file_mode, folder_mode};
use crate::interrupt::Interrupt;

/// What will be put in place together. Goes away with all it holds when it is dropped.
#[derive(Debug)]
pub struct Staging {
    pub(super) dest: PathBuf,
    pub(super) tree: PathBuf,
    pub(super) private: Option<TempDir>,
    pub(super) interrupt: Interrupt,
    /// Files and links, relative, in no order: several threads make them.
    pub(super) made: Mutex<Vec<PathBuf>>,
    pub(super) links: Vec<(PathBuf, String)>,
    pub(super) dates: Vec<(PathBuf, i64)>,
}

/// A file in the making; [`NewFile::finish`] ends it.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    shown: PathBuf,
}

impl Staging {
    /// A private folder on the file system of `dest`: inside it, or in the nearest folder above
    /// it that exists. Nothing else is made yet.
    pub fn beside(dest: &Path, interrupt: &Interrupt) -> Result<Staging, Error> {
        let at = nearest_folder(dest)?;
        let private =
            private_folder().tempdir_in(&at).map_err(Error::doing("make a folder in", &at))?;
        interrupt.remember(private.path());
        let tree = private.path().join("tree");
        let staging = Staging {
            dest: dest.to_owned(),
            tree,
            private: Some(private),
            interrupt: interrupt.clone(),
            made: Mutex::default(),
            links: Vec::new(),
            dates: Vec::new(),
        };
        system::new_folder(&staging.tree, folder_mode(None))
            .map_err(Error::doing("make the folder", &staging.tree))?;
        Ok(staging)
    }

    /// A nameless file on the same file system, for an archive on its way; it ends with its handle,
    /// which on Windows must be closed before the staging goes.
    pub fn spool(&self) -> Result<File, Error> {
        let at = self.tree.parent().unwrap_or(&self.tree);
        tempfile::tempfile_in(at).map_err(Error::doing("make a file in", at))
    }

    /// Whether links can be made there: on Windows not everybody may, and some file systems have
    /// none.
    pub fn takes_links(&self) -> bool {
        let probe = self.tree.with_file_name("link");
        // Some systems that have none say that they made one.
        system::new_link("nowhere", &probe).is_ok() && probe.is_symlink()
    }

    /// Whether the run was told to stop.
    pub fn stopping(&self) -> bool {
        self.interrupt.stopping()
    }

    /// Makes a folder. One that is there already keeps its mode, so that of a folder and what is
    /// in it the folder comes first.
    pub fn folder(
        &mut self,
        path: &Path,
        mode: Option<u32>,
        modified: Option<i64>,
    ) -> Result<(), Error> {
        let staged = self.tree.join(path);
        let made = with_parents(&staged, || system::new_folder(&staged, folder_mode(mode)));
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && staged.is_dir() => {}
            made => made.map_err(Error::doing("make the folder", &self.dest.join(path)))?,
        }
        self.dates.extend(modified.map(|modified| (path.to_owned(), modified)));
        Ok(())
    }

    /// Makes a file that was not there yet, for writing; from any thread. It costs no more than
    /// that where its folder is there.
    pub fn create(&self, path: &Path, mode: Option<u32>) -> Result<NewFile, Error> {
        let (staged, shown) = (self.tree.join(path), self.dest.join(path));
        let file = with_parents(&staged, || system::new_file(&staged, file_mode(mode)))
            .map_err(Error::doing("write", &shown))?;
        self.note(path);
        Ok(NewFile { file, shown })
    }

    /// Asks for a link; it is made last, when nothing can be written through it any more.
    pub fn link(&mut self, path: &Path, target: &str) {
        self.note(path);
        self.links.push((path.to_owned(), target.to_owned()));
    }

    fn note(&self, path: &Path) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
    }

    /// Makes the links, then dates the folders, which nothing will change any more.
    pub(super) fn complete(&mut self) -> Result<(), Error> {
        for (path, target) in std::mem::take(&mut self.links) {
            let staged = self.tree.join(&path);
            with_parents(&staged, || system::new_link(&target, &staged))
                .map_err(Error::doing("make the link", &self.dest.join(&path)))?;
        }
        for (path, modified) in std::mem::take(&mut self.dates) {
            if let Some(date) = system::date(modified) {
                system::date_folder(&self.tree.join(&path), date)
                    .map_err(Error::doing("date the folder", &self.dest.join(&path)))?;
            }
        }
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Some(private) = self.private.take() {
            let path = private.path().to_owned();
            // What cannot be removed now can still be when the run is interrupted.
            if private.close().is_ok() {
                self.interrupt.forget(&path);
            }
        }
    }
}

impl NewFile {
    /// Dates the file and closes it.
    pub fn finish(self, modified: Option<i64>) -> Result<(), Error> {
        match modified.and_then(system::date) {
            Some(date) => self.file.set_modified(date).map_err(Error::doing("date", &self.shown)),
            None => Ok(()),
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Open to its owner alone: archives hold secrets.
fn private_folder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".downriver-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    builder
}

/// Does it, after making the folders above where those are missing.
fn with_parents<T>(path: &Path, make: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match (make(), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(parent)?;
            make()
        }
        (made, _) => made,
    }
}

/// The folder itself, or the nearest above it that exists.
fn nearest_folder(dest: &Path) -> Result<PathBuf, Error> {
    for at in dest.ancestors() {
        let at = if at.as_os_str().is_empty() { Path::new(".") } else { at };
        match fs::metadata(at) {
            Ok(found) if found.is_dir() => return Ok(at.to_owned()),
            Ok(_) => {
                return Err(Error::InTheWay {
                    path: at.to_owned(),
                    what: "something that is no folder",
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // The component above is a file, which is said of that one.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
            Err(error) => return Err(Error::doing("look at", at)(error)),
        }
    }
    Ok(PathBuf::from("."))
}
