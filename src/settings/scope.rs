//! The scope of the lookup: the downstream pipelines of a pipeline, a pipeline itself, or a job.

use super::commit::commit;
use super::inputs::Inputs;
use super::latest::{checked_ref, latest_of};
use super::sourced::{Setting, Source, Sourced};
use super::web_url::{WebUrl, WebUrlTarget};
use crate::args::{ConnectArgs, LookupArgs, LookupFrom, PipelineArg};
use crate::env::Env;
use crate::lookup::Scope;
use crate::model::{JobId, LatestOf, PipelineAt, PipelineBy, PipelineId, ProjectRef};
use crate::usage::Usage;

/// The scope of the lookup, and the settings that determined it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedScope {
    pub scope: Scope,
    pub settings: Vec<Setting>,
}

/// Determines the scope from the web address, the flags, the variables of CI, or the git checkout.
///
/// # Errors
/// No project or no pipeline is given, or two inputs contradict each other.
pub fn scope(
    lookup: &LookupArgs,
    connect: &ConnectArgs,
    web_url: Option<&WebUrl>,
    env: &Env,
) -> Result<ResolvedScope, Usage> {
    let mut settings = Vec::new();
    let scope = match web_url {
        Some(web_url) if web_url.target != WebUrlTarget::Project => {
            from_web_url(lookup, web_url, &mut settings)?
        }
        _ => {
            if lookup.project.is_some() && web_url.is_some_and(|url| url.source == Source::Url) {
                return Err(named_twice());
            }
            from_flags(&Inputs { lookup, connect, web_url, env }, &mut settings)?
        }
    };
    Ok(ResolvedScope { scope, settings })
}

/// Determines the project, for a command that applies to a whole project.
///
/// # Errors
/// No project is given.
pub fn project(
    lookup: &LookupArgs,
    connect: &ConnectArgs,
    web_url: Option<&WebUrl>,
    env: &Env,
) -> Result<ProjectRef, Usage> {
    let inputs = Inputs { lookup, connect, web_url, env };
    if lookup.project.is_some() && web_url.is_some_and(|url| url.source == Source::Url) {
        return Err(named_twice());
    }
    Ok(inputs.project(&["CI_PROJECT_ID"])?.value)
}

fn named_twice() -> Usage {
    Usage::new("the URL names the project and the pipeline already")
        .hint("leave out the URL, or the flags that name another place")
}

/// Adds a value to the list of settings, and returns it without its source.
fn record<T: ToString>(settings: &mut Vec<Setting>, name: &'static str, sourced: Sourced<T>) -> T {
    settings.push(Setting { name, value: sourced.value.to_string(), source: sourced.source });
    sourced.value
}

fn from_flags(inputs: &Inputs<'_>, settings: &mut Vec<Setting>) -> Result<Scope, Usage> {
    let LookupArgs { from, job_id, .. } = inputs.lookup;
    if !job_id.is_empty() {
        let project = record(settings, "project", inputs.project(&["CI_PROJECT_ID"])?);
        let mut ids: Vec<JobId> = Vec::new();
        for id in job_id.iter().copied().map(JobId) {
            if !ids.contains(&id) {
                let value = Sourced { value: id, source: Source::Flag("--job-id") };
                ids.push(record(settings, "job", value));
            }
        }
        return Ok(Scope::Jobs { project, ids });
    }
    if *from == Some(LookupFrom::Upstream) {
        if selects_pipeline(inputs.lookup) {
            return Err(Usage::new(
                "--from upstream takes the pipeline that triggered this one, and no other",
            )
            .hint("leave out --ref, --mr, --commit or --pipeline latest"));
        }
        return Ok(Scope::In(upstream_pipeline(inputs, settings)?));
    }
    let (by, default) = match selected_pipeline(inputs, settings)? {
        Some(by) => by,
        None => pipeline_by_default(inputs, settings)?,
    };
    Ok(match from.unwrap_or(default) {
        LookupFrom::Downstream => Scope::Below(by),
        LookupFrom::Any => Scope::Any(by),
        LookupFrom::Pipeline | LookupFrom::Upstream => Scope::In(by),
    })
}

