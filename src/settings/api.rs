//! Which GitLab: the root of its API.

use super::checkout::Checkout;
use super::web_url::WebUrl;
use super::{Source, Sourced, Usage, in_ci, variable};
use crate::args::{Connect, Lookup};
use crate::env::Env;
use crate::gitlab;

/// The API of the GitLab that everybody can reach.
pub(super) const GITLAB_COM: &str = "https://gitlab.com/api/v4";

/// The root of the API: from the flag, the pasted address, the variables, or the git remote,
/// which speaks only where it names the project too.
pub fn api(
    connect: &Connect,
    lookup: &Lookup,
    web_url: Option<&WebUrl>,
    env: &Env,
) -> Result<Sourced<gitlab::Address>, Usage> {
    let text = match (&connect.api_url, web_url) {
        (Some(url), _) => Sourced { value: url.clone(), source: Source::Flag("--api-url") },
        (None, Some(web_url)) => Sourced { value: web_url.api.clone(), source: Source::Url },
        (None, None) => from_variables(env)
            .or_else(|| from_remote(lookup, env))
            .unwrap_or_else(|| Sourced { value: GITLAB_COM.to_owned(), source: Source::Default }),
    };
    let root = text.value.trim_end_matches('/');
    let root = root.strip_suffix("/projects").unwrap_or(root).trim_end_matches('/');
    let value = gitlab::Address::parse(root).map_err(|bad| {
        // What is wrong may be a password in it: only the name of the setting is repeated.
        Usage::new(format!("the address of GitLab's API, from {}, {bad}", text.source))
            .hint("give it like https://gitlab.example.com/api/v4")
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
        let host = variable(env, &["GITLAB_HOST", "CI_SERVER_URL"])?;
        Some(Sourced { value: of_host(&host.value), source: host.source })
    })
}

fn from_remote(lookup: &Lookup, env: &Env) -> Option<Sourced<String>> {
    let named = lookup.project.is_some() || env.var("CI_PROJECT_ID").is_some();
    if in_ci(env) || named {
        return None;
    }
    let remote = Checkout::around(&env.dir)?.remote?;
    Some(Sourced { value: remote.api.to_url(), source: Source::GitRemote(remote.name) })
}

/// `GITLAB_HOST` is a host or a whole address; both are in use.
fn of_host(host: &str) -> String {
    let host = host.trim_end_matches('/');
    if host.contains("://") { format!("{host}/api/v4") } else { format!("https://{host}/api/v4") }
}
