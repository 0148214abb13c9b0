//! Web addresses of pipelines and jobs, as pasted from the browser.

use super::credentials;
use crate::args::{ConnectArgs, LookupFrom};
use crate::env::Env;
use crate::gitlab;
use crate::lookup::Scope;
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef};
use crate::usage::Usage;

/// A parsed web address: the server, the project, and a pipeline or a job of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl {
    /// The URL of the API root of its server.
    pub api: String,
    pub project: ProjectRef,
    pub target: WebUrlTarget,
}

/// The page that a web address points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebUrlTarget {
    Pipeline(PipelineId),
    Job(JobId),
}

/// Splits the arguments into the web address, if the first argument is a URL, and the rest.
///
/// # Errors
/// A URL that is not the address of a pipeline or a job.
pub fn split_web_url(
    words: &[String],
    connect: &ConnectArgs,
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
    fn parse(text: &str, connect: &ConnectArgs, env: &Env) -> Result<WebUrl, Usage> {
        let unusable = |why: &str| {
            Usage::new(format!("the URL {why}"))
                .hint("paste the address of a pipeline or a job, like https://gitlab.com/group/project/-/pipelines/123")
        };
        let address =
            gitlab::Address::parse(text).map_err(|reason| unusable(&reason.to_string()))?;
        let (path, route) = address
            .path()
            .split_once("/-/")
            .ok_or_else(|| unusable("names no pipeline and no job"))?;
        let mut route = route.split('/');
        let number = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        let target = match (route.next(), number(route.next())) {
            (Some("pipelines"), Some(id)) => WebUrlTarget::Pipeline(PipelineId(id)),
            (Some("jobs"), Some(id)) => WebUrlTarget::Job(JobId(id)),
            _ => return Err(unusable("names no pipeline and no job")),
        };
        // Another tool may know where the API for this host is, and below which path.
        let known = match connect.api_url {
            Some(_) => None,
            None => credentials::find_api(&address, env).map(|api| api.value),
        };
        // The relative URL of a GitLab installation looks like a group. Only the settings tell.
        let root = relative_root(&address, path, known.as_ref(), connect, env);
        let project = path.strip_prefix(&root).unwrap_or(path).trim_matches('/');
        if project.is_empty() {
            return Err(unusable("names no project"));
        }
        let project = percent_encoding::percent_decode_str(project).decode_utf8_lossy();
        Ok(WebUrl {
            api: match known.filter(|known| !known.same_origin(&address)) {
                Some(known) => known.to_url(),
                None => format!("{}{root}/api/v4", address.origin()),
            },
            project: ProjectRef::Path(project.into_owned()),
            target,
        })
    }

    /// Returns the scope of the lookup: the job itself, or a pipeline or its downstream pipelines.
    ///
    /// # Errors
    /// A `--from` that does not apply to this address.
    pub fn scope(&self, from: Option<LookupFrom>) -> Result<Scope, Usage> {
        let project = self.project.clone();
        let at = |id| PipelineBy::Id(PipelineAt { project: project.clone(), id });
        match (self.target, from) {
            (WebUrlTarget::Job(id), None) => Ok(Scope::Job { project: project.clone(), id }),
            (WebUrlTarget::Job(_), Some(_)) => {
                Err(Usage::new("the URL names a job itself, so --from means nothing with it"))
            }
            (WebUrlTarget::Pipeline(id), Some(LookupFrom::Pipeline)) => Ok(Scope::In(at(id))),
            (WebUrlTarget::Pipeline(id), None | Some(LookupFrom::Downstream)) => {
                Ok(Scope::Below(at(id)))
            }
            (WebUrlTarget::Pipeline(id), Some(LookupFrom::Any)) => Ok(Scope::Any(at(id))),
            (WebUrlTarget::Pipeline(_), Some(LookupFrom::Upstream)) => Err(Usage::new(
                "GitLab's API does not tell which pipeline triggered the one of the URL",
            )
            .hint("paste the address of the upstream pipeline, with --from pipeline")),
        }
    }
}

/// Returns the relative URL under which the GitLab of this address is installed, `""` for most.
/// It is known only if a flag, a variable or the file of another tool (`known`) names the server.
fn relative_root(
    address: &gitlab::Address,
    path: &str,
    known: Option<&gitlab::Address>,
    connect: &ConnectArgs,
    env: &Env,
) -> String {
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
    let known = known.map(|known| {
        let root = known.path().trim_end_matches('/');
        root.strip_suffix("/api/v4").unwrap_or(root).to_owned()
    });
    server.or(known).filter(|root| path.starts_with(&format!("{root}/"))).unwrap_or_default()
}
