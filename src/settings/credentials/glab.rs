//! What glab keeps: `config.yml`, with a table of hosts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use saphyr_parser::{Event, Parser};

use super::{CredentialEntry, MalformedFile, home};
use crate::env::Env;
use crate::gitlab::Address;
use crate::sanitize::sanitize;
use crate::token::Kind;

/// The settings of one host.
type Host = BTreeMap<String, String>;

/// The one file that glab would read: the first that is there, by its own order.
pub(super) fn file(env: &Env) -> Option<PathBuf> {
    let variable = |name: &str| env.var(name).map(|folder| env.dir.join(folder));
    let folders = match variable("GLAB_CONFIG_DIR") {
        Some(folder) => vec![folder],
        None => [
            home(env).map(|home| home.join(".config/glab-cli")),
            variable("XDG_CONFIG_HOME").map(|folder| folder.join("glab-cli")),
            home(env).map(|home| home.join("Library/Application Support/glab-cli")),
            variable("LOCALAPPDATA").map(|folder| folder.join("glab-cli")),
            variable("APPDATA").map(|folder| folder.join("glab-cli")),
        ]
        .into_iter()
        .flatten()
        .collect(),
    };
    folders.into_iter().map(|folder| folder.join("config.yml")).find(|file| file.exists())
}

/// What the file says about the server of this API.
pub(super) fn look(text: &str, api: &Address) -> Result<Option<CredentialEntry>, MalformedFile> {
    let hosts = hosts(text)?;
    let ours = hosts.iter().find(|(name, host)| {
        let protocol = set(host, "api_protocol").unwrap_or("https");
        let name = set(host, "api_host").unwrap_or(name);
        Address::parse(&format!("{protocol}://{name}")).is_ok_and(|host| host.same_origin(api))
    });
    Ok(ours.and_then(|(name, host)| entry(name, host)))
}

fn entry(name: &str, host: &Host) -> Option<CredentialEntry> {
    let yes = |key| set(host, key).is_some_and(|value| value == "true" || value == "1");
    // GitLab takes such a token as a bearer alone, for two hours, and only glab can renew it.
    // It can be in the keyring too, and would be of no more use from there.
    if yes("is_oauth2") {
        let why = "it is of a sign-in by browser, which glab alone can renew; \
                   set GITLAB_TOKEN to a personal access token";
        return Some(CredentialEntry::Unused(why.to_owned()));
    }
    match (set(host, "token"), set(host, "job_token")) {
        (Some(token), _) => Some(CredentialEntry::Token(Kind::Private, token.to_owned())),
        (None, Some(token)) => Some(CredentialEntry::Token(Kind::Job, token.to_owned())),
        // Reading a keyring takes two hundred crates; glab itself can print what is in there.
        (None, None) if yes("use_keyring") || set(host, "user").is_some() => {
            Some(CredentialEntry::Unused(format!(
                "glab keeps it in the keyring of the system; \
                 set GITLAB_TOKEN to what `glab config get token --host {name}` prints",
                name = sanitize(name)
            )))
        }
        (None, None) => None,
    }
}

/// A setting that is not empty; YAML writes nothing as `~` or `null`.
fn set<'a>(host: &'a Host, key: &str) -> Option<&'a str> {
    let value = host.get(key).map(String::as_str);
    value.filter(|value| !matches!(*value, "" | "~" | "null"))
}

/// A mapping or a sequence that has begun, and the key whose value comes next.
struct Open {
    mapping: bool,
    key: Option<String>,
}

impl Open {
    fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Takes a node that has ended: a key, or the value that belongs to the last one.
    fn take(&mut self, node: &str) {
        self.key = if self.mapping && self.key.is_none() { Some(node.to_owned()) } else { None };
    }
}

/// The texts at `hosts: NAME: KEY: text`, whatever tags they bear.
fn hosts(text: &str) -> Result<BTreeMap<String, Host>, MalformedFile> {
    let mut hosts = BTreeMap::<String, Host>::new();
    let mut open = Vec::<Open>::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|_| MalformedFile)?;
        let ended = match event {
            Event::MappingStart(..) => {
                open.push(Open { mapping: true, key: None });
                continue;
            }
            Event::SequenceStart(..) => {
                open.push(Open { mapping: false, key: None });
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
            last.take(&ended);
        }
    }
    Ok(hosts)
}
