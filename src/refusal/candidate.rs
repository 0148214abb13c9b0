//! A bridge or job that was considered, for `explain`.

/// One of the items that a choice was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub name: String,
    /// The reason why it was not chosen; none if it was.
    pub why_not: Option<String>,
}

impl Candidate {
    /// Returns a candidate that was chosen.
    pub fn chosen(name: impl Into<String>) -> Candidate {
        Candidate { name: name.into(), why_not: None }
    }

    /// Returns a candidate that was not chosen, with the reason.
    pub fn rejected(name: impl Into<String>, why_not: impl ToString) -> Candidate {
        Candidate { name: name.into(), why_not: Some(why_not.to_string()) }
    }
}
