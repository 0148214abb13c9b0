//! From what was typed and the variables of CI to what is meant, each with its source.
//!
//! On a developer's own machine two more things speak, and only where nobody else has: the git
//! remote of the folder one stands in, and the credentials that other tools keep.

use std::fmt;
use std::path::PathBuf;

use crate::env::Env;
use crate::sanitize::sanitize;

mod api;
mod cache;
mod checkout;
mod credentials;
mod effective;
mod git_remote;
mod given;
mod network;
mod scope;
mod secret_file;
#[cfg(test)]
mod tests;
mod token;
mod web_url;

pub use api::api;
pub use cache::{CacheSettings, cache};
pub use effective::{flags, who};
pub use network::network;
pub use scope::{ResolvedScope, Setting, project, scope};
pub use token::{pipeline_token, token};
pub use web_url::{WebUrl, split};

/// A value and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub source: Source,
}

/// Where a value is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The web address among the arguments.
    Url,
    Flag(&'static str),
    Variable(&'static str),
    /// A file of another tool.
    File(PathBuf),
    /// The git remote of this name.
    GitRemote(String),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Url => f.write_str("the given URL"),
            Source::Flag(name) | Source::Variable(name) => f.write_str(name),
            Source::File(path) => sanitize(&path.to_string_lossy()).fmt(f),
            Source::GitRemote(name) => write!(f, "git remote {}", sanitize(name)),
            Source::Default => f.write_str("default"),
        }
    }
}

/// The command line makes no sense, together with the variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub message: String,
    pub hint: Option<String>,
}

impl Usage {
    pub fn new(message: impl Into<String>) -> Usage {
        Usage { message: message.into(), hint: None }
    }

    pub fn hint(self, hint: impl Into<String>) -> Usage {
        Usage { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Usage {}

/// The first of these variables that is set.
fn variable(env: &Env, names: &[&'static str]) -> Option<Sourced<String>> {
    names.iter().find_map(|&name| {
        let value = env.var(name)?.to_owned();
        Some(Sourced { value, source: Source::Variable(name) })
    })
}

/// Whether this is a CI job, where what lies in folders by chance must decide nothing.
fn in_ci(env: &Env) -> bool {
    env.var("CI").or(env.var("GITLAB_CI")).is_some()
}
