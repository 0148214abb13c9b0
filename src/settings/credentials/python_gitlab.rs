//! What python-gitlab keeps: an INI file, with a section for each server.

use std::path::PathBuf;

use configparser::ini::Ini;

use super::{CredentialEntry, MalformedFile, home};
use crate::env::Env;
use crate::gitlab::Address;
use crate::token::Kind;

/// The file of its variable, or else the person's and the machine's, of which the first wins.
pub(super) fn files(env: &Env) -> Vec<PathBuf> {
    match env.var("PYTHON_GITLAB_CFG") {
        Some(file) => vec![env.dir.join(file)],
        None => {
            let own = home(env).map(|home| home.join(".python-gitlab.cfg"));
            own.into_iter().chain([PathBuf::from("/etc/python-gitlab.cfg")]).collect()
        }
    }
}

/// What the file says about the server of this API. Of several sections the default one counts.
pub(super) fn look(text: &str, api: &Address) -> Result<Option<CredentialEntry>, MalformedFile> {
    let mut ini = Ini::new();
    ini.set_inline_comment_symbols(Some(&[]));
    ini.read(text.to_owned()).map_err(|_| MalformedFile)?;
    let default = ini.get("global", "default").map(|name| name.to_lowercase());
    let mut sections = ini.sections();
    sections.sort_by_key(|name| (Some(name) != default.as_ref(), name.clone()));
    let ours = |section: &String| {
        let url = ini.get(section, "url")?;
        let here = Address::parse(&url).is_ok_and(|server| server.same_origin(api));
        here.then(|| entry(&ini, section)).flatten()
    };
    Ok(sections.iter().find_map(ours))
}

fn entry(ini: &Ini, section: &str) -> Option<CredentialEntry> {
    let set = |key: &str| ini.get(section, key).filter(|value| !value.is_empty());
    let (kind, value) = match (set("private_token"), set("job_token"), set("oauth_token")) {
        (Some(token), _, _) => (Kind::Private, token),
        (None, Some(token), _) => (Kind::Job, token),
        // GitLab takes such a token as a bearer alone, and it lives for two hours.
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
