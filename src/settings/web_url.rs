//! A web address pasted from the browser: it names the server, the project and a pipeline or job.

use super::Usage;
use crate::args::{Connect, From};
use crate::env::Env;
use crate::gitlab;
use crate::lookup::Scope;
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef};

/// What a pasted address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl {
    /// The root of the API of its server.
    pub api: String,
    pub project: ProjectRef,
    pub what: WebUrlTarget,
}

/// What it is the address of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebUrlTarget {
    Pipeline(PipelineId),
    Job(JobId),
}

/// Takes the web address off the words, if the first of them is one.
pub fn split(
    words: &[String],
    connect: &Connect,
    env: &Env,
) -> Result<(Option<WebUrl>, Vec<String>), Usage> {
    match words.split_first() {
        Some((first, rest)) if first.contains("://") => {
            Ok((Some(WebUrl::parse(first, connect, env)?), rest.to_vec()))
        }
        _ => Ok((None, words.to_vec())),
    }
}

impl WebUrl {
    fn parse(text: &str, connect: &Connect, env: &Env) -> Result<WebUrl, Usage> {
        let unusable = |why: &str| {
            Usage::new(format!("the URL {why}"))
                .hint("paste the address of a pipeline or a job, like https://gitlab.com/group/project/-/pipelines/123")
        };
        let address = gitlab::Address::parse(text).map_err(|bad| unusable(&bad.to_string()))?;
        let (path, route) = address
            .path()
            .split_once("/-/")
            .ok_or_else(|| unusable("names no pipeline and no job"))?;
        let mut route = route.split('/');
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let what = match (route.next(), number(route.next())) {
            (Some("pipelines"), Some(id)) => WebUrlTarget::Pipeline(PipelineId(id)),
            (Some("jobs"), Some(id)) => WebUrlTarget::Job(JobId(id)),
            _ => return Err(unusable("names no pipeline and no job")),
        };
        // A GitLab below a path cannot be told from a group; the settings can tell.
        let root = relative_root(&address, path, connect, env);
        let project = path.strip_prefix(&root).unwrap_or(path).trim_matches('/');
        if project.is_empty() {
            return Err(unusable("names no project"));
        }
        let project = percent_encoding::percent_decode_str(project).decode_utf8_lossy();
        Ok(WebUrl {
            api: format!("{}{root}/api/v4", address.origin()),
            project: ProjectRef::Path(project.into_owned()),
            what,
        })
    }

    /// Where to look: below a pipeline or in it, or that very job.
    pub fn scope(&self, from: Option<From>) -> Result<Scope, Usage> {
        let project = self.project.clone();
        let at = |id| PipelineBy::Id(PipelineAt { project: project.clone(), id });
        match (self.what, from) {
            (WebUrlTarget::Job(id), None) => Ok(Scope::Job { project: project.clone(), id }),
            (WebUrlTarget::Job(_), Some(_)) => {
                Err(Usage::new("the URL names a job itself, so --from means nothing with it"))
            }
            (WebUrlTarget::Pipeline(id), Some(From::Pipeline)) => Ok(Scope::In(at(id))),
            (WebUrlTarget::Pipeline(id), None | Some(From::Downstream)) => Ok(Scope::Below(at(id))),
            (WebUrlTarget::Pipeline(_), Some(From::Upstream)) => Err(Usage::new(
                "GitLab's API does not tell which pipeline triggered the one of the URL",
            )
            .hint("paste the address of the upstream pipeline, with --from pipeline")),
        }
    }
}

/// The path below which the server of this address lives, `""` for most.
fn relative_root(address: &gitlab::Address, path: &str, connect: &Connect, env: &Env) -> String {
    let variables = ["CI_API_V4_URL", "CI_SERVER_URL", "GITLAB_HOST"];
    let servers = connect.api_url.as_deref().into_iter();
    let server =
        servers.chain(variables.into_iter().filter_map(|name| env.var(name))).find_map(|server| {
            let server = gitlab::Address::parse(server).ok()?;
            server.same_origin(address).then(|| {
                let root = server.path().trim_end_matches('/');
                let root = root.strip_suffix("/projects").unwrap_or(root);
                root.strip_suffix("/api/v4").unwrap_or(root).to_owned()
            })
        });
    server.filter(|root| path.starts_with(&format!("{root}/"))).unwrap_or_default()
}
