//! The temporary directories of a staging: one for each file system, and for each part of the
//! destination that can be written by itself.
//!
//! A rename works only within a mounted file system. Where another one is mounted below the
//! destination, what belongs there is copied to a temporary directory on it before anything is put
//! in place, so that a commit consists of renames alone.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit_plan::{CommitStep, join_relative};
use super::copy::CopyTree;
use super::dir_handle::{DirHandle, Mount};
use super::dir_tree::DirTree;
use super::error::{Error, MAKE_IN};
use super::file_kind::FileKind;
use super::modes::dir_mode;
use super::notes::Notes;
use super::temp_dir::{TempDir, remove_stale};
use super::temp_layout::STAGED;
use crate::interrupt::Interrupt;

/// Number of directories that are looked at for one that can be written.
const MAX_CANDIDATES: usize = 256;

/// A temporary directory, and the directory that it was made in.
#[derive(Debug)]
pub struct Area {
    /// The directory, relative to the base directory of the staging.
    pub at: PathBuf,
    pub mount: Mount,
    /// The contents of `temp_dir`.
    pub tree: DirTree,
    // After the tree, so that its handles are closed before the directory is removed.
    pub temp_dir: TempDir,
}

impl Area {
    /// Creates a temporary directory in `parent`, with an empty directory for staged files. `at` is
    /// relative to the base directory, whose path is `base_path`.
    pub fn create(
        parent: Arc<DirHandle>,
        base_path: &Path,
        at: &Path,
        interrupt: &Interrupt,
    ) -> io::Result<Area> {
        let mount = parent.mount()?;
        let temp_dir = TempDir::create_in(parent, &join_relative(base_path, at), interrupt)?;
        let tree = DirTree::new(Arc::clone(temp_dir.handle()));
        tree.create_dir_all(Path::new(STAGED), dir_mode(None))?;
        Ok(Area { at: at.to_owned(), mount, tree, temp_dir })
    }

    /// Creates the first area of a staging: in the base directory, or if that cannot be written and
    /// `below` is true, in the nearest directory below it that can.
    pub fn create_first(
        base: &Arc<DirHandle>,
        base_path: &Path,
        below: bool,
        interrupt: &Interrupt,
    ) -> io::Result<Area> {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        let error = match Area::create(Arc::clone(base), base_path, Path::new(""), interrupt) {
            Err(error)
                if below && matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) =>
            {
                error
            }
            created => return created,
        };
        let tree = DirTree::new(Arc::clone(base));
        let mut queue = VecDeque::from([PathBuf::new()]);
        for _ in 0..MAX_CANDIDATES {
            let Some(folder) = queue.pop_front() else { break };
            let Ok(dir) = tree.open_dir(&folder) else { continue };
            for name in dir.names().unwrap_or_default() {
                if !matches!(dir.kind(&name), Ok(Some(FileKind::Dir))) {
                    continue;
                }
                let at = folder.join(name);
                let Ok(parent) = tree.open_dir(&at) else { continue };
                if let Ok(area) = Area::create(parent, base_path, &at, interrupt) {
                    return Ok(area);
                }
                queue.push_back(at);
            }
        }
        Err(error)
    }
}

/// Gives each step the area of its destination, and copies what belongs on another file system
/// there. `attempt` is the number of the plan, because its copies may be left from the one before.
pub struct Assignment<'a> {
    pub base_tree: &'a DirTree,
    /// The path of the base directory.
    pub base_path: &'a Path,
    pub interrupt: &'a Interrupt,
    pub notes: &'a Notes,
    pub attempt: usize,
}

impl Assignment<'_> {
    pub fn assign(&self, areas: &mut Vec<Area>, steps: &mut [CommitStep]) -> Result<(), Error> {
        let mut last: Option<(PathBuf, usize)> = None;
        for step in steps {
            let parent = step.to.parent().unwrap_or(Path::new(""));
            step.area = match &last {
                Some((known, area)) if known == parent => *area,
                _ => {
                    let display_path = join_relative(self.base_path, parent);
                    let area = self.area_of(areas, parent);
                    let area = area.map_err(Error::doing(MAKE_IN, &display_path))?;
                    last = Some((parent.to_owned(), area));
                    area
                }
            };
            if areas[step.area].mount != areas[0].mount {
                self.copy(areas, step)?;
            }
        }
        Ok(())
    }

    /// Returns the area of a directory of the destination, which is created if there is none.
    pub fn area_of(&self, areas: &mut Vec<Area>, folder: &Path) -> io::Result<usize> {
        let mount = match self.base_tree.open_dir(folder) {
            Ok(dir) => dir.mount()?,
            // The commit creates it, where the first area is.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let serves = |area: &Area| area.mount == mount && folder.starts_with(&area.at);
        if let Some(found) = areas.iter().position(serves) {
            return Ok(found);
        }
        // The topmost directory of the file system that can be written.
        let mut candidates: Vec<&Path> = folder.ancestors().collect();
        candidates.reverse();
        let mut result = Err(io::ErrorKind::PermissionDenied.into());
        for at in candidates {
            let dir = self.base_tree.open_dir(at)?;
            if dir.mount()? != mount {
                continue;
            }
            result = Area::create(dir, self.base_path, at, self.interrupt);
            if result.is_ok() {
                break;
            }
        }
        areas.push(result?);
        Ok(areas.len() - 1)
    }

    fn copy(&self, areas: &[Area], step: &mut CommitStep) -> Result<(), Error> {
        let (from, to) = (&areas[0].tree, &areas[step.area].tree);
        let relative = step.to.strip_prefix(&areas[step.area].at).unwrap_or(&step.to);
        let copy = Path::new(STAGED).join(self.attempt.to_string()).join(relative);
        let display_path = join_relative(self.base_path, &step.to);
        if let Some(parent) = copy.parent() {
            let created = to.create_dir_all(parent, dir_mode(None));
            created.map_err(Error::doing("make a folder for", &display_path))?;
        }
        let (source, name) =
            from.open_parent(&step.from).map_err(Error::doing("copy", &display_path))?;
        let (target, new) = to.open_parent(&copy).map_err(Error::doing("copy", &display_path))?;
        let tree = CopyTree { interrupt: self.interrupt, notes: self.notes };
        tree.copy((&source, name), (&target, new), &display_path)?;
        step.from = copy;
        step.from_area = step.area;
        Ok(())
    }
}

/// Returns the path of a replaced file in the temporary directory of its area.
pub fn replaced_path(area: &Area, to: &Path) -> PathBuf {
    let relative = to.strip_prefix(&area.at).unwrap_or(to);
    Path::new(super::temp_layout::REPLACED).join(relative)
}

/// Removes what killed runs have left in a directory and in those above it on the same file system:
/// a destination that exists by now may not have existed then.
pub fn remove_stale_above(path: &Path) {
    const MAX_LEVELS: usize = 8;
    let Ok(mount) = DirHandle::open(path).and_then(|dir| dir.mount()) else { return };
    for above in path.ancestors().skip(1).take(MAX_LEVELS) {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        let Ok(dir) = DirHandle::open(above) else { return };
        if dir.mount().ok() != Some(mount) {
            return;
        }
        if dir.is_writable(OsStr::new(".")) {
            remove_stale(&dir);
        }
    }
}
