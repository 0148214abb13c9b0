//! The root of GitLab's API.

use super::checkout::Checkout;
use super::credentials;
use super::sourced::{Source, Sourced};
use super::variables::{in_ci, variable};
use super::web_url::WebUrl;
use crate::args::{ConnectArgs, LookupArgs};
use crate::env::Env;
use crate::gitlab;
use crate::usage::Usage;

/// The API of GitLab.com, the default.
pub(super) const GITLAB_COM: &str = "https://gitlab.com/api/v4";

/// The variables that name a server: GitLab's own and those of glab and python-gitlab.
const HOST_VARIABLES: &[&str] =
    &["GITLAB_HOST", "GITLAB_URI", "GL_HOST", "GITLAB_URL", "CI_SERVER_URL"];

/// Determines the root of the API. In order: `--api-url`, the web address, the variables, the git
/// remote, GitLab.com. The git remote counts only if the project comes from it as well.
///
/// # Errors
/// A value that is no URL, or that has a password in it, and an `--api-url` and a web address of
/// different servers.
pub fn api(
    connect: &ConnectArgs,
    lookup: &LookupArgs,
    web_url: Option<&WebUrl>,
    env: &Env,
) -> Result<Sourced<gitlab::Address>, Usage> {
    let (flag, example) = match connect.api_url_of_host {
        true => ("--host", "gitlab.example.com"),
        false => ("--api-url", "https://gitlab.example.com/api/v4"),
    };
    let text = match (&connect.api_url, web_url) {
        (Some(url), _) => Sourced { value: url.clone(), source: Source::Flag(flag) },
        (None, Some(web_url)) => Sourced { value: web_url.api.clone(), source: Source::Url },
        (None, None) => from_variables(env)
            .or_else(|| from_git_remote(lookup, env))
            .unwrap_or_else(|| Sourced { value: GITLAB_COM.to_owned(), source: Source::Default }),
    };
    let root = text.value.trim_end_matches('/');
    let root = root.strip_suffix("/projects").unwrap_or(root).trim_end_matches('/');
    let value = gitlab::Address::parse(root).map_err(|reason| {
        // The value can contain a password, so the message names the setting only.
        Usage::new(format!("the address of GitLab's API, from {}, {reason}", text.source))
            .hint(format!("give it like {example}"))
    })?;
    if let (Some(_), Some(web_url)) = (&connect.api_url, web_url)
        && gitlab::Address::parse(&web_url.api).is_ok_and(|other| !other.same_origin(&value))
    {
        return Err(Usage::new("--api-url and the URL name different servers")
            .hint("leave one of them out"));
    }
    Ok(Sourced { value, source: text.source })
}

fn from_variables(env: &Env) -> Option<Sourced<String>> {
    variable(env, &["CI_API_V4_URL"]).or_else(|| {
        let host = variable(env, HOST_VARIABLES)?;
        Some(Sourced { value: api_of_host(&host.value), source: host.source })
    })
}

fn from_git_remote(lookup: &LookupArgs, env: &Env) -> Option<Sourced<String>> {
    let project_is_given = lookup.project.is_some() || env.var("CI_PROJECT_ID").is_some();
    if in_ci(env) || project_is_given {
        return None;
    }
    let remote = Checkout::discover(&env.dir)?.remote?;
    if let Some(api) = credentials::find_api(&remote.api, env) {
        return Some(Sourced { value: api.value.to_url(), source: api.source });
    }
    Some(Sourced { value: remote.api.to_url(), source: Source::GitRemote(remote.name) })
}

/// Returns the API root for a value of `GITLAB_HOST`, which in practice holds either a host name
/// or a URL.
pub(super) fn api_of_host(host: &str) -> String {
    let host = host.trim_end_matches('/');
    // Some tools want the root of the API in such a variable.
    let host = host.strip_suffix("/api/v4").unwrap_or(host).trim_end_matches('/');
    if host.contains("://") { format!("{host}/api/v4") } else { format!("https://{host}/api/v4") }
}
