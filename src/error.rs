//! The error of the program: every failure of a step, an edge or the command line, as data.
//!
//! Each edge has an error type of its own, which becomes a variant here. `report.rs` turns an error
//! into a message, advice and an exit code.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::time::Duration;

use crate::archive;
use crate::disk;
use crate::gitlab;
use crate::model::PipelineId;
use crate::refusal::Refusal;
use crate::select::merge_plans::Clash;
use crate::usage::Usage;

/// The reason why a command ends without its result.
#[derive(Debug)]
pub enum Error {
    /// GitLab answered, and the wanted thing does not exist or may not be used.
    Refusal(Box<Refusal>),
    /// Waiting took longer than `limit`, which `flag` sets; `last` ended the last lookup.
    TimedOut { limit: Duration, flag: Option<&'static str>, last: Box<Error> },
    /// A pipeline was started and can no longer be watched.
    Unwatched { pipeline: PipelineId, source: Box<Error> },
    /// A request failed.
    GitLab(gitlab::Error),
    /// The command line does not make sense.
    Usage(Usage),
    /// The user ended a question without an answer.
    Canceled,
    /// An archive is broken or could not be read.
    Archive(archive::Error),
    /// The file system refused.
    Disk(disk::Error),
    /// Archives of several jobs do not fit into one folder.
    Clash(Clash),
    /// A stream or a temporary file failed.
    Io(io::Error),
    /// A fault of the program itself.
    Fault(anyhow::Error),
    /// Another error, with a description of what was being done.
    Context { doing: String, source: Box<Error> },
}

impl Error {
    /// Returns the error below all descriptions of what was being done.
    pub fn root(&self) -> &Error {
        match self {
            Error::Context { source, .. } | Error::Unwatched { source, .. } => source.root(),
            error => error,
        }
    }

    /// Adds a description of what was being done.
    pub fn context(self, doing: impl Into<String>) -> Error {
        Error::Context { doing: doing.into(), source: Box::new(self) }
    }

    /// Returns the refusal, if the error is one.
    pub fn as_refusal(&self) -> Option<&Refusal> {
        match self.root() {
            Error::Refusal(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Returns the failed request, if the error is one.
    pub fn as_gitlab(&self) -> Option<&gitlab::Error> {
        match self.root() {
            Error::GitLab(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the archive error, if the error is one.
    pub fn as_archive(&self) -> Option<&archive::Error> {
        match self.root() {
            Error::Archive(error) => Some(error),
            _ => None,
        }
    }
}

/// Adds a description of what was being done to the error of a result.
pub trait Context<T> {
    fn context(self, doing: impl Into<String>) -> Result<T, Error>;
    fn with_context(self, doing: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T, E: Into<Error>> Context<T> for Result<T, E> {
    fn context(self, doing: impl Into<String>) -> Result<T, Error> {
        self.map_err(|error| error.into().context(doing))
    }

    fn with_context(self, doing: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|error| error.into().context(doing()))
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refusal(refusal) => refusal.fmt(f),
            Error::TimedOut { limit, last, .. } => {
                write!(f, "waited {}: {last}", humantime::format_duration(*limit))
            }
            Error::Unwatched { pipeline, source } => {
                write!(f, "pipeline {pipeline} goes on, but cannot be watched: {source}")
            }
            Error::GitLab(error) => error.fmt(f),
            Error::Usage(usage) => usage.fmt(f),
            Error::Canceled => f.write_str("no job was chosen; nothing was written"),
            Error::Archive(error) => error.fmt(f),
            Error::Disk(error) => error.fmt(f),
            Error::Clash(clash) => clash.fmt(f),
            Error::Io(error) => error.fmt(f),
            Error::Fault(error) => write!(f, "{error:#}"),
            Error::Context { doing, source } => write!(f, "{doing}: {source}"),
        }
    }
}

// The source is part of the message already.
impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::Refusal(Box::new(refusal))
    }
}

/// The variants that hold the error of an edge as it is.
macro_rules! from_edges {
    ($($edge:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$edge> for Error {
            fn from(error: $edge) -> Error {
                Error::$variant(error)
            }
        })+
    };
}

from_edges! {
    gitlab::Error => GitLab,
    Usage => Usage,
    archive::Error => Archive,
    disk::Error => Disk,
    Clash => Clash,
    io::Error => Io,
    anyhow::Error => Fault,
}