fn from_web_url(
    lookup: &LookupArgs,
    web_url: &WebUrl,
    settings: &mut Vec<Setting>,
) -> Result<Scope, Usage> {
    if !lookup.job_id.is_empty() {
        return Err(
            Usage::new("--job-id and a URL both say where to look").hint("leave one of them out")
        );
    }
    if lookup.project.is_some() || lookup.pipeline.is_some() || selects_pipeline(lookup) {
        return Err(named_twice());
    }
    let mut url = |name, value: &dyn ToString| {
        record(settings, name, Sourced { value: value.to_string(), source: Source::Url });
    };
    url("project", &web_url.project);
    match &web_url.target {
        WebUrlTarget::Project => {}
        WebUrlTarget::Pipeline(id) => url("pipeline", id),
        WebUrlTarget::Job(id) => url("job", id),
        WebUrlTarget::Ref(ref_) => url("ref", ref_),
        WebUrlTarget::JobOfRef { ref_, job } => {
            url("ref", ref_);
            url("job", job);
        }
        WebUrlTarget::Commit(sha) => url("commit", sha),
        WebUrlTarget::MergeRequest(iid) => url("merge request", iid),
    }
    web_url.scope(lookup.from)
}

/// Returns true if a pipeline is selected by its ref, merge request or commit.
fn selects_pipeline(lookup: &LookupArgs) -> bool {
    lookup.ref_.is_some()
        || lookup.mr.is_some()
        || lookup.commit.is_some()
        || lookup.pipeline == Some(PipelineArg::Latest)
}

/// A pipeline, and the value of `--from` if that flag is left out.
type Selected = (PipelineBy, LookupFrom);

/// Returns the pipeline selected by `--ref`, `--mr`, `--commit` or `--pipeline latest`.
fn selected_pipeline(
    inputs: &Inputs<'_>,
    settings: &mut Vec<Setting>,
) -> Result<Option<Selected>, Usage> {
    let LookupArgs { pipeline, ref_, mr, commit: rev, search_recent: recent, .. } = inputs.lookup;
    if !selects_pipeline(inputs.lookup) {
        return Ok(None);
    }
    if ref_.is_some() && matches!(pipeline, Some(PipelineArg::Id(_))) {
        return Err(Usage::new("--ref and --pipeline ID both name a pipeline")
            .hint("leave one of them out; --pipeline latest takes the newest one of --ref"));
    }
    let ref_ = ref_.as_deref().map(checked_ref).transpose()?;
    // A revision that cannot be resolved ends the run before anything else is looked at.
    let sha = rev.as_deref().map(|rev| commit(rev, inputs.env)).transpose()?;
    let project = inputs.project(&["CI_PROJECT_ID"])?;
    if *pipeline == Some(PipelineArg::Latest) {
        let latest = latest_of(inputs, &project)?;
        let source = Source::Flag("--pipeline");
        return Ok(Some((
            record_latest(project, latest, source, settings),
            LookupFrom::Downstream,
        )));
    }
    let project = record(settings, "project", project);
    let mut record_flag = |name, flag, value: &dyn ToString| {
        let source = Source::Flag(flag);
        record(settings, name, Sourced { value: value.to_string(), source });
    };
    let by = match (ref_, mr, sha) {
        (Some(ref_), _, _) => {
            record_flag("ref", "--ref", &ref_);
            PipelineBy::Ref { project, ref_: ref_.to_owned(), recent: *recent }
        }
        (_, Some(iid), _) => {
            record_flag("merge request", "--mr", iid);
            PipelineBy::MergeRequest { project, iid: *iid }
        }
        (_, _, Some(sha)) => {
            record_flag("commit", "--commit", &sha);
            PipelineBy::Commit { project, sha }
        }
        (None, None, None) => return Ok(None),
    };
    Ok(Some((by, LookupFrom::Pipeline)))
}

