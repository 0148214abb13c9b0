//! Directory trees as text, for tests that compare them before and after.

use std::fs;
use std::path::Path;

/// Lists everything below a directory, sorted: mode, path, and content or symlink target.
pub fn listing(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    list(folder, "", &mut lines);
    lines
}

fn list(folder: &Path, prefix: &str, lines: &mut Vec<String>) {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        let path = folder.join(&name);
        let name = format!("{prefix}{}", name.to_string_lossy());
        let found = fs::symlink_metadata(&path).unwrap();
        if found.is_symlink() {
            lines.push(format!("{name} -> {}", fs::read_link(&path).unwrap().display()));
        } else if found.is_dir() {
            lines.push(format!("{} {name}/", mode(&path)));
            list(&path, &format!("{name}/"), lines);
        } else {
            let content = fs::read(&path).unwrap();
            lines.push(format!("{} {name} {:?}", mode(&path), String::from_utf8_lossy(&content)));
        }
    }
}

/// Returns the permission bits in octal; always `----` on systems without them.
#[cfg(unix)]
pub fn mode(path: &Path) -> String {
    use std::os::unix::fs::PermissionsExt;
    format!("{:04o}", fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
pub fn mode(_path: &Path) -> String {
    "----".to_owned()
}
