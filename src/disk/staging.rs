//! A private folder beside the destination, in which everything is made before it is shown.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::dir_handle::DirHandle;
use super::dir_tree::DirTree;
use super::modes::{file_mode, folder_mode};
use super::temp_dir::{TREE, TempDir};
use super::{Error, Kind, free_space};
use crate::interrupt::Interrupt;

/// What will be put in place together. Goes away with all it holds when it is dropped.
#[derive(Debug)]
pub struct Staging {
    /// As the user has named it.
    pub(super) dest: PathBuf,
    /// The destination below the nearest folder that was there; empty if it was there itself.
    pub(super) rest: PathBuf,
    pub(super) at: Arc<DirHandle>,
    pub(super) private: TempDir,
    /// What is in the private folder.
    pub(super) inside: DirTree,
    pub(super) interrupt: Interrupt,
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
        let (nearest, rest) = nearest_folder(dest)?;
        let at = if nearest.as_os_str().is_empty() { Path::new(".") } else { nearest };
        let make = |path: &Path| {
            let folder = Arc::new(DirHandle::named(path)?);
            let private = TempDir::make(Arc::clone(&folder), path, interrupt)?;
            let inside = DirTree::new(Arc::clone(private.folder()));
            inside.make_folders(Path::new(TREE), folder_mode(None))?;
            Ok((folder, private, inside))
        };
        let (at, private, inside) = make(at).map_err(Error::doing("make a folder in", at))?;
        Ok(Staging {
            dest: dest.to_owned(),
            rest: rest.to_owned(),
            at,
            private,
            inside,
            interrupt: interrupt.clone(),
            links: Vec::new(),
            dates: Vec::new(),
        })
    }

    /// A nameless file on the same file system, for an archive on its way; it ends with its handle,
    /// which on Windows must be closed before the staging goes.
    pub fn spool(&self) -> Result<File, Error> {
        let private = &self.private;
        private.folder().nameless().map_err(Error::doing("make a file in", private.path()))
    }

    /// Refuses what surely has no room on the file system, in bytes.
    pub fn room_for(&self, needed: u128) -> Result<(), Error> {
        free_space::room_for(needed, &*self.at, &self.dest)
    }

    /// Whether links can be made there: on Windows not everybody may.
    pub fn takes_links(&self) -> bool {
        if cfg!(unix) {
            return true;
        }
        let (folder, name) = (self.private.folder(), OsStr::new("link"));
        // Wine has none, and says that it made one.
        folder.new_link("nowhere", name).is_ok()
            && matches!(folder.kind(name), Ok(Some(Kind::Link)))
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
        self.make("make the folder", path, |folder, name| {
            match folder.new_folder(name, folder_mode(mode)) {
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists
                        && folder.kind(name)? == Some(Kind::DirHandle) =>
                {
                    Ok(())
                }
                made => made,
            }
        })?;
        self.dates.extend(modified.map(|modified| (path.to_owned(), modified)));
        Ok(())
    }

    /// Makes a file that was not there yet, for writing; from any thread. It costs no more than
    /// that where its folder is there.
    pub fn create(&self, path: &Path, mode: Option<u32>) -> Result<NewFile, Error> {
        let make = |folder: &DirHandle, name: &OsStr| folder.new_file(name, file_mode(mode));
        let file = self.make("write", path, make)?;
        Ok(NewFile { file, shown: self.dest.join(path) })
    }

    /// Asks for a link; it is made last, when nothing can be written through it any more.
    pub fn link(&mut self, path: &Path, target: &str) {
        self.links.push((path.to_owned(), target.to_owned()));
    }

    /// Makes the links, then dates the folders, which nothing will change any more.
    pub(super) fn complete(&mut self) -> Result<(), Error> {
        for (path, target) in std::mem::take(&mut self.links) {
            self.make("make the link", &path, |folder, name| folder.new_link(&target, name))?;
        }
        for (path, modified) in std::mem::take(&mut self.dates) {
            self.make("date", &path, |folder, name| folder.date_folder(name, modified))?;
        }
        Ok(())
    }

    /// Does it in the folder where this is staged, which is made if it is missing.
    fn make<T>(
        &self,
        doing: &'static str,
        path: &Path,
        make: impl Fn(&DirHandle, &OsStr) -> io::Result<T>,
    ) -> Result<T, Error> {
        let staged = staged(path);
        let make = || self.inside.place(&staged).and_then(|(folder, name)| make(&folder, name));
        let made = match (make(), staged.parent()) {
            (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
                self.inside.make_folders(parent, folder_mode(None)).and_then(|()| make())
            }
            (made, _) => made,
        };
        match made {
            // The private folder goes away under a run that is told to stop.
            Err(_) if self.stopping() => Err(Error::Interrupted),
            made => made.map_err(Error::doing(doing, &self.dest.join(path))),
        }
    }
}

impl NewFile {
    /// Dates the file and closes it.
    pub fn finish(self, modified: Option<i64>) -> Result<(), Error> {
        match modified.and_then(date) {
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

/// Where it lies in the private folder.
fn staged(path: &Path) -> PathBuf {
    Path::new(TREE).join(path)
}

/// A date in seconds since 1970; none where the system has no such date.
fn date(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance),
    }
}

/// The folder itself, or the nearest above it that exists, and the rest of the way.
fn nearest_folder(dest: &Path) -> Result<(&Path, &Path), Error> {
    for nearest in dest.ancestors() {
        let at = if nearest.as_os_str().is_empty() { Path::new(".") } else { nearest };
        match fs::metadata(at) {
            Ok(found) if found.is_dir() => {
                return Ok((nearest, dest.strip_prefix(nearest).unwrap_or(dest)));
            }
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
    Ok((Path::new(""), dest))
}
