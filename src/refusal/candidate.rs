//! Something that could have been chosen, and why it was not.

/// One of the things a choice was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub name: String,
    /// None: it was chosen.
    pub why_not: Option<String>,
}

impl Candidate {
    pub fn chosen(name: impl Into<String>) -> Candidate {
        Candidate { name: name.into(), why_not: None }
    }

    pub fn lost(name: impl Into<String>, why_not: impl ToString) -> Candidate {
        Candidate { name: name.into(), why_not: Some(why_not.to_string()) }
    }
}
