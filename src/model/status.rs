//! The status of pipelines, bridges and jobs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sanitize::sanitize;

/// The status of a pipeline, a bridge or a job. All use the same words
/// (`app/models/concerns/ci/has_status.rb`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Created,
    WaitingForResource,
    Preparing,
    WaitingForCallback,
    Pending,
    Running,
    Success,
    Failed,
    Canceling,
    Canceled,
    Skipped,
    Manual,
    Scheduled,
    /// An unknown word, which counts as not final.
    Other(String),
}

impl Status {
    pub(super) const NAMES: [(&'static str, Status); 13] = [
        ("created", Status::Created),
        ("waiting_for_resource", Status::WaitingForResource),
        ("preparing", Status::Preparing),
        ("waiting_for_callback", Status::WaitingForCallback),
        ("pending", Status::Pending),
        ("running", Status::Running),
        ("success", Status::Success),
        ("failed", Status::Failed),
        ("canceling", Status::Canceling),
        ("canceled", Status::Canceled),
        ("skipped", Status::Skipped),
        ("manual", Status::Manual),
        ("scheduled", Status::Scheduled),
    ];

    /// Returns all words that GitLab has for a status.
    pub fn words() -> [&'static str; 13] {
        Self::NAMES.map(|(word, _)| word)
    }

    /// Returns GitLab's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Status::Other(word) => word,
            known => {
                Self::NAMES.iter().find(|(_, status)| status == known).map_or("", |(name, _)| name)
            }
        }
    }

    /// Returns true if the status stays unless someone retries.
    pub fn is_final(&self) -> bool {
        matches!(self, Status::Success | Status::Failed | Status::Canceled | Status::Skipped)
    }

    /// Returns true if the status may change without a person: neither final nor `manual`.
    pub fn may_move(&self) -> bool {
        !self.is_final() && *self != Status::Manual
    }
}

/// The status of a pipeline or bridge whose status the server does not send.
impl Default for Status {
    fn default() -> Status {
        Status::Other("unknown".to_owned())
    }
}

impl From<String> for Status {
    fn from(word: String) -> Status {
        match Status::NAMES.iter().find(|(name, _)| *name == word) {
            Some((_, status)) => status.clone(),
            None => Status::Other(word),
        }
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Status, D::Error> {
        String::deserialize(deserializer).map(Status::from)
    }
}

impl Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sanitize(self.as_str()).fmt(f)
    }
}
