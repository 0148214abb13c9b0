//! The usage error: flags, arguments and variables that do not fit together.

use std::fmt;

/// A usage error: the command line, together with the variables, cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub message: String,
    /// Advice on how to correct it.
    pub hint: Option<String>,
}

impl Usage {
    /// Creates a usage error without a hint.
    pub fn new(message: impl Into<String>) -> Usage {
        Usage { message: message.into(), hint: None }
    }

    /// Adds the hint.
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
