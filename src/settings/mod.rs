//! From what was typed and the variables of CI to what is meant, each with its source.

use std::fmt;

use crate::args::{Connect, From, Lookup};
use crate::env::Env;
use crate::flow::Address;
use crate::gitlab;
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef};
use crate::shown::shown;
use crate::token::{Kind, Token};

mod network;
mod pasted;
#[cfg(test)]
mod tests;

pub use network::network;
pub use pasted::{Pasted, split};

/// The API of the GitLab that everybody can reach.
const GITLAB_COM: &str = "https://gitlab.com/api/v4";

/// A value and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub source: Source,
}

/// Where a value is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The web address among the arguments.
    Url,
    Flag(&'static str),
    Variable(&'static str),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Url => "the given URL",
            Source::Flag(name) | Source::Variable(name) => name,
            Source::Default => "default",
        })
    }
}

/// The command line makes no sense, together with the variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub message: String,
    pub hint: Option<String>,
}

impl Usage {
    pub fn new(message: impl Into<String>) -> Usage {
        Usage { message: message.into(), hint: None }
    }

    pub fn hint(self, hint: impl Into<String>) -> Usage {
        Usage { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Usage {}

/// The root of the API, from the flag, the pasted address or the variables.
pub fn api(
    connect: &Connect,
    pasted: Option<&Pasted>,
    env: &Env,
) -> Result<Sourced<gitlab::Address>, Usage> {
    let variables = || {
        let whole = variable(env, &["CI_API_V4_URL"]);
        let hosts = variable(env, &["GITLAB_HOST", "CI_SERVER_URL"]);
        whole.or_else(|| {
            hosts.map(|host| Sourced { value: of_host(&host.value), source: host.source })
        })
    };
    let text = match (&connect.api_url, pasted) {
        (Some(url), _) => Sourced { value: url.clone(), source: Source::Flag("--api-url") },
        (None, Some(pasted)) => Sourced { value: pasted.api.clone(), source: Source::Url },
        (None, None) => {
            variables().unwrap_or(Sourced { value: GITLAB_COM.to_owned(), source: Source::Default })
        }
    };
    let root = text.value.trim_end_matches('/');
    let root = root.strip_suffix("/projects").unwrap_or(root).trim_end_matches('/');
    let value = gitlab::Address::parse(root).map_err(|bad| {
        // What is wrong may be a password in it: only the name of the setting is repeated.
        Usage::new(format!("the address of GitLab's API, from {}, {bad}", text.source))
            .hint("give it like https://gitlab.example.com/api/v4")
    })?;
    Ok(Sourced { value, source: text.source })
}

/// `GITLAB_HOST` is a host or a whole address; both are in use.
fn of_host(host: &str) -> String {
    let host = host.trim_end_matches('/');
    if host.contains("://") { format!("{host}/api/v4") } else { format!("https://{host}/api/v4") }
}

/// The token: a flag wins over the variables, and a private token over a job token among those.
/// The second value is a warning about a job token that is kept from a foreign server.
pub fn token(
    connect: &Connect,
    api: &gitlab::Address,
    env: &mut Env,
) -> anyhow::Result<(Option<Sourced<Token>>, Option<String>)> {
    let make = |kind, text: &str, source: Source| match Token::new(kind, text) {
        Ok(value) => Ok(Sourced { value, source }),
        Err(why) => Err(Usage::new(format!("the token from {source} {why}"))),
    };
    if let Some(text) = &connect.private_token {
        return Ok((Some(make(Kind::Private, text, Source::Flag("--private-token"))?), None));
    }
    if let Some(text) = &connect.job_token {
        return Ok((Some(make(Kind::Job, text, Source::Flag("--job-token"))?), None));
    }
    if let Some(file) = &connect.token_file {
        let text = network::read_token(file, env)?;
        return Ok((Some(make(Kind::Private, &text, Source::Flag("--token-file"))?), None));
    }
    if let Some(Sourced { value, source }) =
        variable(env, &["GITLAB_TOKEN", "GITLAB_PRIVATE_TOKEN", "PRIVATE_TOKEN"])
    {
        return Ok((Some(make(Kind::Private, &value, source)?), None));
    }
    let Some(Sourced { value, source }) = variable(env, &["CI_JOB_TOKEN"]) else {
        return Ok((None, None));
    };
    // The runner sets this one for its own GitLab; another server has no business with it.
    let home = variable(env, &["CI_API_V4_URL", "CI_SERVER_URL"]);
    match home.and_then(|home| gitlab::Address::parse(&home.value).ok()) {
        Some(home) if !home.same_origin(api) => {
            let warning = format!(
                "CI_JOB_TOKEN belongs to {} and is not sent to {}; pass --job-token or --private-token to use one there",
                home.origin(),
                api.origin()
            );
            Ok((None, Some(warning)))
        }
        _ => Ok((Some(make(Kind::Job, &value, source)?), None)),
    }
}

/// Where to look, from the flags, the pasted address and the variables of CI.
pub fn address(lookup: &Lookup, pasted: Option<&Pasted>, env: &Env) -> Result<Address, Usage> {
    if let Some(id) = lookup.job_id {
        if pasted.is_some() {
            return Err(Usage::new("--job-id and a URL both say where to look")
                .hint("leave one of them out"));
        }
        let project = project(lookup, env, &["CI_PROJECT_ID"])?;
        return Ok(Address::Job { project, id: JobId(id) });
    }
    if let Some(pasted) = pasted {
        let again =
            [lookup.project.is_some(), lookup.pipeline.is_some(), named(lookup, env)?.is_some()];
        if again.contains(&true) {
            return Err(Usage::new("the URL names the project and the pipeline already")
                .hint("leave out the URL, or the flags that name another place"));
        }
        return pasted.address(lookup.from);
    }
    if let Some(by) = named(lookup, env)? {
        return match lookup.from {
            None | Some(From::Pipeline) => Ok(Address::In(by)),
            Some(From::Downstream) => Ok(Address::Below(by)),
            Some(From::Upstream) => Err(Usage::new(
                "--from upstream takes the pipeline that triggered this one, and no other",
            )
            .hint("leave out --ref, --mr or --commit")),
        };
    }
    match lookup.from.unwrap_or(From::Downstream) {
        From::Downstream => Ok(Address::Below(PipelineBy::Id(here(lookup, env)?))),
        From::Pipeline => Ok(Address::In(PipelineBy::Id(here(lookup, env)?))),
        From::Upstream => Ok(Address::In(PipelineBy::Id(upstream(lookup, env)?))),
    }
}

/// A pipeline by its ref, merge request or commit.
fn named(lookup: &Lookup, env: &Env) -> Result<Option<PipelineBy>, Usage> {
    let Lookup { ref_, mr, commit, search_recent: recent, .. } = lookup;
    let project = || project(lookup, env, &["CI_PROJECT_ID"]);
    Ok(match (ref_, mr, commit) {
        (Some(ref_), _, _) => {
            Some(PipelineBy::Ref { project: project()?, ref_: ref_.clone(), recent: *recent })
        }
        (_, Some(iid), _) => Some(PipelineBy::MergeRequest { project: project()?, iid: *iid }),
        (_, _, Some(sha)) => Some(PipelineBy::Commit { project: project()?, sha: sha.clone() }),
        (None, None, None) => None,
    })
}

fn here(lookup: &Lookup, env: &Env) -> Result<PipelineAt, Usage> {
    let project = project(lookup, env, &["CI_PROJECT_ID"])?;
    match pipeline(lookup, env, &["CI_PIPELINE_ID"])? {
        Some(id) => Ok(PipelineAt { project, id }),
        None => Err(Usage::new("no pipeline is given")
            .hint("name it with --pipeline ID, or paste its address from the browser; in a CI job CI_PIPELINE_ID names it")),
    }
}

/// The pipeline that triggered this one. GitLab tells since 18.9; before, the trigger job had to
/// hand its numbers over.
fn upstream(lookup: &Lookup, env: &Env) -> Result<PipelineAt, Usage> {
    let project = project(lookup, env, &["CI_UPSTREAM_PROJECT_ID", "PARENT_PROJECT_ID"]);
    let pipeline = pipeline(lookup, env, &["CI_UPSTREAM_PIPELINE_ID", "PARENT_PIPELINE_ID"])?;
    // A child is in its parent's project, so the number of the pipeline alone is enough there.
    let child = || env.var("CI_PIPELINE_SOURCE") == Some("parent_pipeline");
    let project = project.or_else(|error| {
        if child() { self::project(lookup, env, &["CI_PROJECT_ID"]) } else { Err(error) }
    });
    match (project, pipeline) {
        (Ok(project), Some(id)) => Ok(PipelineAt { project, id }),
        _ => Err(Usage::new(
            "nothing tells which pipeline triggered this one: neither --project with --pipeline nor CI_UPSTREAM_PROJECT_ID \
             with CI_UPSTREAM_PIPELINE_ID (GitLab 18.9 and newer) nor PARENT_PROJECT_ID with PARENT_PIPELINE_ID is set",
        )
        .hint(
            "on an older GitLab let the trigger job hand them over: `variables: { PARENT_PROJECT_ID: $CI_PROJECT_ID, \
             PARENT_PIPELINE_ID: $CI_PIPELINE_ID }`",
        )),
    }
}

fn project(lookup: &Lookup, env: &Env, names: &[&'static str]) -> Result<ProjectRef, Usage> {
    let given = lookup.project.clone().filter(|project| !project.trim_matches('/').is_empty());
    match given.or_else(|| variable(env, names).map(|project| project.value)) {
        Some(project) => Ok(ProjectRef::parse(&project)),
        None => Err(Usage::new("no project is given").hint(
            "name it with --project ID or --project GROUP/NAME; in a CI job CI_PROJECT_ID names it",
        )),
    }
}

fn pipeline(
    lookup: &Lookup,
    env: &Env,
    names: &[&'static str],
) -> Result<Option<PipelineId>, Usage> {
    if let Some(id) = lookup.pipeline {
        return Ok(Some(PipelineId(id)));
    }
    let Some(Sourced { value, source }) = variable(env, names) else { return Ok(None) };
    match value.parse() {
        Ok(id) => Ok(Some(PipelineId(id))),
        Err(_) => Err(Usage::new(format!(
            "{source} is `{}`, which is no number of a pipeline",
            shown(&value)
        ))),
    }
}

/// The first of these variables that is set.
fn variable(env: &Env, names: &[&'static str]) -> Option<Sourced<String>> {
    names.iter().find_map(|&name| {
        let value = env.var(name)?.to_owned();
        Some(Sourced { value, source: Source::Variable(name) })
    })
}
