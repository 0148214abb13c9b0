//! Environment variables that several settings read.

use std::path::PathBuf;

use super::sourced::{Source, Sourced};
use crate::env::Env;
use crate::usage::Usage;

/// Returns the first of these variables that is set, with its name as the source.
pub(super) fn variable(env: &Env, names: &[&'static str]) -> Option<Sourced<String>> {
    names.iter().find_map(|&name| {
        let value = env.var(name)?.to_owned();
        Some(Sourced { value, source: Source::Variable(name) })
    })
}

/// The variables that decide what a run does. `HOME` and its like are left out: outside CI only the
/// files of other tools are looked for there.
const NAMES: [&str; 37] = [
    "ALL_PROXY",
    "CI",
    "CI_API_V4_URL",
    "CI_JOB_TOKEN",
    "CI_PIPELINE_ID",
    "CI_PIPELINE_SOURCE",
    "CI_PROJECT_ID",
    "CI_PROJECT_PATH",
    "CI_SERVER_TLS_CA_FILE",
    "CI_SERVER_TLS_CERT_FILE",
    "CI_SERVER_TLS_KEY_FILE",
    "CI_SERVER_URL",
    "CI_UPSTREAM_JOB_ID",
    "CI_UPSTREAM_PIPELINE_ID",
    "CI_UPSTREAM_PROJECT_ID",
    "DOWNRIVER_CACHE",
    "DOWNRIVER_CACHE_SIZE",
    "DOWNRIVER_NO_INPUT",
    "DOWNRIVER_PIPELINE_TOKEN",
    "GITLAB_CI",
    "GITLAB_HOST",
    "GITLAB_PRIVATE_TOKEN",
    "GITLAB_TOKEN",
    "GLAB_CONFIG_DIR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "PARENT_JOB_ID",
    "PARENT_PIPELINE_ID",
    "PARENT_PROJECT_ID",
    "PRIVATE_TOKEN",
    "PYTHON_GITLAB_CFG",
    "XDG_CONFIG_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Checks that no variable that a run reads has a value that is not Unicode.
///
/// # Errors
/// The first such variable. Its value is not repeated, because it can be a secret.
pub fn check_variables(env: &Env) -> Result<(), Usage> {
    match NAMES.into_iter().find(|name| env.not_unicode.contains(*name)) {
        None => Ok(()),
        Some(name) => Err(Usage::new(format!("the value of {name} is not UTF-8"))
            .hint(format!("set {name} anew, or remove it with `unset {name}`"))),
    }
}

/// Returns true in a CI job. There the git checkout and the credential files of other tools are
/// ignored, because they belong to the job's image or repository and not to its user.
pub fn in_ci(env: &Env) -> bool {
    env.var("CI").or(env.var("GITLAB_CI")).is_some()
}

/// Returns the home directory of the user.
pub fn home_dir(env: &Env) -> Option<PathBuf> {
    env.var("HOME").or(env.var("USERPROFILE")).map(PathBuf::from)
}

/// Returns the folder for files that can be made again.
pub fn user_cache_dir(env: &Env) -> Option<PathBuf> {
    let set = |name: &str| env.var(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set("XDG_CACHE_HOME")
        .or_else(|| set("LOCALAPPDATA"))
        .or_else(|| home_dir(env).map(|home| home.join(".cache")))
}
