//! The git checkout around the current folder: its branch and the remote of that branch.
//!
//! The files below `.git` are read directly and git is never run, because the configuration of an
//! untrusted checkout can make git execute commands. `include` and `insteadOf` are not followed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use configparser::ini::Ini;

use super::git_remote::GitRemote;
use super::secret_file;

/// The branch and the remote of a git checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkout {
    /// None for a detached HEAD.
    pub branch: Option<String>,
    /// None if the chosen remote cannot be a GitLab, or if no remote can be chosen.
    pub remote: Option<GitRemote>,
}

impl Checkout {
    /// Finds the checkout that contains this folder.
    pub fn discover(folder: &Path) -> Option<Checkout> {
        let git = folder.ancestors().find_map(git_dir)?;
        let head = read_text(&git.join("HEAD"))?;
        let branch = head.trim_end().strip_prefix("ref: refs/heads/").map(str::to_owned);
        // A worktree uses the configuration of its main checkout.
        let shared = read_text(&git.join("commondir")).map(|path| git.join(path.trim_end()));
        let config = read_text(&shared.unwrap_or(git).join("config"));
        let config = config.and_then(parse_config).unwrap_or_default();
        let remote = choose_remote(&config, branch.as_deref());
        Some(Checkout { branch, remote })
    }
}

/// Returns the git directory of this folder: `.git` itself, or the directory that a `.git` file
/// names, as in a worktree or a submodule.
pub(super) fn git_dir(folder: &Path) -> Option<PathBuf> {
    let git = folder.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = read_text(&git)?;
    Some(folder.join(text.trim_end().strip_prefix("gitdir: ")?))
}

/// The sections of a git configuration file, each with its keys and values.
type Config = HashMap<String, HashMap<String, Option<String>>>;

fn parse_config(text: String) -> Option<Config> {
    let mut git = Ini::new_cs();
    git.set_inline_comment_symbols(Some(&[]));
    git.read(text).ok()
}

/// Chooses the remote of the branch, else `origin`, else the only remote.
fn choose_remote(config: &Config, branch: Option<&str>) -> Option<GitRemote> {
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

/// Reads a regular file as text. Anything else, such as a pipe in a shared folder, would block.
pub(super) fn read_text(path: &Path) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    String::from_utf8(secret_file::read(path).ok()?).ok()
}
