//! The token, and the rule that decides to which servers it may be sent.
//!
//! Two kinds of tokens are withheld. A job token is sent only to the GitLab that runs the job. A
//! token that is not bound to a server is not sent to a server known only from a git remote:
//! anyone who can place a checkout in the folder (a submodule is enough) would receive it.

use super::api::GITLAB_COM;
use super::sourced::{Source, Sourced};
use super::variables::{in_ci, variable};
use super::{credentials, network};
use crate::args::ConnectArgs;
use crate::env::Env;
use crate::error::Error;
use crate::gitlab;
use crate::token::{Kind, Token};
use crate::usage::Usage;

/// The variables that hold a private token: GitLab's own and those of glab and python-gitlab.
const PRIVATE_TOKEN_VARIABLES: &[&str] =
    &["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "GITLAB_PRIVATE_TOKEN", "PRIVATE_TOKEN"];

/// Returns the token for this API, if there is one, and warnings for the user.
///
/// In order: the flags, the variables (a private token before a job token), and outside CI the
/// credentials that other tools store for the server.
///
/// # Errors
/// An invalid token, a token file that cannot be read, or a token given by a flag for a server
/// that only the git remote names.
pub fn token(
    connect: &ConnectArgs,
    api: &Sourced<gitlab::Address>,
    env: &mut Env,
) -> Result<(Option<Sourced<Token>>, Vec<String>), Error> {
    let mut warnings = Vec::new();
    if let Some(token) = from_flags(connect, env, &mut warnings)? {
        if is_untrusted(api, env) {
            let message = format!("the token from {} {}", token.source, withheld_reason(api));
            return Err(Usage::new(message).hint(consent_hint(api)).into());
        }
        return Ok((Some(token), warnings));
    }
    if let Some(token) = from_variables(api, env, &mut warnings)? {
        return Ok((Some(token), warnings));
    }
    if in_ci(env) {
        return Ok((None, warnings));
    }
    let stored = credentials::find_token(&api.value, env);
    warnings.extend(stored.warnings);
    Ok((stored.token, warnings))
}

/// Returns the trigger token of the flag or of `DOWNRIVER_PIPELINE_TOKEN`. It can only start a
/// pipeline.
pub fn pipeline_token(flag: Option<&String>, env: &Env) -> Result<Option<Sourced<Token>>, Usage> {
    let text = match flag {
        Some(text) => {
            Some(Sourced { value: text.clone(), source: Source::Flag("--pipeline-token") })
        }
        None => variable(env, &["DOWNRIVER_PIPELINE_TOKEN"]),
    };
    text.map(|text| parse(Kind::Trigger, &text.value, text.source)).transpose()
}

/// Returns the token of `--private-token`, `--job-token` or `--token-file`.
fn from_flags(
    connect: &ConnectArgs,
    env: &mut Env,
    warnings: &mut Vec<String>,
) -> Result<Option<Sourced<Token>>, Error> {
    let (kind, text, flag) = if let Some(text) = &connect.private_token {
        (Kind::Private, text.clone(), "--private-token")
    } else if let Some(text) = &connect.job_token {
        (Kind::Job, text.clone(), "--job-token")
    } else if let Some(file) = &connect.token_file {
        let (text, warning) = network::read_token(file, env)?;
        warnings.extend(warning);
        (Kind::Private, text, "--token-file")
    } else {
        return Ok(None);
    };
    Ok(Some(parse(kind, &text, Source::Flag(flag))?))
}

/// Returns the token of a variable. A token that must not be sent to this server is left out with
/// a warning.
fn from_variables(
    api: &Sourced<gitlab::Address>,
    env: &Env,
    warnings: &mut Vec<String>,
) -> Result<Option<Sourced<Token>>, Usage> {
    let private = variable(env, PRIVATE_TOKEN_VARIABLES).or_else(|| {
        // glab reads this one too. It can be meant for another service, unless it looks like GitLab's.
        variable(env, &["OAUTH_TOKEN"]).filter(|token| token.value.starts_with("glpat-"))
    });
    if let Some(Sourced { value, source }) = private {
        let token = parse(Kind::Private, &value, source)?;
        if is_untrusted(api, env) {
            warnings.push(format!(
                "{} {}; {}",
                token.source,
                withheld_reason(api),
                consent_hint(api)
            ));
            return Ok(None);
        }
        return Ok(Some(token));
    }
    let Some(Sourced { value, source }) = variable(env, &["CI_JOB_TOKEN"]) else {
        return Ok(None);
    };
    // The runner sets this variable together with the address of its own GitLab. Without that
    // address, the user set the token by hand for the server given by hand.
    let Some(home) = variable(env, &["CI_API_V4_URL", "CI_SERVER_URL"]) else {
        if is_untrusted(api, env) {
            warnings.push(format!("{source} {}; {}", withheld_reason(api), consent_hint(api)));
            return Ok(None);
        }
        return parse(Kind::Job, &value, source).map(Some);
    };
    if gitlab::Address::parse(&home.value).is_ok_and(|home| home.same_origin(&api.value)) {
        return parse(Kind::Job, &value, source).map(Some);
    }
    warnings.push(format!(
        "CI_JOB_TOKEN belongs to the GitLab of {} and is not sent to {}; pass --job-token or --private-token to use one there",
        home.source,
        api.value.origin()
    ));
    Ok(None)
}

fn parse(kind: Kind, text: &str, source: Source) -> Result<Sourced<Token>, Usage> {
    match Token::new(kind, text) {
        Ok(value) => Ok(Sourced { value, source }),
        Err(why) => Err(Usage::new(format!("the token from {source} {why}"))),
    }
}

/// Returns true if only a git remote names this server: no flag, no variable and no stored
/// credentials do, and it is not GitLab.com.
fn is_untrusted(api: &Sourced<gitlab::Address>, env: &Env) -> bool {
    let is_this = |address: &gitlab::Address| address.same_origin(&api.value);
    matches!(api.source, Source::GitRemote(_))
        && !gitlab::Address::parse(GITLAB_COM).as_ref().is_ok_and(is_this)
        && !credentials::has_entry(&api.value, env)
}

/// Says why the token is not sent.
fn withheld_reason(api: &Sourced<gitlab::Address>) -> String {
    format!("is not sent to {}, which only the {} names", api.value.origin(), api.source)
}

/// Says how to confirm that the server may receive the token.
fn consent_hint(api: &Sourced<gitlab::Address>) -> String {
    format!(
        "to send it there set GITLAB_HOST={0}, or pass --api-url {0}/api/v4",
        api.value.origin()
    )
}
