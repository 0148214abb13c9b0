//! The URL of a git remote: the GitLab server and the project it refers to.
//!
//! The part before the `@` can be a password, so the parser drops it.

use crate::gitlab;

/// A git remote whose URL can be that of a project on a GitLab server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GitRemote {
    pub name: String,
    /// The root of the API. For an ssh URL it is assumed to be on https at the same host.
    pub api: gitlab::Address,
    /// The path of the URL, without `.git`. If GitLab is installed under a relative URL, the path
    /// of a web URL begins with that.
    path: String,
    is_web_url: bool,
}

impl GitRemote {
    /// Parses `https://host/group/project.git`, `ssh://git@host:22/group/project.git` or
    /// `git@host:group/project.git`. Returns None for local paths and paths without a group.
    pub fn parse(name: &str, url: &str) -> Option<GitRemote> {
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (scheme, rest.split_once('/')?),
            None => ("", split_scp(url)?),
        };
        let (authority, path) = rest;
        let host = authority.rsplit('@').next()?;
        let is_web_url = matches!(scheme, "http" | "https");
        let origin = match scheme {
            "http" | "https" => format!("{scheme}://{host}"),
            "ssh" => format!("https://{}", without_port(host)),
            "" => format!("https://{host}"),
            _ => return None,
        };
        let api = gitlab::Address::parse(&format!("{origin}/api/v4")).ok()?;
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let is_project_path = path.contains('/')
            && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
            && !path.contains(['?', '#']);
        let (name, path) = (name.to_owned(), path.to_owned());
        is_project_path.then_some(GitRemote { name, api, path, is_web_url })
    }

    /// Returns true if the remote can be that of the project with this path, whether or not GitLab is
    /// installed under a relative URL.
    pub fn may_be(&self, project: &str) -> bool {
        let prefix = self.path.to_lowercase();
        match prefix.strip_suffix(&project.to_lowercase()) {
            Some(root) => root.is_empty() || root.ends_with('/'),
            None => false,
        }
    }

    /// Returns the path of the project on the server of this API, without its relative URL.
    pub fn project(&self, api: &gitlab::Address) -> &str {
        let root = api.path().strip_suffix("/api/v4").unwrap_or_default().trim_start_matches('/');
        let below = self.path.strip_prefix(root).and_then(|path| path.strip_prefix('/'));
        match below {
            Some(path) if self.is_web_url && !root.is_empty() => path,
            _ => &self.path,
        }
    }
}

/// Splits `git@host:path` at the colon. Returns None for local paths such as `folder/with:colon`
/// or `C:\folder`.
fn split_scp(url: &str) -> Option<(&str, &str)> {
    let (host, path) = url.split_once(':')?;
    let is_drive = host.len() == 1;
    (!is_drive && !host.contains(['/', '\\']) && !path.contains('\\')).then_some((host, path))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => host,
    }
}
