//! Tokens that glab and python-gitlab store on a developer's machine, each for one server.
//!
//! A token is used only for the server it is stored for: scheme, host and port must match. Commands
//! in these files are never run. A malformed file is skipped with a warning, because other tools
//! own it. `~/.netrc` is not read.

mod entry;
mod glab;
mod python_gitlab;

use std::path::{Path, PathBuf};

use self::entry::{CredentialEntry, MalformedFile};
use super::secret_file;
use super::sourced::{Source, Sourced};
use super::variables::in_ci;
use crate::env::Env;
use crate::gitlab::Address;
use crate::sanitize::sanitize;
use crate::token::Token;

/// The stored token for a server, and warnings about the files that were read.
pub(super) struct StoredToken {
    pub token: Option<Sourced<Token>>,
    pub warnings: Vec<String>,
}

/// Finds the entry for the server of an API in the text of a file.
type FindEntry = fn(&str, &Address) -> Result<Option<CredentialEntry>, MalformedFile>;

/// Finds the server that a file names for a host of web pages or git.
type FindServer = fn(&str, &Address) -> Result<Option<Address>, MalformedFile>;

/// Returns the first usable token that another tool stores for this API.
pub(super) fn find_token(api: &Address, env: &Env) -> StoredToken {
    let mut warnings = Vec::new();
    for (path, find_entry) in files(env) {
        let name = path.to_string_lossy();
        let name = sanitize(&name);
        match read_entry(&path, find_entry, api) {
            Ok(None) => {}
            Ok(Some(CredentialEntry::Unused(why))) => warnings
                .push(format!("the token for {} in {name} is not used: {why}", api.origin())),
            Ok(Some(CredentialEntry::Token(kind, text))) => match Token::new(kind, &text) {
                Ok(value) => {
                    warnings.extend(secret_file::permission_warning(&path));
                    let source = Source::File(path);
                    return StoredToken { token: Some(Sourced { value, source }), warnings };
                }
                Err(why) => warnings.push(format!(
                    "the token for {} in {name} {why}; it is not used",
                    api.origin()
                )),
            },
            Err(why) => warnings.push(format!("{name} is skipped: {why}")),
        }
    }
    StoredToken { token: None, warnings }
}

/// Returns true if another tool stores an entry for this server.
pub(super) fn has_entry(api: &Address, env: &Env) -> bool {
    files(env)
        .into_iter()
        .any(|(path, find_entry)| matches!(read_entry(&path, find_entry, api), Ok(Some(_))))
}

/// Returns the root of the API that another tool uses for a host of web pages or git, with the file
/// that says so. In a CI job, such files belong to its image.
pub(super) fn find_api(web: &Address, env: &Env) -> Option<Sourced<Address>> {
    if in_ci(env) {
        return None;
    }
    let glab = glab::file(env).map(|path| (path, glab::find_server as FindServer));
    let python = python_gitlab::files(env).into_iter();
    let files =
        glab.into_iter().chain(python.map(|path| (path, python_gitlab::find_server as FindServer)));
    let api = |(path, find_server): (PathBuf, FindServer)| {
        let server = read_entry(&path, |text, _| find_server(text, web), web).ok()??;
        Some(Sourced { value: server.join("/api/v4"), source: Source::File(path) })
    };
    files.into_iter().find_map(api)
}

fn read_entry<T>(
    path: &Path,
    find_entry: impl Fn(&str, &Address) -> Result<Option<T>, MalformedFile>,
    api: &Address,
) -> Result<Option<T>, String> {
    let bytes = match secret_file::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be read: {error}")),
    };
    let malformed = |MalformedFile| "it cannot be understood".to_owned();
    let text = String::from_utf8(bytes).map_err(|_| malformed(MalformedFile))?;
    find_entry(&text, api).map_err(malformed)
}

/// Returns the candidate files in order of precedence; most of them do not exist.
fn files(env: &Env) -> Vec<(PathBuf, FindEntry)> {
    let glab = glab::file(env).map(|path| (path, glab::find_entry as FindEntry));
    let python = python_gitlab::files(env).into_iter();
    glab.into_iter()
        .chain(python.map(|path| (path, python_gitlab::find_entry as FindEntry)))
        .collect()
}

#[cfg(test)]
mod tests;
