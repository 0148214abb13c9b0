//! Where to look: below a pipeline, in one, or a job itself.

use super::given::{Given, has_dots};
use super::web_url::{WebUrl, WebUrlTarget};
use super::{Source, Sourced, Usage};
use crate::args::{Connect, From, Lookup};
use crate::env::Env;
use crate::lookup::Scope;
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef};
use crate::sanitize::sanitize;

/// Where to look, and by which settings it came to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedScope {
    pub scope: Scope,
    pub settings: Vec<Setting>,
}

/// A setting as it was given, and by what; it can hold what a terminal would act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    pub value: String,
    pub source: Source,
}

/// Where to look, from the flags, the pasted address, the variables of CI, or the git checkout.
pub fn scope(
    lookup: &Lookup,
    connect: &Connect,
    web_url: Option<&WebUrl>,
    env: &Env,
) -> Result<ResolvedScope, Usage> {
    let mut settings = Vec::new();
    let scope = match web_url {
        Some(web_url) => from_web_url(lookup, web_url, &mut settings)?,
        None => from_flags(&Given { lookup, connect, env }, &mut settings)?,
    };
    Ok(ResolvedScope { scope, settings })
}

/// The project that is given, for what is done to a project as a whole.
pub fn project(lookup: &Lookup, connect: &Connect, env: &Env) -> Result<ProjectRef, Usage> {
    Ok(Given { lookup, connect, env }.project(&["CI_PROJECT_ID"])?.value)
}

/// Takes a setting, and a note of it.
fn take<T: ToString>(settings: &mut Vec<Setting>, name: &'static str, given: Sourced<T>) -> T {
    settings.push(Setting { name, value: given.value.to_string(), source: given.source });
    given.value
}

fn from_flags(given: &Given<'_>, settings: &mut Vec<Setting>) -> Result<Scope, Usage> {
    let Lookup { from, job_id, .. } = given.lookup;
    if let Some(id) = *job_id {
        let project = take(settings, "project", given.project(&["CI_PROJECT_ID"])?);
        let id = Sourced { value: JobId(id), source: Source::Flag("--job-id") };
        return Ok(Scope::Job { project, id: take(settings, "job", id) });
    }
    if names_a_pipeline(given.lookup) {
        return match from {
            None | Some(From::Pipeline) => Ok(Scope::In(named(given, settings)?)),
            Some(From::Downstream) => Ok(Scope::Below(named(given, settings)?)),
            Some(From::Upstream) => Err(Usage::new(
                "--from upstream takes the pipeline that triggered this one, and no other",
            )
            .hint("leave out --ref, --mr or --commit")),
        };
    }
    match from.unwrap_or(From::Downstream) {
        From::Downstream => Ok(Scope::Below(PipelineBy::Id(here(given, settings)?))),
        From::Pipeline => Ok(Scope::In(PipelineBy::Id(here(given, settings)?))),
        From::Upstream => Ok(Scope::In(upstream(given, settings)?)),
    }
}

fn from_web_url(
    lookup: &Lookup,
    web_url: &WebUrl,
    settings: &mut Vec<Setting>,
) -> Result<Scope, Usage> {
    if lookup.job_id.is_some() {
        return Err(
            Usage::new("--job-id and a URL both say where to look").hint("leave one of them out")
        );
    }
    if lookup.project.is_some() || lookup.pipeline.is_some() || names_a_pipeline(lookup) {
        return Err(Usage::new("the URL names the project and the pipeline already")
            .hint("leave out the URL, or the flags that name another place"));
    }
    take(settings, "project", Sourced { value: &web_url.project, source: Source::Url });
    match web_url.what {
        WebUrlTarget::Pipeline(value) => {
            take(settings, "pipeline", Sourced { value, source: Source::Url });
        }
        WebUrlTarget::Job(value) => {
            take(settings, "job", Sourced { value, source: Source::Url });
        }
    }
    web_url.scope(lookup.from)
}

/// Whether a pipeline is named by something other than its id.
fn names_a_pipeline(lookup: &Lookup) -> bool {
    lookup.ref_.is_some() || lookup.mr.is_some() || lookup.commit.is_some()
}

