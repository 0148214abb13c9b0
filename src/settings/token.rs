//! The token of a run. The rule about the servers that it may be sent to is in `token_rule.rs`.

use super::api::{GITLAB_COM, api_of_host};
use super::sourced::{Source, Sourced};
use super::token_rule::{AddressFrom, Concern, Decision, Ground, Home, TokenFrom, Wire, decide};
use super::variables::{in_ci, variable};
use super::{credentials, network};
use crate::args::ConnectArgs;
use crate::env::Env;
use crate::error::Error;
use crate::gitlab;
use crate::model::ProjectRef;
use crate::shell::quoted;
use crate::token::{Kind, Token};
use crate::usage::Usage;

/// The variables that hold a private token: GitLab's own and those of glab and python-gitlab.
const PRIVATE_TOKEN_VARIABLES: &[&str] =
    &["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "GITLAB_PRIVATE_TOKEN", "PRIVATE_TOKEN"];

/// The token of a run, and everything that is said about it.
#[derive(Debug, Default)]
pub struct ChosenToken {
    pub token: Option<Sourced<Token>>,
    pub warnings: Vec<String>,
    /// The way to have a token sent, if one was withheld from this server.
    pub withheld: Option<String>,
}

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
) -> Result<ChosenToken, Error> {
    let mut chosen = ChosenToken::default();
    if let Some(token) = from_flags(connect, env, &mut chosen.warnings)? {
        let home = home(connect, &api.value, env);
        match decide(address_from(&api.source), TokenFrom::Flag, home, wire(&api.value)) {
            Decision::Refuse(_) => {
                let message = format!("the token from {} {}", token.source, remote_only(api));
                return Err(Usage::new(message).hint(consent_hint(api)).into());
            }
            Decision::Send => {}
            Decision::Warn(concern) => {
                let subject = format!("the token from {}", token.source);
                chosen.warnings.push(warning(&subject, concern, api));
            }
        }
        chosen.token = Some(token);
        return Ok(chosen);
    }
    let mut withheld = None;
    if let Some((from, token)) = from_variables(env)? {
        let home = match from {
            TokenFrom::JobVariable => home_of_job(&api.value, env),
            TokenFrom::Variable | TokenFrom::Flag => home(connect, &api.value, env),
        };
        match decide(address_from(&api.source), from, home, wire(&api.value)) {
            Decision::Send => chosen.token = Some(token),
            Decision::Warn(concern) => {
                chosen.warnings.push(warning(&token.source.to_string(), concern, api));
                chosen.token = Some(token);
            }
            Decision::Refuse(ground) => withheld = Some(refusal(&token, ground, api, env)),
        }
    }
    if chosen.token.is_none() && !in_ci(env) {
        let stored = credentials::find_token(&api.value, env);
        chosen.warnings.extend(stored.warnings);
        chosen.token = stored.token;
    }
    if let (None, Some((why, hint))) = (&chosen.token, withheld) {
        chosen.warnings.push(format!("{why}; {hint}"));
        chosen.withheld = Some(hint);
    }
    Ok(chosen)
}

