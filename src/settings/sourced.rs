//! Values of settings, each with its source.

use std::fmt;
use std::path::PathBuf;

use crate::sanitize::sanitize;

/// A value and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub source: Source,
}

/// A setting as `explain` prints it. The value is not sanitised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    pub value: String,
    pub source: Source,
}

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The web address among the arguments.
    Url,
    /// A flag, by its name with the dashes.
    Flag(&'static str),
    /// An environment variable, by its name.
    Variable(&'static str),
    /// A configuration file of another tool.
    File(PathBuf),
    /// A git remote, by its name.
    GitRemote(String),
    /// The branch or commit of the git checkout.
    Checkout,
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Url => f.write_str("the given URL"),
            Source::Flag(name) | Source::Variable(name) => f.write_str(name),
            Source::File(path) => sanitize(&path.to_string_lossy()).fmt(f),
            Source::GitRemote(name) => write!(f, "git remote {}", sanitize(name)),
            Source::Checkout => f.write_str("git checkout"),
            Source::Default => f.write_str("default"),
        }
    }
}
