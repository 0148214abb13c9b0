//! A listing of a folder, for comparing and for printing.

use std::fs;
use std::path::{Path, PathBuf};

/// A file, folder or link below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The relative path with `/` between its parts; that of a folder ends with `/`.
    pub path: String,
    /// The permission bits; 0 where there are none.
    pub mode: u32,
    pub content: Vec<u8>,
    /// The target of a link.
    pub target: Option<PathBuf>,
}

impl Item {
    /// `0644 12 a.txt`, `0755 docs/`, `run -> bin/run.sh`.
    pub fn line(&self) -> String {
        let Item { path, mode, content, target } = self;
        match target {
            Some(target) => format!("{path} -> {}", target.display()),
            None if path.ends_with('/') => format!("{mode:04o} {path}"),
            None => format!("{mode:04o} {} {path}", content.len()),
        }
    }
}

/// Lists everything below a folder, sorted by path; links are not followed.
pub fn items(folder: &Path) -> Vec<Item> {
    let mut all = Vec::new();
    walk(folder, "", &mut all);
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

fn walk(folder: &Path, before: &str, all: &mut Vec<Item>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let about = fs::symlink_metadata(&path).unwrap();
        let mut item = Item {
            path: format!("{before}{name}"),
            mode: mode(&about),
            content: Vec::new(),
            target: None,
        };
        if about.is_symlink() {
            item.target = Some(fs::read_link(&path).unwrap());
        } else if about.is_dir() {
            item.path.push('/');
            walk(&path, &item.path, all);
        } else {
            // A file without permission to read is shown as empty.
            item.content = fs::read(&path).unwrap_or_default();
        }
        all.push(item);
    }
}

#[cfg(unix)]
fn mode(about: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_about: &fs::Metadata) -> u32 {
    0
}

/// Returns if links can be created here; on Windows that needs a privilege.
pub fn takes_links() -> bool {
    #[cfg(unix)]
    return true;
    #[cfg(windows)]
    {
        let place = tempfile::tempdir().unwrap();
        let link = place.path().join("link");
        std::os::windows::fs::symlink_file("nowhere", &link).is_ok() && link.is_symlink()
    }
}
