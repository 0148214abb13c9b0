//! The reasons why GitLab does not create a pipeline.

use std::fmt::{self, Display, Formatter};

use crate::sanitize::sanitize;

/// The reason why no pipeline was created; `message` is GitLab's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartFailure {
    /// No ref was given, and the project has no default branch.
    NoDefaultBranch,
    /// The project has no such branch or tag.
    UnknownRef { ref_: String, message: String },
    /// An error in the YAML, or variables or inputs that it does not accept.
    Rejected { ref_: String, message: String },
}

impl StartFailure {
    /// Classifies GitLab's answer 400 to `POST /projects/:id/pipeline`.
    ///
    /// GitLab answers 400 in all cases, so that an unknown ref differs only in its message
    /// (`lib/gitlab/ci/pipeline/chain/validate/repository.rb`).
    pub fn from_answer(ref_: &str, message: &str) -> StartFailure {
        let (ref_, message) = (ref_.to_owned(), message.to_owned());
        if message.contains("Reference not found") {
            StartFailure::UnknownRef { ref_, message }
        } else {
            StartFailure::Rejected { ref_, message }
        }
    }
}

impl Display for StartFailure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            StartFailure::NoDefaultBranch => f.write_str("it has no default branch"),
            StartFailure::UnknownRef { message, .. } | StartFailure::Rejected { message, .. } => {
                sanitize(message).fmt(f)
            }
        }
    }
}