/// Returns the names of the project of the running job, if the job is one of this GitLab.
pub fn own_projects(api: &gitlab::Address, env: &Env) -> Vec<ProjectRef> {
    if home_of_job(api, env) != Home::This {
        return Vec::new();
    }
    let names = ["CI_PROJECT_ID", "CI_PROJECT_PATH"].into_iter();
    names.filter_map(|name| env.var(name)).map(ProjectRef::parse).collect()
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
        let flag = if connect.legacy_cli { "--api-token" } else { "--private-token" };
        (Kind::Private, text.clone(), flag)
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

/// Returns the token of a variable.
fn from_variables(env: &Env) -> Result<Option<(TokenFrom, Sourced<Token>)>, Usage> {
    let private = variable(env, PRIVATE_TOKEN_VARIABLES).or_else(|| {
        // glab reads this one too. It can be meant for another service, unless it looks like GitLab's.
        variable(env, &["OAUTH_TOKEN"]).filter(|token| token.value.starts_with("glpat-"))
    });
    if let Some(Sourced { value, source }) = private {
        return Ok(Some((TokenFrom::Variable, parse(Kind::Private, &value, source)?)));
    }
    if let Some(Sourced { value, source }) = variable(env, &["CI_JOB_TOKEN"]) {
        return Ok(Some((TokenFrom::JobVariable, parse(Kind::Job, &value, source)?)));
    }
    Ok(None)
}

fn parse(kind: Kind, text: &str, source: Source) -> Result<Sourced<Token>, Usage> {
    match Token::new(kind, text) {
        Ok(value) => Ok(Sourced { value, source }),
        Err(why) => Err(Usage::new(format!("the token from {source} {why}"))),
    }
}

fn address_from(source: &Source) -> AddressFrom {
    match source {
        Source::Url => AddressFrom::Url,
        Source::GitRemote(_) | Source::Checkout => AddressFrom::GitRemote,
        Source::Flag(_) | Source::Variable(_) | Source::File(_) | Source::Default => {
            AddressFrom::Setting
        }
    }
}

/// Returns whose server this is for a private token: that of a setting, or of another one.
fn home(connect: &ConnectArgs, api: &gitlab::Address, env: &Env) -> Home {
    let variables = ["GITLAB_HOST", "CI_API_V4_URL", "CI_SERVER_URL"];
    let variables = variables.into_iter().filter_map(|name| env.var(name).map(api_of_host));
    let named: Vec<String> = connect.api_url.iter().cloned().chain(variables).collect();
    let is_this = |home: &String| {
        gitlab::Address::parse(home).is_ok_and(|home| {
            home.host() == api.host() && (home.port() == api.port() || home.is_upgraded_by(api))
        })
    };
    if named.iter().any(is_this) {
        return Home::This;
    }
    let is_gitlab_com = gitlab::Address::parse(GITLAB_COM).is_ok_and(|it| it.same_origin(api));
    let is_known = is_gitlab_com || (!in_ci(env) && credentials::has_entry(api, env));
    match (named.is_empty(), is_known) {
        (false, _) => Home::Other,
        (true, true) => Home::This,
        (true, false) => Home::Unknown,
    }
}

/// Returns whose server this is for `CI_JOB_TOKEN`. The runner sets that together with the address
/// of its own GitLab; without the address, the user set the token by hand.
fn home_of_job(api: &gitlab::Address, env: &Env) -> Home {
    let Some(home) = variable(env, &["CI_API_V4_URL", "CI_SERVER_URL"]) else {
        return if credentials::has_entry(api, env) { Home::This } else { Home::Unknown };
    };
    let is_this = |home: gitlab::Address| {
        home.same_origin(api) || (!home.is_secure() && home.is_upgraded_by(api))
    };
    if gitlab::Address::parse(&home.value).is_ok_and(is_this) { Home::This } else { Home::Other }
}

fn wire(api: &gitlab::Address) -> Wire {
    if api.is_secure() || api.is_loopback() { Wire::Private } else { Wire::Open }
}

fn warning(subject: &str, concern: Concern, api: &Sourced<gitlab::Address>) -> String {
    let origin = api.value.origin();
    match concern {
        Concern::NoHome => format!(
            "{subject} is sent to {origin}, the server of {}, because no setting names another; set GITLAB_HOST to the server that the token belongs to",
            api.source
        ),
        Concern::OpenWire => {
            format!(
                "{subject} is sent to {origin} over http, where others can read it on the way; use https"
            )
        }
    }
}

/// Says why a token is not sent, and how to have one sent.
fn refusal(
    token: &Sourced<Token>,
    ground: Ground,
    api: &Sourced<gitlab::Address>,
    env: &Env,
) -> (String, String) {
    let Sourced { value, source } = token;
    match (ground, value.kind()) {
        (Ground::GitRemoteOnly, _) => (format!("{source} {}", remote_only(api)), consent_hint(api)),
        (Ground::OtherServer, Kind::Job) if *source == Source::Variable("CI_JOB_TOKEN") => {
            let home = variable(env, &["CI_API_V4_URL", "CI_SERVER_URL"]);
            let origin = api.value.origin();
            let why = match home {
                Some(home) => format!("belongs to the GitLab of {}", home.source),
                None => "belongs to the GitLab of CI_API_V4_URL, which is not set,".to_owned(),
            };
            (
                format!("{source} {why} and is not sent to {origin}"),
                "pass --job-token or --private-token to use one there".to_owned(),
            )
        }
        (Ground::OtherServer, _) => {
            let home = variable(env, &["GITLAB_HOST", "CI_API_V4_URL", "CI_SERVER_URL"]);
            let home = home.map_or(Source::Flag("--api-url"), |home| home.source);
            let origin = api.value.origin();
            let stored = if in_ci(env) {
                ""
            } else {
                ", or an entry for that server in the file of glab or python-gitlab"
            };
            (
                format!("{source} belongs to the GitLab of {home} and is not sent to {origin}"),
                format!("give a token of {origin} with --private-token or --token-file{stored}"),
            )
        }
    }
}

/// Says why the token is not sent to a server of a git remote.
fn remote_only(api: &Sourced<gitlab::Address>) -> String {
    format!("is not sent to {}, which only the {} names", api.value.origin(), api.source)
}

/// Says how to confirm that the server may receive the token.
fn consent_hint(api: &Sourced<gitlab::Address>) -> String {
    let origin = quoted(&api.value.origin());
    format!("to send it there set GITLAB_HOST={origin}, or pass --api-url {origin}/api/v4")
}
