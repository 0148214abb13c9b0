//! The few things that unix and Windows do in different ways.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Permissions of a new file: never setuid, setgid or sticky, always readable by its owner. The
/// system takes the umask off. A mode of zero is what writers without modes put there.
pub fn file_mode(mode: Option<u32>) -> u32 {
    match mode.unwrap_or(0) & 0o777 {
        0 => 0o666,
        mode => mode | 0o400,
    }
}

/// The same of a new folder, which its owner can always enter and change.
pub fn folder_mode(mode: Option<u32>) -> u32 {
    match mode.unwrap_or(0) & 0o777 {
        0 => 0o777,
        mode => mode | 0o700,
    }
}

/// A date in seconds since 1970; none where the system has no such date.
pub fn date(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(distance),
        _ => SystemTime::UNIX_EPOCH.checked_sub(distance),
    }
}

/// A file that was not there before, open for writing; fails where anything is, a link included.
#[cfg(unix)]
pub fn new_file(path: &Path, mode: u32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(not(unix))]
pub fn new_file(path: &Path, _mode: u32) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

#[cfg(unix)]
pub fn new_folder(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(mode).create(path)
}

#[cfg(not(unix))]
pub fn new_folder(path: &Path, _mode: u32) -> io::Result<()> {
    std::fs::create_dir(path)
}

/// A folder and those above it that are missing, open to their owner alone.
pub fn private_folders(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.recursive(true).create(path)
}

#[cfg(unix)]
pub fn date_folder(path: &Path, date: SystemTime) -> io::Result<()> {
    File::open(path)?.set_modified(date)
}

/// Folders keep the date of their making: to open one takes more than the standard library has.
#[cfg(not(unix))]
pub fn date_folder(_path: &Path, _date: SystemTime) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub fn new_link(target: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

/// Windows has links to files and links to folders; what the target is decides, if it is there.
#[cfg(windows)]
pub fn new_link(target: &str, path: &Path) -> io::Result<()> {
    let target = target.replace('/', "\\");
    let is_folder = path.parent().is_some_and(|parent| parent.join(&target).is_dir());
    match is_folder {
        true => std::os::windows::fs::symlink_dir(target, path),
        false => std::os::windows::fs::symlink_file(target, path),
    }
}
