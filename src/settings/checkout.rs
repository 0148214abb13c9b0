//! The git checkout one stands in: its branch, and the remote that this branch belongs to.
//!
//! The few files that tell are read here and git is not run: what a folder found by chance makes
//! git do is not for this program to find out. So `include` and `insteadOf` are not followed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use configparser::ini::Ini;

use super::git_remote::GitRemote;
use super::secret_file;

/// What is known of a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkout {
    /// None where no branch is checked out.
    pub branch: Option<String>,
    /// None where no remote can be a GitLab, or where it is unclear which one is meant.
    pub remote: Option<GitRemote>,
}

impl Checkout {
    /// The checkout that this folder belongs to.
    pub fn around(folder: &Path) -> Option<Checkout> {
        let git = folder.ancestors().find_map(git_folder)?;
        let head = text(&git.join("HEAD"))?;
        let branch = head.trim_end().strip_prefix("ref: refs/heads/").map(str::to_owned);
        // A worktree shares the configuration of the checkout that it was made from.
        let shared = text(&git.join("commondir")).map(|path| git.join(path.trim_end()));
        let config = text(&shared.unwrap_or(git).join("config")).and_then(read).unwrap_or_default();
        let remote = remote(&config, branch.as_deref());
        Some(Checkout { branch, remote })
    }
}

/// `.git` in this folder; in a worktree or a submodule it is a file that names the real one.
fn git_folder(folder: &Path) -> Option<PathBuf> {
    let git = folder.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = text(&git)?;
    Some(folder.join(text.trim_end().strip_prefix("gitdir: ")?))
}

type Config = HashMap<String, HashMap<String, Option<String>>>;

fn read(text: String) -> Option<Config> {
    let mut git = Ini::new_cs();
    git.set_inline_comment_symbols(Some(&[]));
    git.read(text).ok()
}

/// The remote of the branch, else `origin`, else the only one.
fn remote(config: &Config, branch: Option<&str>) -> Option<GitRemote> {
    let value = |section: &str, key: &str| {
        let value = config.get(section)?.get(key)?.as_deref()?;
        Some(value.trim_matches('"').to_owned())
    };
    let url = |name: &str| value(&format!("remote \"{name}\""), "url");
    let of_branch = branch.and_then(|branch| value(&format!("branch \"{branch}\""), "remote"));
    let only = || {
        let mut names = config.keys().filter_map(|section| {
            section.strip_prefix("remote \"").and_then(|name| name.strip_suffix('"'))
        });
        names.next().filter(|_| names.next().is_none()).map(str::to_owned)
    };
    let name = of_branch
        .filter(|name| url(name).is_some())
        .or_else(|| url("origin").map(|_| "origin".to_owned()))
        .or_else(only)?;
    GitRemote::parse(&name, &url(&name)?)
}

/// The text of a file. Anybody can leave a pipe in a shared folder, which would be waited for.
fn text(path: &Path) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    String::from_utf8(secret_file::read(path).ok()?).ok()
}
