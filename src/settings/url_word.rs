//! The web address among the arguments, in whatever place it stands, and that of `--project`.

use super::api::api;
use super::sourced::Source;
use super::web_url::{WebUrl, WebUrlTarget};
use crate::args::{ConnectArgs, LookupArgs};
use crate::env::Env;
use crate::gitlab;
use crate::usage::Usage;

/// The web address that the arguments or `--project` give, and the arguments without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitWords {
    pub web_url: Option<WebUrl>,
    /// The argument that is that address.
    pub url: Option<String>,
    /// The others.
    pub words: Vec<String>,
}

/// Takes the web address out of the arguments: the one that is a URL, or begins with the name of a
/// known server. White space around it is dropped.
///
/// # Errors
/// Two URLs, or one that is not the address of a page that can be used.
pub fn split_web_url(
    words: &[String],
    lookup: &LookupArgs,
    connect: &ConnectArgs,
    env: &Env,
) -> Result<SplitWords, Usage> {
    let of_project = match lookup.project.as_deref().map(str::trim) {
        Some(project) if is_url(project) => Some(project_url(project, connect, env)?),
        _ => None,
    };
    let mut urls = words.iter().enumerate().filter(|(_, word)| is_url(word.trim()));
    let url = urls.next().map(|(place, word)| (place, word.trim().to_owned()));
    if urls.next().is_some() || (url.is_some() && of_project.is_some()) {
        return Err(Usage::new("there are two URLs, and one names the place to look in")
            .hint("leave one of them out"));
    }
    let url = match url {
        None if of_project.is_none() => without_scheme(words, lookup, connect, env),
        url => url,
    };
    let Some((place, text)) = url else {
        return Ok(SplitWords { web_url: of_project, url: None, words: words.to_vec() });
    };
    let mut words = words.to_vec();
    let url = Some(words.remove(place));
    Ok(SplitWords { web_url: Some(WebUrl::parse(&text, connect, env)?), url, words })
}

/// Returns true for text that begins with a scheme. The name of a matrix job can hold a URL, too.
fn is_url(word: &str) -> bool {
    let is_scheme = |scheme: &str| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    word.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// Parses the URL of `--project`.
fn project_url(text: &str, connect: &ConnectArgs, env: &Env) -> Result<WebUrl, Usage> {
    let hint = "give --project an address like https://gitlab.com/group/project";
    let url = WebUrl::parse(text, connect, env)
        .map_err(|usage| Usage::new(format!("--project: {}", usage.message)).hint(hint))?;
    match url.target {
        WebUrlTarget::Project => Ok(WebUrl { source: Source::Flag("--project"), ..url }),
        _ => Err(Usage::new("the URL of --project names more than a project")
            .hint("give that URL without --project, or shorten it to the address of the project")),
    }
}

/// Finds the argument that begins with the host of a known server. The address of a project alone
/// looks like a path in an archive, so it counts in the first place only. Returns the place, and the
/// address with the scheme of that server.
fn without_scheme(
    words: &[String],
    lookup: &LookupArgs,
    connect: &ConnectArgs,
    env: &Env,
) -> Option<(usize, String)> {
    let known = api(connect, lookup, None, env).ok().map(|api| api.value);
    let known: Vec<gitlab::Address> =
        known.into_iter().chain(gitlab::Address::parse("https://gitlab.com").ok()).collect();
    words.iter().enumerate().find_map(|(place, word)| {
        let word = word.trim();
        let (_, path) = word.split_once('/')?;
        let scheme = known.iter().find_map(|server| {
            let scheme = if server.is_secure() { "https" } else { "http" };
            let address = gitlab::Address::parse(&format!("{scheme}://{word}")).ok()?;
            address.same_origin(server).then_some(scheme)
        })?;
        let is_address = path.contains("/-/") || (place == 0 && path.contains('/'));
        is_address.then(|| (place, format!("{scheme}://{word}")))
    })
}
