//! Staging: files are written to a temporary directory on the file system of the destination
//! before they are committed.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::area::Area;
use super::dir_handle::{DirHandle, Modified};
use super::dir_tree::DirTree;
use super::error::{Error, MAKE_IN};
use super::file_kind::FileKind;
use super::free_space;
use super::modes::dir_mode;
use super::notes::Notes;
use super::staged_dirs::StagedDirs;
use super::temp_layout::{PROBE, STAGED};
use crate::interrupt::Interrupt;
use crate::parallel::parallel;

/// Number of directories whose times one thread sets before it takes the next ones.
const TIMES_PER_CHUNK: usize = 256;
/// Upper bound of the threads that set the times of directories.
const MAX_THREADS: usize = 4;

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
    /// The staged files, by their paths relative to the destination.
    // Before the areas, so that its handles are closed before the directories are removed.
    pub(super) tree: DirTree,
    /// Temporary directories; the first one holds everything until the commit.
    pub(super) areas: Vec<Area>,
    dirs: Mutex<StagedDirs>,
    pub(super) notes: Notes,
    pub(super) interrupt: Interrupt,
    /// Paths and targets of the symlinks to create.
    symlinks: Vec<(PathBuf, OsString)>,
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
            let tree = first.temp_dir.handle().open_dir(OsStr::new(STAGED))?;
            Ok((base, first, DirTree::new(Arc::new(tree))))
        };
        let (base, first, tree) = create().map_err(Error::doing(MAKE_IN, base_path))?;
        super::area::remove_stale_above(base_path);
        Ok(Staging {
            dest: dest.to_owned(),
            dest_in_base: dest_in_base.to_owned(),
            base,
            base_path: base_path.to_owned(),
            areas: vec![first],
            tree,
            dirs: Mutex::default(),
            notes: Notes::default(),
            interrupt: interrupt.clone(),
            symlinks: Vec::new(),
        })
    }

    /// Sets whether files and directories are synced to the disk before they are put in place.
    pub fn durable(self, durable: bool) -> Staging {
        self.notes.set_durable(durable);
        self
    }

    /// Returns the destination as the user named it.
    pub fn dest(&self) -> &Path {
        &self.dest
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

    /// Returns the target of the symlink at a path of the destination, or none if there is no symlink.
    pub fn link_on_disk(&self, at: &Path) -> Option<OsString> {
        let tree = DirTree::new(Arc::clone(&self.base));
        let path = self.dest_in_base.join(at);
        let (dir, name) = tree.open_parent(&path).ok()?;
        dir.read_link(name).ok()
    }

    /// Returns true if there is a folder at a path of the destination, and no symlink to one.
    pub fn is_folder_on_disk(&self, at: &Path) -> bool {
        let tree = DirTree::new(Arc::clone(&self.base));
        matches!(tree.kind(&self.dest_in_base.join(at)), Ok(Some(FileKind::Dir)))
    }

    /// Returns true if a signal asked the run to stop.
    pub fn stopping(&self) -> bool {
        self.interrupt.stopping()
    }

    /// Adds a directory. It is created together with the first entry in it, or else by the commit.
    /// `modified` is in seconds since the Unix epoch.
    pub fn add_dir(&mut self, path: &Path, mode: Option<u32>, modified: Option<i64>) {
        self.lock_dirs().add(path, mode, modified);
    }

    /// Adds a symlink. Symlinks are created last, so that no staged file is written through one.
    pub fn add_symlink(&mut self, path: &Path, target: &OsStr) {
        self.symlinks.push((path.to_owned(), target.to_owned()));
    }

    /// Creates the directories that are still missing and the symlinks, then sets the modification
    /// times of the directories, which creating an entry would change again.
    pub(super) fn complete(&mut self) -> Result<(), Error> {
        let paths: Vec<PathBuf> = self.lock_dirs().missing().map(Path::to_owned).collect();
        paths.iter().try_for_each(|path| self.create_dirs(&mut self.lock_dirs(), path))?;
        for (path, target) in std::mem::take(&mut self.symlinks) {
            let create =
                |parent: &DirHandle, name: &OsStr| parent.create_symlink(target.as_ref(), name);
            self.with_parent("make the link", &path, create).map_err(|error| match error {
                Error::Io { path, source, .. } => Error::NoLink { path, source },
                error => error,
            })?;
        }
        self.set_dir_times()?;
        if self.notes.is_durable() {
            self.sync_dirs(Path::new(STAGED))?;
        }
        Ok(())
    }

    /// Sets the modification times of the directories, on all cores: there can be as many of them
    /// as files.
    fn set_dir_times(&self) -> Result<(), Error> {
        let dirs = std::mem::take(&mut *self.lock_dirs());
        let times: Vec<(&Path, i64)> = dirs.times().collect();
        let chunks: Vec<_> = times.chunks(TIMES_PER_CHUNK).collect();
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let set = |&(path, seconds): &(&Path, i64)| {
            let (parent, name) =
                self.tree.open_parent(path).map_err(|error| self.error("date", path, error))?;
            let modified = Modified { seconds, nanoseconds: 0 };
            self.notes.time_set(parent.set_modified(name, modified));
            Ok(())
        };
        parallel(threads, &chunks, |chunk| chunk.iter().try_for_each(set)).map(drop)
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
        action: impl FnOnce(&DirHandle, &OsStr) -> io::Result<T>,
    ) -> Result<T, Error> {
        self.create_parent(path)?;
        let done = self.tree.open_parent(path).and_then(|(parent, name)| action(&parent, name));
        done.map_err(|error| self.error(doing, path, error))
    }

    /// Creates the parent directory of a path and those above it, as far as they are missing.
    pub(super) fn create_parent(&self, path: &Path) -> Result<(), Error> {
        self.create_dirs(&mut self.lock_dirs(), path.parent().unwrap_or(Path::new("")))
    }

    /// Returns true if a directory was created in the staging.
    pub(super) fn has_dir(&self, path: &Path) -> bool {
        self.lock_dirs().exists(path)
    }

    /// Creates a directory and its parents, as far as they are missing, each with its own mode.
    fn create_dirs(&self, dirs: &mut StagedDirs, path: &Path) -> Result<(), Error> {
        if path.as_os_str().is_empty() || dirs.exists(path) {
            return Ok(());
        }
        self.create_dirs(dirs, path.parent().unwrap_or(Path::new("")))?;
        let mode = dir_mode(dirs.mode(path));
        let created = self.tree.open_parent(path).and_then(|(parent, name)| {
            match parent.create_dir(name, mode) {
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists
                        && parent.kind(name)? == Some(FileKind::Dir) =>
                {
                    Ok(())
                }
                created => created,
            }
        });
        created.map_err(|error| self.error("make the folder", path, error))?;
        dirs.created(path);
        Ok(())
    }

    fn lock_dirs(&self) -> MutexGuard<'_, StagedDirs> {
        self.dirs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the error of an operation on the path of a staged entry.
    pub(super) fn error(&self, doing: &'static str, path: &Path, error: io::Error) -> Error {
        match self.stopping() {
            // After a signal, the temporary directory is removed while the run goes on.
            true => Error::Interrupted,
            false => Error::doing(doing, &self.dest.join(path))(error),
        }
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
