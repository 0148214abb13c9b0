//! Who asks: the token, and which servers may see it.
//!
//! Two tokens are kept from servers they were not made for. A job token belongs to the GitLab
//! that runs the job. And a token that names no server goes to no server that only a git remote
//! names: whoever can make one stand in a folder (a submodule is enough) would collect it.

use super::api::GITLAB_COM;
use super::{Source, Sourced, Usage, credentials, in_ci, network, variable};
use crate::args::Connect;
use crate::env::Env;
use crate::gitlab;
use crate::token::{Kind, Token};

/// The token for this API, if there is one, and what to warn of.
///
/// A flag wins over the variables, a private token over a job token among those, and outside CI
/// what other tools keep for that server comes last.
pub fn token(
    connect: &Connect,
    api: &Sourced<gitlab::Address>,
    env: &mut Env,
) -> anyhow::Result<(Option<Sourced<Token>>, Vec<String>)> {
    let mut warnings = Vec::new();
    if let Some(token) = typed(connect, env, &mut warnings)? {
        if stranger(api, env) {
            let message = format!("the token from {} {}", token.source, unsent(api));
            return Err(Usage::new(message).hint(allowing(api)).into());
        }
        return Ok((Some(token), warnings));
    }
    if let Some(token) = from_variables(api, env, &mut warnings)? {
        return Ok((Some(token), warnings));
    }
    if in_ci(env) {
        return Ok((None, warnings));
    }
    let kept = credentials::kept(&api.value, env);
    warnings.extend(kept.warnings);
    Ok((kept.token, warnings))
}

/// The token of a trigger, which starts a pipeline and can do nothing else.
pub fn pipeline_token(flag: Option<&String>, env: &Env) -> Result<Option<Sourced<Token>>, Usage> {
    let given = match flag {
        Some(text) => {
            Some(Sourced { value: text.clone(), source: Source::Flag("--pipeline-token") })
        }
        None => variable(env, &["DOWNRIVER_PIPELINE_TOKEN"]),
    };
    given.map(|given| make(Kind::Trigger, &given.value, given.source)).transpose()
}

/// The token of a flag.
fn typed(
    connect: &Connect,
    env: &mut Env,
    warnings: &mut Vec<String>,
) -> anyhow::Result<Option<Sourced<Token>>> {
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
    Ok(Some(make(kind, &text, Source::Flag(flag))?))
}

/// The token of a variable, unless it has to stay here, which is warned of.
fn from_variables(
    api: &Sourced<gitlab::Address>,
    env: &Env,
    warnings: &mut Vec<String>,
) -> Result<Option<Sourced<Token>>, Usage> {
    if let Some(Sourced { value, source }) =
        variable(env, &["GITLAB_TOKEN", "GITLAB_PRIVATE_TOKEN", "PRIVATE_TOKEN"])
    {
        let token = make(Kind::Private, &value, source)?;
        if stranger(api, env) {
            warnings.push(format!("{} {}; {}", token.source, unsent(api), allowing(api)));
            return Ok(None);
        }
        return Ok(Some(token));
    }
    let Some(Sourced { value, source }) = variable(env, &["CI_JOB_TOKEN"]) else {
        return Ok(None);
    };
    // The runner sets this one for its own GitLab; another server has no business with it.
    let home = variable(env, &["CI_API_V4_URL", "CI_SERVER_URL"]);
    // Without a runner's address the token was set by hand, for the GitLab that is named by hand.
    let Some(home) = home else {
        if stranger(api, env) {
            warnings.push(format!("{source} {}; {}", unsent(api), allowing(api)));
            return Ok(None);
        }
        return make(Kind::Job, &value, source).map(Some);
    };
    if gitlab::Address::parse(&home.value).is_ok_and(|home| home.same_origin(&api.value)) {
        return make(Kind::Job, &value, source).map(Some);
    }
    warnings.push(format!(
        "CI_JOB_TOKEN belongs to the GitLab of {} and is not sent to {}; pass --job-token or --private-token to use one there",
        home.source,
        api.value.origin()
    ));
    Ok(None)
}

fn make(kind: Kind, text: &str, source: Source) -> Result<Sourced<Token>, Usage> {
    match Token::new(kind, text) {
        Ok(value) => Ok(Sourced { value, source }),
        Err(why) => Err(Usage::new(format!("the token from {source} {why}"))),
    }
}

/// Whether nothing but a git remote speaks for this server: nobody typed it, no variable names
/// it, no tool keeps credentials for it, and it is not the one everybody knows.
fn stranger(api: &Sourced<gitlab::Address>, env: &Env) -> bool {
    let known = |address: &gitlab::Address| address.same_origin(&api.value);
    matches!(api.source, Source::GitRemote(_))
        && !gitlab::Address::parse(GITLAB_COM).as_ref().is_ok_and(known)
        && !credentials::knows(&api.value, env)
}

fn unsent(api: &Sourced<gitlab::Address>) -> String {
    format!("is not sent to {}, which only the {} names", api.value.origin(), api.source)
}

fn allowing(api: &Sourced<gitlab::Address>) -> String {
    format!(
        "to send it there set GITLAB_HOST={0}, or pass --api-url {0}/api/v4",
        api.value.origin()
    )
}