/// Returns the pipeline given by its id, which in a CI job is that of the job; with the address of a
/// project alone, the latest of its default branch; in a git checkout, the latest of the branch.
fn pipeline_by_default(
    inputs: &Inputs<'_>,
    settings: &mut Vec<Setting>,
) -> Result<Selected, Usage> {
    let project = inputs.project(&["CI_PROJECT_ID"])?;
    let is_address = project.source == Source::Url;
    let names: &[&'static str] = if is_address { &[] } else { &["CI_PIPELINE_ID"] };
    if let Some(id) = inputs.pipeline(names)? {
        let at = record_pipeline(project, id, settings);
        return Ok((PipelineBy::Id(at), LookupFrom::Downstream));
    }
    if is_address {
        let latest = latest_of(inputs, &project)?;
        let by = record_latest(project, latest, Source::Url, settings);
        return Ok((by, LookupFrom::Downstream));
    }
    if inputs.checkout().is_some() {
        let latest = latest_of(inputs, &project)?;
        let by = record_latest(project, latest, Source::Checkout, settings);
        return Ok((by, LookupFrom::Any));
    }
    Err(Usage::new("no pipeline is given").hint(
        "name it with --pipeline ID, --pipeline latest or --ref REF, or paste its address from the browser; \
         `downriver list` shows the newest ones; in a CI job CI_PIPELINE_ID names it",
    ))
}

/// Records the project and the ref of which the newest pipeline is meant. `source` is that of the
/// word `latest`.
fn record_latest(
    project: Sourced<ProjectRef>,
    of: Sourced<LatestOf>,
    source: Source,
    settings: &mut Vec<Setting>,
) -> PipelineBy {
    let project = record(settings, "project", project);
    record(settings, "pipeline", Sourced { value: "latest", source });
    let (name, value) = match &of.value {
        LatestOf::Ref(ref_) => ("ref", ref_.clone()),
        LatestOf::Commit(sha) => ("commit", sha.clone()),
        LatestOf::DefaultBranch => ("ref", "the default branch".to_owned()),
    };
    record(settings, name, Sourced { value, source: of.source });
    PipelineBy::Latest { project, of: of.value }
}

/// Returns the pipeline that triggered this one. GitLab 18.9 and newer set variables for it; for
/// older versions, the trigger job has to pass the ids on. The project and the pipeline are always
/// read from the same pair of variables, because ids of different pairs do not belong together.
fn upstream_pipeline(
    inputs: &Inputs<'_>,
    settings: &mut Vec<Setting>,
) -> Result<PipelineBy, Usage> {
    let pairs = [
        ["CI_UPSTREAM_PROJECT_ID", "CI_UPSTREAM_PIPELINE_ID"],
        ["PARENT_PROJECT_ID", "PARENT_PIPELINE_ID"],
    ];
    for [project, pipeline] in pairs {
        if let (Some(project), Some(id)) =
            (inputs.explicit_project(&[project])?, inputs.pipeline(&[pipeline])?)
        {
            return Ok(PipelineBy::Id(record_pipeline(project, id, settings)));
        }
    }
    // A child pipeline is in the project of its parent, so the id of the pipeline is enough.
    // `CI_PIPELINE_SOURCE` is `pipeline` if another project triggered this pipeline.
    if inputs.env.var("CI_PIPELINE_SOURCE") != Some("pipeline")
        && let Some(project) = inputs.explicit_project(&["CI_PROJECT_ID"])?
        && let Some(id) = inputs.pipeline(&pairs.map(|[_, pipeline]| pipeline))?
    {
        return Ok(PipelineBy::Id(record_pipeline(project, id, settings)));
    }
    // A job that started this pipeline through the API may have passed on its own id.
    if let (Some(project), Some(id)) =
        (inputs.explicit_project(&["PARENT_PROJECT_ID"])?, inputs.number(&["PARENT_JOB_ID"])?)
    {
        let project = record(settings, "project", project);
        return Ok(PipelineBy::OfJob { project, id: JobId(record(settings, "job", id)) });
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

/// Records the project and the pipeline.
fn record_pipeline(
    project: Sourced<ProjectRef>,
    id: Sourced<PipelineId>,
    settings: &mut Vec<Setting>,
) -> PipelineAt {
    let project = record(settings, "project", project);
    PipelineAt { project, id: record(settings, "pipeline", id) }
}
