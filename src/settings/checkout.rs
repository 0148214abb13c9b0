//! The git checkout around the current folder: its branch and the remote of that branch.
//!
//! The files below `.git` are read directly, because the configuration of an untrusted checkout can
//! make git execute commands. `include` and `insteadOf` are not followed. Only a revision of
//! `--commit` is resolved by git itself, by a command that executes nothing (`commit.rs`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use configparser::ini::Ini;

use super::git_remote::GitRemote;
use super::secret_file;

/// The branch and the remote of a git checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkout {
    pub head: Head,
    /// None if the chosen remote cannot be a GitLab, or if no remote can be chosen.
    pub remote: Option<GitRemote>,
}

/// The branch or commit that is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    Branch {
        name: String,
        /// Its name on the server, which the branch it tracks can tell.
        on_server: String,
    },
    /// A commit without a branch, as in most submodules.
    Detached { sha: String },
}

impl Checkout {
    /// Finds the checkout that contains this folder.
    pub fn discover(folder: &Path) -> Option<Checkout> {
        let git = folder.ancestors().find_map(git_dir)?;
        let head = read_text(&git.join("HEAD"))?;
        let branch = head.trim_end().strip_prefix("ref: refs/heads/").map(str::to_owned);
        // A worktree uses the configuration of its main checkout.
        let shared = read_text(&git.join("commondir")).map(|path| git.join(path.trim_end()));
        let shared = shared.unwrap_or(git);
        let config = read_text(&shared.join("config")).and_then(parse_config).unwrap_or_default();
        let remote = choose_remote(&config, branch.as_deref());
        let head = match branch {
            Some(name) => {
                let tracked = tracked_branch(&config, &name)
                    .filter(|(remote, _)| !has_remote_branch(&shared, remote, &name));
                let on_server = tracked.map_or_else(|| name.clone(), |(_, branch)| branch);
                Head::Branch { name, on_server }
            }
            None => Head::Detached { sha: head.trim().to_owned() },
        };
        Some(Checkout { head, remote })
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

/// Returns the value of a key in a section.
fn config_value(config: &Config, section: &str, key: &str) -> Option<String> {
    let value = config.get(section)?.get(key)?.as_deref()?;
    Some(value.trim_matches('"').to_owned())
}

/// Returns the remote and the branch on it that a local branch tracks. A branch that tracks another
/// local one has the remote `.`, which tells nothing.
fn tracked_branch(config: &Config, branch: &str) -> Option<(String, String)> {
    let section = format!("branch \"{branch}\"");
    let remote = config_value(config, &section, "remote").filter(|remote| remote != ".")?;
    let merge = config_value(config, &section, "merge")?;
    Some((remote, merge.strip_prefix("refs/heads/")?.to_owned()))
}

/// Returns true if the remote is known to have a branch of this name. A branch that was made from
/// another one often tracks that, even after it was pushed under its own name.
fn has_remote_branch(git: &Path, remote: &str, branch: &str) -> bool {
    let name = format!("refs/remotes/{remote}/{branch}");
    let is_packed = |packed: String| {
        packed.lines().any(|line| line.split_once(' ').is_some_and(|(_, ref_)| ref_ == name))
    };
    git.join(&name).is_file() || read_text(&git.join("packed-refs")).is_some_and(is_packed)
}

/// Chooses the remote of the branch, else `origin`, else the only remote.
fn choose_remote(config: &Config, branch: Option<&str>) -> Option<GitRemote> {
    let value = |section: &str, key: &str| config_value(config, section, key);
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
