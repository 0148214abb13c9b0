//! From what was typed and the variables of CI to what is meant, each with its source.
//!
//! On a developer's own machine two more things speak, and only where nobody else has: the git
//! remote of the folder one stands in, and the credentials that other tools keep.

use std::fmt;
use std::path::PathBuf;

use crate::env::Env;
use crate::shown::shown;

mod api;
mod cache;
mod checkout;
mod credentials;
mod given;
mod network;
mod pasted;
mod place;
mod remote;
mod secret_file;
#[cfg(test)]
mod tests;
mod token;
mod told;

pub use api::api;
pub use cache::{Cache, cache};
pub use network::network;
pub use pasted::{Pasted, split};
pub use place::{Place, Setting, place, project};
pub use token::{pipeline_token, token};
pub use told::{flags, who};

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
    Remote(String),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Url => f.write_str("the given URL"),
            Source::Flag(name) | Source::Variable(name) => f.write_str(name),
            Source::File(path) => shown(&path.to_string_lossy()).fmt(f),
            Source::Remote(name) => write!(f, "git remote {}", shown(name)),
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
