//! The state of the destination at the paths of a plan: kinds, sizes, modes, link targets, and the
//! CRC-32 of files whose size is right. Nothing is read through a symlink.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use super::checksum::checksum;
use super::commit_plan::join_relative;
use super::dir_tree::DirTree;
use super::entry_state::EntryState;
use super::error::Error;
use super::modes::{dir_mode, file_mode};
use super::staging::Staging;
use super::temp_layout::MODES;
use crate::model::EntryKind;
use crate::parallel::parallel;
use crate::plan::{Existing, Placement, PlacementKind};
use crate::temp_name;

/// The most files that are read at the same time.
const MAX_READERS: usize = 4;

/// The depth of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareBy {
    /// Only what a listing of the folders tells.
    Kind,
    /// Also the content of files whose size is right.
    Content,
}

/// The entries on disk at the paths of a plan.
#[derive(Debug, Default)]
pub struct DiskState {
    /// In the order of the placements.
    pub existing: Vec<Existing>,
    /// Entries that are no folders, at the path of a folder that has no placement of its own.
    /// Relative to the destination.
    pub obstacles: BTreeSet<PathBuf>,
}

/// The permission bits that new entries get at the destination.
struct FreshModes {
    /// The bits that the umask lets pass; none where the file system has no permission bits.
    allowed: Option<u32>,
}

/// The destination while it is compared.
struct Destination<'a> {
    tree: DirTree,
    path: &'a Path,
    /// The known paths, with true for those that are folders.
    folders: HashMap<PathBuf, bool>,
    obstacles: BTreeSet<PathBuf>,
}

impl Staging {
    /// Returns true if nothing is at the destination except temporary directories.
    pub fn dest_is_empty(&self) -> Result<bool, Error> {
        if !self.dest_in_base.as_os_str().is_empty() {
            return Ok(true);
        }
        let names = self.base.names().map_err(Error::doing("list", &self.dest))?;
        Ok(names.iter().all(|name| is_temporary(name)))
    }

    /// Compares the destination with a plan.
    pub fn compare(&self, placements: &[Placement], by: CompareBy) -> Result<DiskState, Error> {
        if !self.dest_in_base.as_os_str().is_empty() {
            let existing = vec![Existing::Nothing; placements.len()];
            return Ok(DiskState { existing, obstacles: BTreeSet::new() });
        }
        let fresh_modes = self.fresh_modes()?;
        let mut dest = Destination {
            tree: DirTree::new(Arc::clone(&self.base)),
            path: &self.dest,
            folders: HashMap::new(),
            obstacles: BTreeSet::new(),
        };
        let mut existing = Vec::with_capacity(placements.len());
        for placement in placements {
            existing.push(dest.look_at(placement, &fresh_modes)?);
        }
        if by == CompareBy::Content {
            self.add_checksums(&dest.tree, placements, &mut existing)?;
        }
        // An entry with a placement is settled by that.
        let placed: BTreeSet<&Path> = placements.iter().map(|it| &*it.path).collect();
        dest.obstacles.retain(|path| !placed.contains(path.as_path()));
        Ok(DiskState { existing, obstacles: dest.obstacles })
    }

    /// Adds the CRC-32 of each file whose size is right.
    fn add_checksums(
        &self,
        tree: &DirTree,
        placements: &[Placement],
        existing: &mut [Existing],
    ) -> Result<(), Error> {
        use io::ErrorKind::{NotFound, PermissionDenied};
        let candidates = placements.iter().zip(&*existing).enumerate();
        let candidates = candidates.filter_map(|(index, (placement, existing))| {
            match (&placement.kind, existing) {
                (PlacementKind::File { size, .. }, Existing::File { size: found, .. })
                    if size == found =>
                {
                    Some((index, &*placement.path))
                }
                _ => None,
            }
        });
        let candidates: Vec<(usize, &Path)> = candidates.collect();
        let readers = thread::available_parallelism().map_or(1, usize::from).min(MAX_READERS);
        let checksums = parallel(readers, &candidates, |(index, path)| {
            if self.stopping() {
                return Err(Error::Interrupted);
            }
            match crc32(tree, path) {
                Ok(crc32) => Ok((*index, Some(crc32))),
                // It can be replaced nevertheless, or another process has removed it since.
                Err(error) if matches!(error.kind(), PermissionDenied | NotFound) => {
                    Ok((*index, None))
                }
                Err(error) => Err(Error::doing("read", &join_relative(&self.dest, path))(error)),
            }
        })?;
        for (index, checksum) in checksums {
            if let Some(Existing::File { crc32, .. }) = existing.get_mut(index) {
                *crc32 = checksum;
            }
        }
        Ok(())
    }

