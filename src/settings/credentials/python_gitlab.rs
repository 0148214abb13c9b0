//! The configuration file of python-gitlab: an INI file with a section for each server.

use std::path::PathBuf;

use configparser::ini::Ini;

use super::entry::{CredentialEntry, MalformedFile};
use crate::env::Env;
use crate::gitlab::Address;
use crate::settings::variables::home_dir;
use crate::token::Kind;

/// Returns the file that `PYTHON_GITLAB_CFG` names, or else the user's and the system's file.
pub(super) fn files(env: &Env) -> Vec<PathBuf> {
    match env.var("PYTHON_GITLAB_CFG") {
        Some(file) => vec![env.dir.join(file)],
        None => {
            let user_file = home_dir(env).map(|home| home.join(".python-gitlab.cfg"));
            user_file.into_iter().chain([PathBuf::from("/etc/python-gitlab.cfg")]).collect()
        }
    }
}

/// Finds the entry for the server of this API; among several sections the default one wins.
pub(super) fn find_entry(
    text: &str,
    api: &Address,
) -> Result<Option<CredentialEntry>, MalformedFile> {
    let mut ini = Ini::new();
    ini.set_inline_comment_symbols(Some(&[]));
    ini.read(text.to_owned()).map_err(|_| MalformedFile)?;
    let default = ini.get("global", "default").map(|name| name.to_lowercase());
    let mut sections = ini.sections();
    sections.sort_by_key(|name| (Some(name) != default.as_ref(), name.clone()));
    let matching = |section: &String| {
        let url = ini.get(section, "url")?;
        let is_same_server = Address::parse(&url).is_ok_and(|server| server.same_origin(api));
        is_same_server.then(|| entry(&ini, section)).flatten()
    };
    Ok(sections.iter().find_map(matching))
}

/// Finds the server of this origin, with the path below which it is installed.
pub(super) fn find_server(text: &str, web: &Address) -> Result<Option<Address>, MalformedFile> {
    let mut ini = Ini::new();
    ini.set_inline_comment_symbols(Some(&[]));
    ini.read(text.to_owned()).map_err(|_| MalformedFile)?;
    let mut sections = ini.sections();
    sections.sort();
    let server = |section: &String| {
        let url = ini.get(section, "url")?;
        let server = Address::parse(url.trim_end_matches('/')).ok()?;
        server.same_origin(web).then_some(server)
    };
    Ok(sections.iter().find_map(server))
}

fn entry(ini: &Ini, section: &str) -> Option<CredentialEntry> {
    let non_empty = |key: &str| ini.get(section, key).filter(|value| !value.is_empty());
    let (kind, value) =
        match (non_empty("private_token"), non_empty("job_token"), non_empty("oauth_token")) {
            (Some(token), _, _) => (Kind::Private, token),
            (None, Some(token), _) => (Kind::Job, token),
            // GitLab accepts an OAuth token only as a bearer token, and it expires after two hours.
            (None, None, Some(_)) => {
                let why = "it is an OAuth token; set GITLAB_TOKEN to a personal access token";
                return Some(CredentialEntry::Unused(why.to_owned()));
            }
            (None, None, None) => return None,
        };
    if value.starts_with("helper:") {
        let why = "a command would have to be run to get it; set GITLAB_TOKEN to what it prints";
        return Some(CredentialEntry::Unused(why.to_owned()));
    }
    Some(CredentialEntry::Token(kind, value))
}
