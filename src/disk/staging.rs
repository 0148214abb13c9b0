//! Staging: files are written to a temporary directory on the file system of the destination
//! before they are committed.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::area::Area;
use super::close;
use super::dir_handle::{DirHandle, Modified};
use super::dir_tree::DirTree;
use super::error::{Error, MAKE_IN};
use super::file_kind::FileKind;
use super::free_space;
use super::modes::{dir_mode, file_mode};
use super::notes::Notes;
use super::temp_layout::{PROBE, STAGED};
use crate::interrupt::Interrupt;

/// Files, directories and symlinks that are committed together by [`Staging::commit`]. Dropping it
/// removes them.
#[derive(Debug)]
pub struct Staging {
    /// The destination as the user named it.
    pub(super) dest: PathBuf,
    /// The destination relative to `base`; empty if the destination exists.
    pub(super) dest_in_base: PathBuf,
    /// The destination if it exists, else its nearest ancestor that does.
    pub(super) base: Arc<DirHandle>,
    /// Path of `base`, for messages.
    pub(super) base_path: PathBuf,
    /// Temporary directories; the first one holds everything until the commit.
    pub(super) areas: Vec<Area>,
    pub(super) notes: Arc<Notes>,
    pub(super) interrupt: Interrupt,
    /// Paths and targets of the symlinks to create.
    symlinks: Vec<(PathBuf, OsString)>,
    /// Directories and their modification times in seconds since the Unix epoch.
    dir_times: Vec<(PathBuf, i64)>,
}

/// A staged file that is being written; [`NewFile::finish`] closes it.
#[derive(Debug)]
pub struct NewFile {
    pub(super) file: File,
    /// Path at the destination, for messages.
    pub(super) dest_path: PathBuf,
    pub(super) notes: Arc<Notes>,
}

impl Staging {
    /// Creates a temporary directory in `dest`, or in its nearest ancestor that exists. The
    /// destination itself is created by the commit.
    pub fn new_in(dest: &Path, interrupt: &Interrupt) -> Result<Staging, Error> {
        let (nearest, dest_in_base) = nearest_existing_dir(dest)?;
        let base_path = if nearest.as_os_str().is_empty() { Path::new(".") } else { nearest };
        let exists = dest_in_base.as_os_str().is_empty();
        let create = || {
            let base = Arc::new(DirHandle::open(base_path)?);
            let first = Area::create_first(&base, base_path, exists, interrupt)?;
            Ok((base, first))
        };
        let (base, first) = create().map_err(Error::doing(MAKE_IN, base_path))?;
        #[cfg(unix)]
        super::area::remove_stale_above(base_path);
        Ok(Staging {
            dest: dest.to_owned(),
            dest_in_base: dest_in_base.to_owned(),
            base,
            base_path: base_path.to_owned(),
            areas: vec![first],
            notes: Arc::default(),
            interrupt: interrupt.clone(),
            symlinks: Vec::new(),
            dir_times: Vec::new(),
        })
    }

    /// Sets whether files and directories are synced to the disk before they are put in place.
    pub fn durable(self, durable: bool) -> Staging {
        self.notes.set_durable(durable);
        self
    }

    /// Returns the first area, which holds everything until the commit.
    pub(super) fn first(&self) -> &Area {
        // A staging is made with one area, and areas are only added.
        &self.areas[0]
    }

    /// Creates an unnamed file on the file system of the destination, to download an archive to. It
    /// is deleted when it is closed; on Windows it must be closed before the staging is dropped.
    pub fn spool(&self) -> Result<File, Error> {
        let dir = &self.first().temp_dir;
        dir.handle().create_unnamed().map_err(Error::doing("make a file in", dir.path()))
    }

    /// Fails with [`Error::NoSpace`] if `needed` bytes certainly do not fit on the file system.
    pub fn require_free_space(&self, needed: u128) -> Result<(), Error> {
        free_space::require(needed, &*self.base, &self.dest)
    }

    /// Returns true if symlinks can be created at the destination. On Windows this needs a privilege
    /// that most users lack, and some mounted file systems have no symlinks.
    pub fn supports_symlinks(&self) -> bool {
        let (dir, name) = (self.first().temp_dir.handle(), OsStr::new(PROBE));
        let _ = dir.remove_file(name);
        // Wine reports success without creating a symlink.
        dir.create_symlink(OsStr::new("nowhere"), name).is_ok()
            && matches!(dir.kind(name), Ok(Some(FileKind::Symlink)))
    }

    /// Returns a function that returns the target of the symlink at a path of the destination, or
    /// none if there is no symlink.
    pub fn links_on_disk(&self) -> impl Fn(&Path) -> Option<OsString> + use<> {
        let (tree, dest) = (DirTree::new(Arc::clone(&self.base)), self.dest_in_base.clone());
        move |at| {
            let path = dest.join(at);
            let target = tree.open_parent(&path).and_then(|(dir, name)| dir.read_link(name));
            target.ok()
        }
    }

    /// Returns true if a signal asked the run to stop.
    pub fn stopping(&self) -> bool {
        self.interrupt.stopping()
    }

    /// Creates a directory. `modified` is in seconds since the Unix epoch. A directory that exists
    /// keeps its mode, so a directory must be created before its contents.
    pub fn create_dir(
        &mut self,
        path: &Path,
        mode: Option<u32>,
        modified: Option<i64>,
    ) -> Result<(), Error> {
        self.with_parent("make the folder", path, |parent, name| {
            match parent.create_dir(name, dir_mode(mode)) {
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists
                        && parent.kind(name)? == Some(FileKind::Dir) =>
                {
                    Ok(())
                }
                created => created,
            }
        })?;
        self.dir_times.extend(modified.map(|modified| (path.to_owned(), modified)));
        Ok(())
    }

