//! The entry for one server in a credentials file.

use crate::token::Kind;

/// The entry for a server in a credentials file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CredentialEntry {
    Token(Kind, String),
    /// A token that cannot be used. The text says why, and what to do instead.
    Unused(String),
}

/// A file that does not have the format of its tool. It carries no message, because a parser's
/// message can quote secrets from the file.
pub(super) struct MalformedFile;
