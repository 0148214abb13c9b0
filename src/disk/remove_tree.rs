//! Removal of directory trees of any depth with at most three open descriptors.

use std::ffi::{OsStr, OsString};
use std::io;

use super::dir_handle::{DirHandle, Identity};
use super::file_kind::FileKind;

/// A directory on the way down from the root of the tree.
struct Level {
    /// Name in its parent.
    name: OsString,
    parent: Identity,
    /// Entries that were not looked at yet.
    left: Vec<OsString>,
}

/// Removes an entry, and of a directory everything in it first. Symlinks are not followed.
///
/// `last` is the name of the entry of a directory that is removed after all others, and stays if
/// one of them could not be removed. The way back up leads through `..`, which must be the directory
/// that it was on the way down.
///
/// # Errors
/// The first failure; the other entries are removed all the same. `TimedOut` when `go_on` returned
/// false.
pub fn remove_tree(
    parent: &DirHandle,
    name: &OsStr,
    last: Option<&OsStr>,
    go_on: &dyn Fn() -> bool,
) -> io::Result<()> {
    let Some((mut dir, mut left)) = remove_file_or_open(parent, name)? else { return Ok(()) };
    if let Some(at) = left.iter().position(|name| Some(name.as_os_str()) == last) {
        left[..=at].rotate_right(1);
    }
    let mut levels = vec![Level { name: name.to_owned(), parent: parent.own_identity()?, left }];
    let mut first_error = None;
    while let Some(level) = levels.last_mut() {
        if !go_on() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let Some(entry) = level.left.pop() else {
            let Some(Level { name, parent: identity, .. }) = levels.pop() else { break };
            let removed = if levels.is_empty() {
                parent.remove_dir(&name)
            } else {
                let up = dir.open_parent()?;
                if up.own_identity()? != identity {
                    return Err(io::ErrorKind::NotFound.into());
                }
                dir = up;
                dir.remove_dir(&name)
            };
            note(&mut first_error, removed);
            continue;
        };
        let keep_last = first_error.is_some() && last == Some(entry.as_os_str());
        if levels.len() == 1 && keep_last {
            continue;
        }
        match remove_file_or_open(&dir, &entry) {
            Ok(None) => {}
            Ok(Some((sub, left))) => {
                levels.push(Level { name: entry, parent: dir.own_identity()?, left });
                dir = sub;
            }
            Err(error) => note(&mut first_error, Err(error)),
        }
    }
    first_error.map_or(Ok(()), Err)
}

/// Removes an entry that is no directory; of a directory, returns it opened with its entries.
fn remove_file_or_open(
    parent: &DirHandle,
    name: &OsStr,
) -> io::Result<Option<(DirHandle, Vec<OsString>)>> {
    let removed = parent.remove_file(name);
    match removed {
        Ok(()) => Ok(None),
        Err(error) => match parent.kind(name)? {
            Some(FileKind::Dir) => {
                let dir = parent.open_dir(name)?;
                let names = dir.names()?;
                Ok(Some((dir, names)))
            }
            Some(FileKind::File | FileKind::Symlink) => Err(error),
            None => Ok(None),
        },
    }
}

/// Keeps the first error. Another run may be removing the same directory, so what is gone is no
/// error.
fn note(first: &mut Option<io::Error>, result: io::Result<()>) {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            first.get_or_insert(error);
        }
        _ => {}
    }
}
