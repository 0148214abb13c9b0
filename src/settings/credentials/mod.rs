//! Tokens that other tools keep on a developer's machine, each for one server.
//!
//! A token is used for the server it is kept for and for no other; scheme, host and port count.
//! What such a file says is never run, and what is odd about one stops nothing: it is not ours.
//! `~/.netrc` is not read.

mod glab;
mod python_gitlab;

use std::path::{Path, PathBuf};

use super::{Source, Sourced, secret_file};
use crate::env::Env;
use crate::gitlab::Address;
use crate::sanitize::sanitize;
use crate::token::{Kind, Token};

/// What there is for a server.
pub(super) struct StoredCredentials {
    pub token: Option<Sourced<Token>>,
    pub warnings: Vec<String>,
}

/// What a file says about a server.
#[derive(Debug, Clone, PartialEq, Eq)]
enum CredentialEntry {
    Token(Kind, String),
    /// There is one that this program does not use; the text says why, and what to do.
    Unused(String),
}

/// The file is not of its tool's form. The reader's own words could repeat what it read.
struct MalformedFile;

/// Looks an address up in the text of a file.
type Look = fn(&str, &Address) -> Result<Option<CredentialEntry>, MalformedFile>;

/// The token for this API that another tool keeps.
pub(super) fn kept(api: &Address, env: &Env) -> StoredCredentials {
    let mut warnings = Vec::new();
    for (path, look) in files(env) {
        let name = path.to_string_lossy();
        let name = sanitize(&name);
        match entry(&path, look, api) {
            Ok(None) => {}
            Ok(Some(CredentialEntry::Unused(why))) => warnings
                .push(format!("the token for {} in {name} is not used: {why}", api.origin())),
            Ok(Some(CredentialEntry::Token(kind, text))) => match Token::new(kind, &text) {
                Ok(value) => {
                    warnings.extend(secret_file::exposed(&path));
                    let source = Source::File(path);
                    return StoredCredentials { token: Some(Sourced { value, source }), warnings };
                }
                Err(why) => warnings.push(format!(
                    "the token for {} in {name} {why}; it is not used",
                    api.origin()
                )),
            },
            Err(why) => warnings.push(format!("{name} is skipped: {why}")),
        }
    }
    StoredCredentials { token: None, warnings }
}

/// Whether another tool has something for this server.
pub(super) fn knows(api: &Address, env: &Env) -> bool {
    files(env).into_iter().any(|(path, look)| matches!(entry(&path, look, api), Ok(Some(_))))
}

fn entry(path: &Path, look: Look, api: &Address) -> Result<Option<CredentialEntry>, String> {
    let bytes = match secret_file::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be read: {error}")),
    };
    let odd = |MalformedFile| "it cannot be understood".to_owned();
    let text = String::from_utf8(bytes).map_err(|_| odd(MalformedFile))?;
    look(&text, api).map_err(odd)
}

/// The files to look into, in order; most are not there.
fn files(env: &Env) -> Vec<(PathBuf, Look)> {
    let glab = glab::file(env).map(|path| (path, glab::look as Look));
    let python = python_gitlab::files(env).into_iter();
    glab.into_iter().chain(python.map(|path| (path, python_gitlab::look as Look))).collect()
}

/// The folder of the person who runs this.
fn home(env: &Env) -> Option<PathBuf> {
    env.var("HOME").or(env.var("USERPROFILE")).map(PathBuf::from)
}

#[cfg(test)]
mod tests;
