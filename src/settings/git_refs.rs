//! The names of branches and tags of the git checkout around a folder, for shell completion.
//!
//! Read from the files below `.git`, as in [`super::checkout`]: git is never run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::checkout::{git_dir, read_text};

/// The number of names after which reading ends.
const MAX_REFS: usize = 1000;

/// The namespaces whose refs are listed. Branches of a remote are listed without its name, because
/// GitLab knows them so.
const NAMESPACES: [&str; 3] = ["refs/heads/", "refs/remotes/origin/", "refs/tags/"];

/// Returns the folder that holds the checkout around `folder`.
pub fn checkout_root(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|folder| git_dir(folder).is_some()).map(Path::to_path_buf)
}

/// Returns the names of branches and tags, in alphabetical order, or none outside a checkout.
pub fn git_refs(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Some(git) = folder.ancestors().find_map(git_dir) else { return names };
    let shared = read_text(&git.join("commondir")).map(|path| git.join(path.trim_end()));
    let git = shared.unwrap_or(git);
    for line in read_text(&git.join("packed-refs")).unwrap_or_default().lines() {
        let name = line.split_once(' ').map_or("", |(_, name)| name);
        let short = NAMESPACES.iter().find_map(|namespace| name.strip_prefix(namespace));
        insert(&mut names, short.unwrap_or_default());
    }
    for namespace in NAMESPACES {
        let root = git.join(namespace);
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            for entry in entries.take(MAX_REFS) {
                let path = entry.path();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(path),
                    Ok(_) => {
                        let short = path.strip_prefix(&root).ok().and_then(Path::to_str);
                        insert(&mut names, &short.unwrap_or_default().replace('\\', "/"));
                    }
                    Err(_) => {}
                }
            }
            if names.len() >= MAX_REFS {
                break;
            }
        }
    }
    names
}

fn insert(names: &mut BTreeSet<String>, name: &str) {
    if !name.is_empty() && name != "HEAD" && names.len() < MAX_REFS {
        names.insert(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_and_tags_are_listed_by_their_short_names() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(checkout_root(dir.path()), None);
        write(".git/HEAD", "ref: refs/heads/main\n");
        write(".git/refs/heads/main", "1");
        write(".git/refs/heads/feat/a", "1");
        write(".git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main");
        write(".git/refs/remotes/origin/theirs", "1");
        write(".git/packed-refs", "# pack-refs with: peeled\n1 refs/tags/v1\n^2\n1 refs/pull/7\n");
        write("src/x", "");
        let below = dir.path().join("src");
        assert_eq!(Vec::from_iter(git_refs(&below)), ["feat/a", "main", "theirs", "v1"]);
        assert_eq!(checkout_root(&below).as_deref(), Some(dir.path()));
        // A worktree has the refs of its main checkout.
        write(".git/worktrees/w/commondir", "../..\n");
        let git = dir.path().join(".git/worktrees/w").display().to_string();
        write("w/.git", &format!("gitdir: {git}\n"));
        assert!(git_refs(&dir.path().join("w")).contains("v1"));
    }
}