    /// Finds out by a file in the temporary directory which permission bits new files get.
    fn fresh_modes(&self) -> Result<FreshModes, Error> {
        let (dir, name) = (self.first().temp_dir.handle(), OsStr::new(MODES));
        let probe = || {
            drop(dir.create_file(name, 0o777)?);
            let mode = |state: Option<EntryState>| state.and_then(|state| state.mode);
            let allowed = mode(dir.state(name)?);
            // A file system without permission bits ignores or refuses changes.
            let changed = dir.set_mode(name, 0o400).and_then(|()| dir.state(name)).map(mode);
            dir.remove_file(name)?;
            Ok(FreshModes {
                allowed: allowed.filter(|_| changed.is_ok_and(|it| it == Some(0o400))),
            })
        };
        probe().map_err(Error::doing("make a file in", self.first().temp_dir.path()))
    }
}

impl FreshModes {
    /// Returns the permission bits of a new file, if an existing one has others.
    fn of_file(&self, mode: Option<u32>, found: Option<u32>) -> Option<u32> {
        let fresh = file_mode(mode) & self.allowed?;
        (found? != fresh).then_some(fresh)
    }

    /// Returns the permission bits of a new folder, if an existing one has others. Setgid stays:
    /// new folders inherit it.
    fn of_dir(&self, mode: Option<u32>, found: Option<u32>) -> Option<u32> {
        let fresh = dir_mode(mode) & self.allowed? | found? & 0o7000;
        (found? != fresh).then_some(fresh)
    }
}

impl Destination<'_> {
    fn look_at(&mut self, placement: &Placement, fresh: &FreshModes) -> Result<Existing, Error> {
        let path = &*placement.path;
        if !self.is_folder(path.parent().unwrap_or(Path::new("")))? {
            return Ok(Existing::Nothing);
        }
        let Some(EntryState { kind, size, mode: found }) = self.state(path)? else {
            return Ok(Existing::Nothing);
        };
        Ok(match kind {
            EntryKind::File => {
                let fresh_mode = match placement.kind {
                    PlacementKind::File { mode, .. } => fresh.of_file(mode.map(u32::from), found),
                    PlacementKind::Folder { .. } | PlacementKind::Link { .. } => None,
                };
                Existing::File { size, crc32: None, fresh_mode }
            }
            EntryKind::Folder => {
                let fresh_mode = match placement.kind {
                    PlacementKind::Folder { mode, .. } => fresh.of_dir(mode.map(u32::from), found),
                    PlacementKind::File { .. } | PlacementKind::Link { .. } => None,
                };
                Existing::Folder { fresh_mode }
            }
            EntryKind::Link => {
                let target =
                    self.tree.open_parent(path).and_then(|(dir, name)| dir.link_target(name));
                let target = target.map_err(Error::doing("look at", &self.path.join(path)))?;
                Existing::Link { target }
            }
            EntryKind::Special => Existing::Special,
        })
    }

    /// Returns true if a folder is at the path, and not a symlink to one.
    fn is_folder(&mut self, path: &Path) -> Result<bool, Error> {
        let Some(parent) = path.parent() else { return Ok(true) };
        if let Some(known) = self.folders.get(path) {
            return Ok(*known);
        }
        let is_folder = match self.is_folder(parent)? {
            true => match self.state(path)? {
                Some(state) if state.kind == EntryKind::Folder => true,
                Some(_) => {
                    self.obstacles.insert(path.to_owned());
                    false
                }
                None => false,
            },
            false => false,
        };
        self.folders.insert(path.to_owned(), is_folder);
        Ok(is_folder)
    }

    fn state(&self, path: &Path) -> Result<Option<EntryState>, Error> {
        let state = self.tree.open_parent(path).and_then(|(dir, name)| dir.state(name));
        state.map_err(Error::doing("look at", &self.path.join(path)))
    }
}

/// Returns true for the name of a temporary file or directory of this program.
pub fn is_temporary(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(temp_name::PREFIX.as_bytes())
}

/// Returns the CRC-32 of a file.
fn crc32(tree: &DirTree, path: &Path) -> io::Result<u32> {
    let (dir, name) = tree.open_parent(path)?;
    let (crc32, _) = checksum(&mut dir.open_file(name)?)?;
    Ok(crc32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gets_the_mode_of_a_new_one_and_keeps_setgid() {
        let fresh = FreshModes { allowed: Some(0o755) };
        for (mode, found, expect) in [
            (None, 0o755, None),
            (None, 0o700, Some(0o755)),
            (Some(0o500), 0o700, None),
            (Some(0o555), 0o700, Some(0o755)),
            (None, 0o2755, None),
            (Some(0o750), 0o2755, Some(0o2750)),
        ] {
            assert_eq!(fresh.of_dir(mode, Some(found)), expect, "{mode:?} {found:o}");
        }
        assert_eq!(fresh.of_dir(None, None), None);
        assert_eq!(FreshModes { allowed: None }.of_dir(None, Some(0o700)), None);
    }
}
