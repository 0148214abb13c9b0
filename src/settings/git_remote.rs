//! The address of a git remote: which GitLab and which project it means.
//!
//! What stands before the `@` can be a password. It is dropped here, before anything keeps it.

use crate::gitlab;

/// A remote that a GitLab can be behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GitRemote {
    pub name: String,
    /// Where the API is: of ssh only the host is known, and https is what stands beside it.
    pub api: gitlab::Address,
    /// The path of the project.
    path: String,
    /// Whether the path is one of a web address, with the path that the server lives below.
    web: bool,
}

impl GitRemote {
    /// Takes `https://host/group/project.git`, `ssh://git@host:22/group/project.git` or
    /// `git@host:group/project.git`. None for what no GitLab is behind: a folder, one name alone.
    pub fn parse(name: &str, url: &str) -> Option<GitRemote> {
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme, rest.split_once('/')?),
            None => ("", scp(url)?),
        };
        let (authority, path) = rest;
        let host = authority.rsplit('@').next()?;
        let web = matches!(scheme, "http" | "https");
        let origin = match scheme {
            "http" | "https" => format!("{scheme}://{host}"),
            "ssh" => format!("https://{}", without_port(host)),
            "" => format!("https://{host}"),
            _ => return None,
        };
        let api = gitlab::Address::parse(&format!("{origin}/api/v4")).ok()?;
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let whole = path.contains('/')
            && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
            && !path.contains(['?', '#']);
        let (name, path) = (name.to_owned(), path.to_owned());
        whole.then_some(GitRemote { name, api, path, web })
    }

    /// The path of the project on a server with this API.
    pub fn project(&self, api: &gitlab::Address) -> &str {
        let root = api.path().strip_suffix("/api/v4").unwrap_or_default().trim_start_matches('/');
        let below = self.path.strip_prefix(root).and_then(|path| path.strip_prefix('/'));
        match below {
            Some(path) if self.web && !root.is_empty() => path,
            _ => &self.path,
        }
    }
}

/// `git@host:path`, and not `folder/with:colon` or `C:\folder`.
fn scp(url: &str) -> Option<(&str, &str)> {
    let (host, path) = url.split_once(':')?;
    let drive = host.len() == 1;
    (!drive && !host.contains(['/', '\\']) && !path.contains('\\')).then_some((host, path))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    }
}
