//! Web addresses as pasted from the browser: of projects, pipelines, jobs, refs, commits and merge
//! requests.

use percent_encoding::percent_decode_str;

use super::credentials;
use super::dot_segment::has_dot_segment;
use super::sourced::Source;
use crate::args::{ConnectArgs, LookupFrom};
use crate::env::Env;
use crate::gitlab;
use crate::lookup::Scope;
use crate::model::{JobId, LatestOf, PipelineAt, PipelineBy, PipelineId, ProjectRef};
use crate::usage::Usage;

/// A parsed web address: the server, the project, and a page of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl {
    /// The URL of the API root of its server.
    pub api: String,
    pub project: ProjectRef,
    pub target: WebUrlTarget,
    /// The given URL, or `--project`.
    pub source: Source,
}

/// The page that a web address points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebUrlTarget {
    /// The project alone.
    Project,
    Pipeline(PipelineId),
    Job(JobId),
    /// A branch or tag.
    Ref(String),
    /// The job of this name in the latest successful pipeline of a ref.
    JobOfRef {
        ref_: String,
        job: String,
    },
    /// The SHA may be shortened.
    Commit(String),
    MergeRequest(u64),
}

impl WebUrl {
    /// Parses an address with its scheme.
    ///
    /// # Errors
    /// A URL that is not the address of one of these pages.
    pub(super) fn parse(text: &str, connect: &ConnectArgs, env: &Env) -> Result<WebUrl, Usage> {
        let address =
            gitlab::Address::parse(text).map_err(|reason| unusable(&reason.to_string()))?;
        // Some browsers and chats copy a path whose `/-/` is the end of a project's address.
        let whole = address.path().trim_end_matches("/-/").trim_end_matches("/-");
        let (path, target) = match whole.split_once("/-/") {
            Some((path, route)) => (path, target(route, &address.query_part())?),
            None => (whole.trim_end_matches('/'), WebUrlTarget::Project),
        };
        let path = match target {
            WebUrlTarget::Project => path.strip_suffix(".git").unwrap_or(path),
            _ => path,
        };
        // Another tool may know where the API for this host is, and below which path.
        let known = match connect.api_url {
            Some(_) => None,
            None => credentials::find_api(&address, env).map(|api| api.value),
        };
        // The relative URL of a GitLab installation looks like a group. Only the settings tell.
        let root = relative_root(&address, path, known.as_ref(), connect, env);
        let project = path.strip_prefix(&root).unwrap_or(path).trim_matches('/');
        if !project.contains('/') {
            return Err(unusable("names no project"));
        }
        Ok(WebUrl {
            api: match known.filter(|known| !known.same_origin(&address)) {
                Some(known) => known.to_url(),
                None => format!("{}{root}/api/v4", address.origin()),
            },
            project: ProjectRef::Path(decoded(project)),
            target,
            source: Source::Url,
        })
    }

    /// Returns the name of the job that the address itself names.
    pub fn job_name(&self) -> Option<&str> {
        match &self.target {
            WebUrlTarget::JobOfRef { job, .. } => Some(job),
            _ => None,
        }
    }

    /// Returns the scope of the lookup: the job itself, or a pipeline or its downstream pipelines.
    ///
    /// # Errors
    /// A `--from` that does not apply to this address.
    pub(super) fn scope(&self, from: Option<LookupFrom>) -> Result<Scope, Usage> {
        let project = self.project.clone();
        let (by, default) = match &self.target {
            WebUrlTarget::Job(_) if from.is_some() => {
                return Err(Usage::new(
                    "the URL names a job itself, so --from means nothing with it",
                ));
            }
            WebUrlTarget::Job(id) => return Ok(Scope::Jobs { project, ids: vec![*id] }),
            WebUrlTarget::Pipeline(id) => {
                (PipelineBy::Id(PipelineAt { project, id: *id }), LookupFrom::Downstream)
            }
            WebUrlTarget::Project => (
                PipelineBy::Latest { project, of: LatestOf::DefaultBranch },
                LookupFrom::Downstream,
            ),
            WebUrlTarget::Ref(ref_) | WebUrlTarget::JobOfRef { ref_, .. } => {
                let ref_ = ref_.clone();
                (PipelineBy::Ref { project, ref_, recent: false }, LookupFrom::Pipeline)
            }
            WebUrlTarget::Commit(sha) => {
                (PipelineBy::Commit { project, sha: sha.clone() }, LookupFrom::Pipeline)
            }
            WebUrlTarget::MergeRequest(iid) => {
                (PipelineBy::MergeRequest { project, iid: *iid }, LookupFrom::Pipeline)
            }
        };
        match from.unwrap_or(default) {
            LookupFrom::Pipeline => Ok(Scope::In(by)),
            LookupFrom::Downstream => Ok(Scope::Below(by)),
            LookupFrom::Any => Ok(Scope::Any(by)),
            LookupFrom::Upstream => Err(Usage::new(
                "GitLab's API does not tell which pipeline triggered the one of the URL",
            )
            .hint("paste the address of the upstream pipeline, with --from pipeline")),
        }
    }
}

fn unusable(why: &str) -> Usage {
    Usage::new(format!("the URL {why}")).hint(
        "paste the address of a project, a pipeline, a job, a branch, a commit or a merge request, \
         like https://gitlab.com/group/project/-/pipelines/123",
    )
}

/// Returns the target of the part of a path after `/-/`.
fn target(route: &str, query: &str) -> Result<WebUrlTarget, Usage> {
    let (page, rest) = route.split_once('/').unwrap_or((route, ""));
    let rest = rest.trim_end_matches('/');
    let number = || rest.split('/').next().and_then(|number| number.parse().ok());
    let found = match page {
        "pipelines" => number().map(|id| WebUrlTarget::Pipeline(PipelineId(id))),
        "jobs" => match rest.strip_prefix("artifacts/") {
            Some(rest) => job_of_ref(rest, query),
            None => number().map(|id| WebUrlTarget::Job(JobId(id))),
        },
        "merge_requests" => number().map(WebUrlTarget::MergeRequest),
        "commit" => rest
            .split('/')
            .next()
            .filter(|sha| is_sha(sha))
            .map(|sha| WebUrlTarget::Commit(sha.to_ascii_lowercase())),
        // A slash in the name of a branch looks like a folder, so all that follows is the name.
        "tree" | "commits" | "tags" if !rest.is_empty() => Some(WebUrlTarget::Ref(decoded(rest))),
        _ => None,
    };
    match found {
        Some(WebUrlTarget::Ref(ref_) | WebUrlTarget::JobOfRef { ref_, .. })
            if has_dot_segment(&ref_) =>
        {
            Err(unusable("names no branch: git allows no part `.` or `..` in their names"))
        }
        Some(target) => Ok(target),
        None => Err(unusable("names no pipeline and no job")),
    }
}

/// Parses `REF/download?job=NAME` and the pages of single files beside it.
fn job_of_ref(rest: &str, query: &str) -> Option<WebUrlTarget> {
    let ref_ = rest.strip_suffix("/download").or_else(|| {
        ["/browse", "/file/", "/raw/"].iter().find_map(|page| Some(rest.split_once(page)?.0))
    })?;
    let job =
        query.trim_start_matches('?').split('&').find_map(|pair| pair.strip_prefix("job="))?;
    let job = decoded(&job.replace('+', " "));
    (!ref_.is_empty() && !job.is_empty())
        .then(|| WebUrlTarget::JobOfRef { ref_: decoded(ref_), job })
}

/// Returns true for a full SHA and for a shortened one.
pub(super) fn is_sha(text: &str) -> bool {
    (4..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
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
