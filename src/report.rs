//! Reports of errors: a message of one line, at most two hints, and an exit code.

use std::io;

use serde_json::{Value, json};

use crate::archive;
use crate::disk;
use crate::exit::Exit;
use crate::gitlab;
use crate::lookup::poll::TimedOut;
use crate::refusal::Refusal;
use crate::select::merge_plans::Clash;
use crate::settings::Usage;

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
    /// Converts an error. `waited`: the user asked to wait, so a pipeline that ended badly has its own
    /// exit code.
    pub fn new(error: &anyhow::Error, waited: bool) -> Report {
        let mut report = Report {
            exit: Exit::Fault,
            message: format!("{error:#}"),
            hints: Vec::new(),
            candidates: Vec::new(),
        };
        if let Some(refusal) = error.downcast_ref::<Refusal>() {
            report.exit = refusal.exit(waited);
            report.hints.extend(refusal.hint());
            report.candidates = refusal.candidates();
        } else if let Some(timed_out) = error.downcast_ref::<TimedOut>() {
            report.exit = Exit::TimedOut;
            report.hints.push("--wait-timeout allows more".to_owned());
            let last = timed_out.last.downcast_ref::<Refusal>();
            report.candidates = last.map(Refusal::candidates).unwrap_or_default();
        } else if let Some(error) = error.downcast_ref::<gitlab::Error>() {
            report.exit = error.exit();
            report.hints = error.hints();
        } else if let Some(usage) = error.downcast_ref::<Usage>() {
            report.exit = Exit::Usage;
            report.hints.extend(usage.hint.clone());
        } else if let Some(error) = error.downcast_ref::<archive::Error>() {
            report.exit =
                if matches!(error, archive::Error::Read(_)) { Exit::Disk } else { Exit::Archive };
        } else if let Some(error) = error.downcast_ref::<disk::Error>() {
            report.exit = Exit::Disk;
            report.hints.extend(error.hint().map(str::to_owned));
        } else if let Some(clash) = error.downcast_ref::<Clash>() {
            report.exit =
                if matches!(clash, Clash::Links { .. }) { Exit::Archive } else { Exit::Disk };
            report.hints.push("--separate gives each job a folder of its own".to_owned());
        } else if let Some(error) = error.downcast_ref::<io::Error>() {
            // The reader of standard output closed it on purpose, as `head` does.
            report.exit =
                if error.kind() == io::ErrorKind::BrokenPipe { Exit::Done } else { Exit::Disk };
        }
        report
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
