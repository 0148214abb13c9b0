//! Reports of errors: a message of one line, at most two hints, and an exit code.

use std::io;

use serde_json::{Value, json};

use crate::archive;
use crate::descriptors;
use crate::error::Error;
use crate::exit::Exit;
use crate::refusal::Refusal;

/// The printed form of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub exit: Exit,
    pub message: String,
    pub hints: Vec<String>,
    /// The names that exist instead of the wanted one, nearest first.
    pub candidates: Vec<String>,
}

impl Report {
    /// Describes an error. `waited`: the user asked to wait, so that a pipeline or job which ended
    /// without success has an exit code of its own.
    pub fn new(error: &Error, waited: bool) -> Report {
        let (exit, hints, candidates) = match error.root() {
            Error::Refusal(refusal) => {
                (refusal.exit(waited), refusal.hints(), refusal.candidates())
            }
            Error::TimedOut { flag, last, .. } => {
                let candidates = last.as_refusal().map(Refusal::candidates).unwrap_or_default();
                let hint = flag.map(|flag| format!("{flag} allows more"));
                (Exit::TimedOut, Vec::from_iter(hint), candidates)
            }
            Error::GitLab(error) => (error.exit(), error.hints(), Vec::new()),
            Error::Usage(usage) => (Exit::Usage, Vec::from_iter(usage.hint.clone()), Vec::new()),
            Error::Archive(archive::Error::Read(error)) => {
                (Exit::Disk, one(descriptors::hint(error)), Vec::new())
            }
            Error::Archive(error) => (Exit::Archive, one(error.hint()), Vec::new()),
            Error::Canceled => (Exit::Interrupted, Vec::new(), Vec::new()),
            Error::Disk(error) => (Exit::Disk, one(error.hint()), Vec::new()),
            Error::Clash(clash) => {
                let hint = "--separate gives each job a folder of its own".to_owned();
                (clash.exit(), vec![hint], Vec::new())
            }
            // The reader of standard output has closed it: it has read enough.
            Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                (Exit::Done, Vec::new(), Vec::new())
            }
            Error::Io(error) => (Exit::Disk, one(descriptors::hint(error)), Vec::new()),
            Error::Fault(_) | Error::Context { .. } | Error::Unwatched { .. } => {
                (Exit::Fault, Vec::new(), Vec::new())
            }
        };
        Report { exit, message: error.to_string(), hints, candidates }
    }

    /// Returns the document that `--json` prints instead of a result.
    pub fn json(&self) -> Value {
        json!({ "error": {
            "exit": self.exit.code(),
            "message": self.message,
            "hint": self.hints.first(),
            "candidates": self.candidates,
        } })
    }
}

fn one(hint: Option<&str>) -> Vec<String> {
    hint.map(str::to_owned).into_iter().collect()
}