/// The pipeline of a ref, a merge request or a commit.
fn named(given: &Given<'_>, settings: &mut Vec<Setting>) -> Result<PipelineBy, Usage> {
    let Lookup { ref_, mr, commit, search_recent: recent, .. } = given.lookup;
    if ref_.as_deref() == Some("") {
        return Err(Usage::new("--ref is empty").hint("name a branch or a tag"));
    }
    if let Some(ref_) = ref_.as_deref().filter(|ref_| has_dots(ref_)) {
        let message = format!("--ref is `{}`, which is no branch or tag", sanitize(ref_));
        return Err(Usage::new(message).hint("git allows no part `.` or `..` in their names"));
    }
    let project = take(settings, "project", given.project(&["CI_PROJECT_ID"])?);
    let mut note = |name, flag, value: &dyn ToString| {
        let source = Source::Flag(flag);
        take(settings, name, Sourced { value: value.to_string(), source });
    };
    match (ref_, mr, commit) {
        (Some(ref_), _, _) => {
            note("ref", "--ref", ref_);
            Ok(PipelineBy::Ref { project, ref_: ref_.clone(), recent: *recent })
        }
        (_, Some(iid), _) => {
            note("merge request", "--mr", iid);
            Ok(PipelineBy::MergeRequest { project, iid: *iid })
        }
        (_, _, Some(sha)) => {
            note("commit", "--commit", sha);
            Ok(PipelineBy::Commit { project, sha: sha.clone() })
        }
        (None, None, None) => Err(Usage::new("no pipeline is given")),
    }
}

/// The pipeline that is given by its id, in a CI job the one that the job is in.
fn here(given: &Given<'_>, settings: &mut Vec<Setting>) -> Result<PipelineAt, Usage> {
    let project = given.project(&["CI_PROJECT_ID"])?;
    if let Some(id) = given.pipeline(&["CI_PIPELINE_ID"])? {
        return Ok(at(project, id, settings));
    }
    let branch = given.checkout().and_then(|checkout| checkout.branch);
    let hint = match branch {
        Some(branch) => format!(
            "take the latest successful one of this branch with `--ref {}`, name one with --pipeline ID, \
             or paste its address from the browser",
            sanitize(&branch)
        ),
        None => "name it with --pipeline ID or --ref REF, or paste its address from the browser; \
                 in a CI job CI_PIPELINE_ID names it"
            .to_owned(),
    };
    Err(Usage::new("no pipeline is given").hint(hint))
}

/// The pipeline that triggered this one. GitLab tells since 18.9; before, the trigger job had to
/// hand its numbers over. Both numbers are of one origin, or they would name no pipeline.
fn upstream(given: &Given<'_>, settings: &mut Vec<Setting>) -> Result<PipelineBy, Usage> {
    let pairs = [
        ["CI_UPSTREAM_PROJECT_ID", "CI_UPSTREAM_PIPELINE_ID"],
        ["PARENT_PROJECT_ID", "PARENT_PIPELINE_ID"],
    ];
    for [project, pipeline] in pairs {
        if let (Some(project), Some(id)) =
            (given.flag_or(&[project])?, given.pipeline(&[pipeline])?)
        {
            return Ok(PipelineBy::Id(at(project, id, settings)));
        }
    }
    // A child is in its parent's project, so the number of the pipeline alone is enough there.
    // GitLab calls a pipeline that another project triggered `pipeline`.
    if given.env.var("CI_PIPELINE_SOURCE") != Some("pipeline")
        && let Some(project) = given.flag_or(&["CI_PROJECT_ID"])?
        && let Some(id) = given.pipeline(&pairs.map(|[_, pipeline]| pipeline))?
    {
        return Ok(PipelineBy::Id(at(project, id, settings)));
    }
    // A job that started this pipeline over the API can have handed over its own number.
    if let (Some(project), Some(id)) =
        (given.flag_or(&["PARENT_PROJECT_ID"])?, given.number(&["PARENT_JOB_ID"])?)
    {
        let project = take(settings, "project", project);
        return Ok(PipelineBy::OfJob { project, id: JobId(take(settings, "job", id)) });
    }
    Err(Usage::new(
            "nothing tells which pipeline triggered this one: neither --project with --pipeline nor CI_UPSTREAM_PROJECT_ID \
             with CI_UPSTREAM_PIPELINE_ID (GitLab 18.9 and newer) nor PARENT_PROJECT_ID with PARENT_PIPELINE_ID or PARENT_JOB_ID is set (CI_UPSTREAM_JOB_ID is that of a bridge, which tells no pipeline)",
        )
        .hint(
            "on an older GitLab let the trigger job hand them over: `variables: { PARENT_PROJECT_ID: $CI_PROJECT_ID, \
             PARENT_PIPELINE_ID: $CI_PIPELINE_ID }`",
        ))
}

fn at(
    project: Sourced<ProjectRef>,
    id: Sourced<PipelineId>,
    settings: &mut Vec<Setting>,
) -> PipelineAt {
    let project = take(settings, "project", project);
    PipelineAt { project, id: take(settings, "pipeline", id) }
}