    /// Creates a file and opens it for writing; fails if it is staged already. Can be called from
    /// any thread, and is a single system call if the parent directory exists.
    pub fn create_file(&self, path: &Path, mode: Option<u32>) -> Result<NewFile, Error> {
        let create = |parent: &DirHandle, name: &OsStr| parent.create_file(name, file_mode(mode));
        let file = self.with_parent("write", path, create)?;
        Ok(self.new_file(file, path))
    }

    /// Returns the staged file at a path that was just created.
    pub(super) fn new_file(&self, file: File, path: &Path) -> NewFile {
        NewFile { file, dest_path: self.dest.join(path), notes: Arc::clone(&self.notes) }
    }

    /// Opens a staged directory, if it exists.
    pub(super) fn open_staged_dir(&self, path: &Path) -> Option<Arc<DirHandle>> {
        self.first().tree.open_dir(&Path::new(STAGED).join(path)).ok()
    }

    /// Adds a symlink. Symlinks are created last, so that no staged file is written through one.
    pub fn add_symlink(&mut self, path: &Path, target: &OsStr) {
        self.symlinks.push((path.to_owned(), target.to_owned()));
    }

    /// Creates the symlinks, then sets the modification times of the directories, which creating an
    /// entry would change again.
    pub(super) fn complete(&mut self) -> Result<(), Error> {
        for (path, target) in std::mem::take(&mut self.symlinks) {
            let create =
                |parent: &DirHandle, name: &OsStr| parent.create_symlink(target.as_ref(), name);
            self.with_parent("make the link", &path, create).map_err(|error| match error {
                Error::Io { path, source, .. } => Error::NoLink { path, source },
                error => error,
            })?;
        }
        for (path, modified) in std::mem::take(&mut self.dir_times) {
            let modified = Modified { seconds: modified, nanoseconds: 0 };
            self.with_parent("date", &path, |parent, name| {
                self.notes.time_set(parent.set_modified(name, modified));
                Ok(())
            })?;
        }
        if self.notes.is_durable() {
            self.sync_dirs(Path::new(STAGED))?;
        }
        Ok(())
    }

    /// Syncs a staged directory and those below it.
    fn sync_dirs(&self, path: &Path) -> Result<(), Error> {
        let tree = &self.first().tree;
        let doing = || Error::doing("sync", &self.dest);
        let dir = tree.open_dir(path).map_err(doing())?;
        for name in dir.names().map_err(doing())? {
            if dir.kind(&name).map_err(doing())? == Some(FileKind::Dir) {
                self.sync_dirs(&path.join(name))?;
            }
        }
        dir.sync().map_err(doing())
    }

    /// Calls `action` with the staged parent directory of `path`, which is created if missing, and
    /// the last component of `path`.
    fn with_parent<T>(
        &self,
        doing: &'static str,
        path: &Path,
        action: impl Fn(&DirHandle, &OsStr) -> io::Result<T>,
    ) -> Result<T, Error> {
        let staged = Path::new(STAGED).join(path);
        let tree = &self.first().tree;
        let attempt = || tree.open_parent(&staged).and_then(|(parent, name)| action(&parent, name));
        let result = match (attempt(), staged.parent()) {
            (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
                tree.create_dir_all(parent, dir_mode(None)).and_then(|()| attempt())
            }
            (result, _) => result,
        };
        match result {
            // After a signal, the temporary directory is removed while the run goes on.
            Err(_) if self.stopping() => Err(Error::Interrupted),
            result => result.map_err(Error::doing(doing, &self.dest.join(path))),
        }
    }
}

impl NewFile {
    /// Sets the modification time, in seconds since the Unix epoch, and closes the file.
    ///
    /// # Errors
    /// If not everything was written, which some file systems report only now.
    pub fn finish(self, modified: Option<i64>) -> Result<(), Error> {
        if let Some(time) = modified.and_then(system_time) {
            self.notes.time_set(self.file.set_modified(time));
        }
        let synced = if self.notes.is_durable() { self.file.sync_all() } else { Ok(()) };
        let closed = synced.and_then(|()| close::close(self.file));
        closed.map_err(Error::doing("write", &self.dest_path))
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

/// Converts seconds since the Unix epoch; `None` if the system cannot represent the time.
fn system_time(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance),
    }
}

/// Returns `dest` or its nearest ancestor that exists, empty for the current directory, and `dest`
/// relative to it.
fn nearest_existing_dir(dest: &Path) -> Result<(&Path, &Path), Error> {
    for nearest in dest.ancestors() {
        let path = if nearest.as_os_str().is_empty() { Path::new(".") } else { nearest };
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                return Ok((nearest, dest.strip_prefix(nearest).unwrap_or(dest)));
            }
            Ok(_) => {
                return Err(Error::InTheWay {
                    path: path.to_owned(),
                    what: "something that is no folder",
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if path.is_symlink() {
                    let what = "a link that leads nowhere";
                    return Err(Error::InTheWay { path: path.to_owned(), what });
                }
            }
            // An ancestor is a file; the loop reaches it and reports it.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
            Err(error) => return Err(Error::doing("look at", path)(error)),
        }
    }
    Ok((Path::new(""), dest))
}
