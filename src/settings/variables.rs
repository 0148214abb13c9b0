//! Environment variables that several settings read.

use std::path::PathBuf;

use super::sourced::{Source, Sourced};
use crate::env::Env;

/// Returns the first of these variables that is set, with its name as the source.
pub(super) fn variable(env: &Env, names: &[&'static str]) -> Option<Sourced<String>> {
    names.iter().find_map(|&name| {
        let value = env.var(name)?.to_owned();
        Some(Sourced { value, source: Source::Variable(name) })
    })
}

/// Returns true in a CI job. There the git checkout and the credential files of other tools are
/// ignored, because they belong to the job's image or repository and not to its user.
pub fn in_ci(env: &Env) -> bool {
    env.var("CI").or(env.var("GITLAB_CI")).is_some()
}

/// Returns the home directory of the user.
pub(super) fn home_dir(env: &Env) -> Option<PathBuf> {
    env.var("HOME").or(env.var("USERPROFILE")).map(PathBuf::from)
}

/// Returns the folder for files that can be made again.
pub fn user_cache_dir(env: &Env) -> Option<PathBuf> {
    let set = |name: &str| env.var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set("XDG_CACHE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| home_dir(env).map(|home| home.join(".cache")))
}
