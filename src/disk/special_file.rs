//! Destinations that must be opened and written, because a rename would replace them: devices,
//! pipes, and the open files of the process below `/dev` and `/proc`.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::folder_of::folder_of;

/// Number of symlinks that a path may lead through, as on Linux.
const MAX_HOPS: usize = 40;

/// Opens a destination that is not a regular file, or that is reached through `/dev` or `/proc`.
/// Returns `None` for a regular file, for one that does not exist, and for a directory.
pub fn open(dest: &Path) -> io::Result<Option<File>> {
    let Ok(found) = fs::metadata(dest) else { return Ok(None) };
    if found.is_dir() {
        return Ok(None);
    }
    let Some(name) = name_in_proc(dest) else {
        return match found.is_file() {
            true => Ok(None),
            false => File::options().write(true).open(dest).map(Some),
        };
    };
    if let Some(stream) = own_stream(&name)? {
        return Ok(Some(stream));
    }
    // An open file of the process may have been written already.
    File::options().append(true).open(dest).map(Some)
}

/// Follows the symlinks of a path to the first one that is in `/dev` or `/proc`, and returns its
/// path, as far as that can be resolved.
fn name_in_proc(dest: &Path) -> Option<PathBuf> {
    let mut path = dest.to_owned();
    let mut within = None;
    for _ in 0..MAX_HOPS {
        let parent = fs::canonicalize(folder_of(&path)).ok()?;
        let resolved = parent.join(path.file_name()?);
        let in_dev = parent == Path::new("/dev");
        let in_proc = parent.components().nth(1) == Some(Component::Normal("proc".as_ref()));
        let has_links = in_proc && parent.ends_with("fd");
        if in_dev || in_proc {
            within = Some(resolved.clone());
        }
        // The links of `/proc/self/fd` lead to open files, and are no paths.
        match fs::read_link(&resolved) {
            Ok(target) if !has_links => path = parent.join(target),
            _ => return within,
        }
    }
    within
}

/// Returns the standard output or standard error of the process, if that is meant: opened again, a
/// file would be written from its start.
#[cfg(unix)]
fn own_stream(path: &Path) -> io::Result<Option<File>> {
    use std::os::fd::AsFd;
    let folder = path.parent().unwrap_or(Path::new(""));
    let own = Path::new("/proc").join(std::process::id().to_string());
    let is_own = folder.starts_with(&own) || folder == Path::new("/dev/fd");
    let stream = match path.file_name().and_then(|name| name.to_str()) {
        Some("1") if is_own => io::stdout().as_fd().try_clone_to_owned()?,
        Some("2") if is_own => io::stderr().as_fd().try_clone_to_owned()?,
        _ => return Ok(None),
    };
    Ok(Some(stream.into()))
}

#[cfg(not(unix))]
fn own_stream(_path: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_leads_through_dev_or_proc_is_recognised() {
        use std::os::unix::fs::symlink;
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "mine").unwrap();
        symlink("/dev/stdout", home.path().join("out")).unwrap();
        symlink(&file, home.path().join("link")).unwrap();
        let own = format!("/proc/{}/fd/", std::process::id());
        for (path, expect) in [
            (PathBuf::from("/dev/null"), Some("/dev/null".to_owned())),
            (PathBuf::from("/proc/self/fd/1"), Some(format!("{own}1"))),
            (PathBuf::from("/dev/fd/2"), Some(format!("{own}2"))),
            (PathBuf::from("/dev/stdout"), Some(format!("{own}1"))),
            (home.path().join("out"), Some(format!("{own}1"))),
            (home.path().join("link"), None),
            (file.clone(), None),
            (home.path().join("missing"), None),
        ] {
            assert_eq!(name_in_proc(&path), expect.map(PathBuf::from), "{path:?}");
        }
        assert!(open(&file).unwrap().is_none() && open(home.path()).unwrap().is_none());
        assert!(open(Path::new("/dev/null")).unwrap().is_some());
        for (path, is_own) in [
            (format!("{own}1"), true),
            (format!("{own}2"), true),
            (format!("{own}0"), false),
            ("/dev/fd/1".to_owned(), true),
            ("/proc/1/fd/1".to_owned(), false),
            ("/proc/1/fd/2".to_owned(), false),
        ] {
            assert_eq!(own_stream(Path::new(&path)).unwrap().is_some(), is_own, "{path}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_open_file_of_the_process_is_written_at_its_end() {
        use std::io::Write;
        use std::os::fd::AsRawFd;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        let mut held = File::create(&path).unwrap();
        held.write_all(b"before ").unwrap();
        let dest = format!("/proc/self/fd/{}", held.as_raw_fd());
        open(Path::new(&dest)).unwrap().unwrap().write_all(b"after").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before after");
    }
}
