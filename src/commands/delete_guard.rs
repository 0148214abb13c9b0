//! The folders that `--delete` refuses, because most of what is in them is certainly not from an
//! archive.

use std::path::Path;

use crate::sanitize::sanitize;
use crate::settings::Usage;

/// The reason why files below a folder must not be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Root,
    Home,
    Repository,
    Current,
}

/// Refuses the root, the home folder and those above it, the folder of a `.git`, and the current
/// folder and those above it. A folder that does not exist is fine. Symlinks in the paths are
/// followed.
pub fn check_deletable(dir: &Path, current: &Path, home: Option<&Path>) -> Result<(), Usage> {
    let Ok(real) = dir.canonicalize() else { return Ok(()) };
    let contains = |other: &Path| other.canonicalize().is_ok_and(|it| it.starts_with(&real));
    let reason = if real.parent().is_none() {
        Reason::Root
    } else if home.is_some_and(contains) {
        Reason::Home
    } else if real.join(".git").symlink_metadata().is_ok() {
        Reason::Repository
    } else if contains(current) {
        Reason::Current
    } else {
        return Ok(());
    };
    let what = match reason {
        Reason::Root => "is the root of the file system",
        Reason::Home => "holds your home folder",
        Reason::Repository => "is the folder of a git repository",
        Reason::Current => "holds the current folder",
    };
    let dir = dir.to_string_lossy();
    Err(Usage::new(format!("--delete would remove files from `{}`, which {what}", sanitize(&dir)))
        .hint("name a folder that holds only artifacts with --dir"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn folders_that_hold_more_than_artifacts_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        for folder in ["home/me/out", "work/here/out", "work/clone/.git", "work/clone/out", "out"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::create_dir(root.join("work/linked")).unwrap();
        fs::write(root.join("work/linked/.git"), "gitdir: elsewhere").unwrap();
        let (current, home) = (root.join("work/here"), root.join("home/me"));
        for (dir, refused) in [
            ("/", Some("the root")),
            ("home/me", Some("your home folder")),
            ("home", Some("your home folder")),
            ("home/me/out", None),
            ("work/here", Some("the current folder")),
            ("work", Some("the current folder")),
            ("work/here/../here/.", Some("the current folder")),
            ("work/here/out", None),
            ("work/clone", Some("a git repository")),
            ("work/linked", Some("a git repository")),
            ("work/clone/out", None),
            ("out", None),
            ("missing", None),
        ] {
            let checked = check_deletable(&root.join(dir), &current, Some(&home));
            let message = checked.err().map(|error| error.to_string());
            match refused {
                Some(refused) => assert!(message.unwrap_or_default().contains(refused), "{dir}"),
                None => assert_eq!(message, None, "{dir}"),
            }
        }
        assert!(check_deletable(&root.join("home/me"), &current, None).is_ok());
    }
}
