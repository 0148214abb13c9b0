//! The configuration file of glab: `config.yml`, with a table of hosts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use saphyr_parser::{Event, Parser};

use super::entry::{CredentialEntry, MalformedFile};
use crate::env::Env;
use crate::gitlab::Address;
use crate::settings::variables::home_dir;
use crate::shell::quoted;
use crate::token::Kind;

/// The settings of one host.
type Host = BTreeMap<String, String>;

/// Returns the file that glab reads: the first that exists, in glab's order of precedence.
pub(super) fn file(env: &Env) -> Option<PathBuf> {
    let variable = |name: &str| env.var(name).map(|folder| env.dir.join(folder));
    let folders = match variable("GLAB_CONFIG_DIR") {
        Some(folder) => vec![folder],
        None => [
            home_dir(env).map(|home| home.join(".config/glab-cli")),
            variable("XDG_CONFIG_HOME").map(|folder| folder.join("glab-cli")),
            home_dir(env).map(|home| home.join("Library/Application Support/glab-cli")),
            variable("LOCALAPPDATA").map(|folder| folder.join("glab-cli")),
            variable("APPDATA").map(|folder| folder.join("glab-cli")),
        ]
        .into_iter()
        .flatten()
        .collect(),
    };
    folders.into_iter().map(|folder| folder.join("config.yml")).find(|file| file.exists())
}

/// Finds the entry for the server of this API.
pub(super) fn find_entry(
    text: &str,
    api: &Address,
) -> Result<Option<CredentialEntry>, MalformedFile> {
    let hosts = hosts(text)?;
    let host = hosts.iter().find(|(name, host)| {
        let protocol = non_empty(host, "api_protocol").unwrap_or("https");
        let name = non_empty(host, "api_host").unwrap_or(name);
        Address::parse(&format!("{protocol}://{name}")).is_ok_and(|host| host.same_origin(api))
    });
    Ok(host.and_then(|(name, host)| entry(name, host)))
}

/// Finds the server whose API glab asks for a host of web pages and git: another one, or one below a
/// path, where the entry has `api_host`.
pub(super) fn find_server(text: &str, web: &Address) -> Result<Option<Address>, MalformedFile> {
    let hosts = hosts(text)?;
    let server = |(name, host): (&String, &Host)| {
        // Git and web pages of a host can have ports of their own.
        let is_this =
            name.split(':').next().is_some_and(|name| name.eq_ignore_ascii_case(web.host()));
        let api_host = non_empty(host, "api_host").filter(|_| is_this)?;
        let protocol = non_empty(host, "api_protocol").unwrap_or("https");
        Address::parse(&format!("{protocol}://{}", api_host.trim_end_matches('/'))).ok()
    };
    Ok(hosts.iter().find_map(server))
}

fn entry(name: &str, host: &Host) -> Option<CredentialEntry> {
    let is_true = |key| non_empty(host, key).is_some_and(|value| value == "true" || value == "1");
    // GitLab accepts an OAuth token only as a bearer token, for two hours, and only glab can renew
    // it. This is checked first, because an OAuth token in the keyring is just as unusable.
    if is_true("is_oauth2") {
        let why = "it is of a sign-in by browser, which glab alone can renew; \
                   set GITLAB_TOKEN to a personal access token";
        return Some(CredentialEntry::Unused(why.to_owned()));
    }
    match (non_empty(host, "token"), non_empty(host, "job_token")) {
        (Some(token), _) => Some(CredentialEntry::Token(Kind::Private, token.to_owned())),
        (None, Some(token)) => Some(CredentialEntry::Token(Kind::Job, token.to_owned())),
        // A keyring client would add two hundred crates, and glab can print the token.
        (None, None) if is_true("use_keyring") || non_empty(host, "user").is_some() => {
            Some(CredentialEntry::Unused(format!(
                "glab keeps it in the keyring of the system; \
                 set GITLAB_TOKEN to what `glab config get token --host {name}` prints",
                name = quoted(name)
            )))
        }
        (None, None) => None,
    }
}

/// Returns a setting that is neither empty nor null (`~` or `null` in YAML).
fn non_empty<'a>(host: &'a Host, key: &str) -> Option<&'a str> {
    let value = host.get(key).map(String::as_str);
    value.filter(|value| !matches!(*value, "" | "~" | "null"))
}

/// A mapping or sequence that the parser is inside of, and the key whose value comes next.
struct OpenNode {
    is_mapping: bool,
    key: Option<String>,
}

impl OpenNode {
    fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Handles the end of a child node, which is either a key or the value of the last key.
    fn end_child(&mut self, node: &str) {
        self.key = if self.is_mapping && self.key.is_none() { Some(node.to_owned()) } else { None };
    }
}

/// Collects the scalars at `hosts: NAME: KEY: scalar`. Tags are ignored, because glab writes
/// `!!null` in front of tokens.
fn hosts(text: &str) -> Result<BTreeMap<String, Host>, MalformedFile> {
    let mut hosts = BTreeMap::<String, Host>::new();
    let mut open = Vec::<OpenNode>::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|_| MalformedFile)?;
        let ended = match event {
            Event::MappingStart(..) => {
                open.push(OpenNode { is_mapping: true, key: None });
                continue;
            }
            Event::SequenceStart(..) => {
                open.push(OpenNode { is_mapping: false, key: None });
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                String::new()
            }
            Event::Scalar(text, ..) => text.into_owned(),
            Event::Alias(_) => String::new(),
            _ => continue,
        };
        if let [top, table, host] = &open[..]
            && let (Some("hosts"), Some(name), Some(key)) = (top.key(), table.key(), host.key())
        {
            let host = hosts.entry(name.to_owned()).or_default();
            host.entry(key.to_owned()).or_insert_with(|| ended.clone());
        }
        if let Some(last) = open.last_mut() {
            last.end_child(&ended);
        }
    }
    Ok(hosts)
}
