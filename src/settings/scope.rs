//! The scope of the lookup: the downstream pipelines of a pipeline, a pipeline itself, or a job.

use super::inputs::{Inputs, has_dot_segment};
use super::sourced::{Setting, Source, Sourced};
use super::web_url::{WebUrl, WebUrlTarget};
use crate::args::{ConnectArgs, LookupArgs, LookupFrom};
use crate::env::Env;
use crate::lookup::Scope;
use crate::model::{JobId, PipelineAt, PipelineBy, PipelineId, ProjectRef};
use crate::sanitize::sanitize;
use crate::shell::quoted;
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
        Some(web_url) => from_web_url(lookup, web_url, &mut settings)?,
        None => from_flags(&Inputs { lookup, connect, env }, &mut settings)?,
    };
    Ok(ResolvedScope { scope, settings })
}

/// Determines the project, for a command that applies to a whole project.
///
/// # Errors
/// No project is inputs.
pub fn project(lookup: &LookupArgs, connect: &ConnectArgs, env: &Env) -> Result<ProjectRef, Usage> {
    Ok(Inputs { lookup, connect, env }.project(&["CI_PROJECT_ID"])?.value)
}

/// Adds a value to the list of settings, and returns it without its source.
fn record<T: ToString>(settings: &mut Vec<Setting>, name: &'static str, sourced: Sourced<T>) -> T {
    settings.push(Setting { name, value: sourced.value.to_string(), source: sourced.source });
    sourced.value
}

fn from_flags(inputs: &Inputs<'_>, settings: &mut Vec<Setting>) -> Result<Scope, Usage> {
    let LookupArgs { from, job_id, .. } = inputs.lookup;
    if let Some(id) = *job_id {
        let project = record(settings, "project", inputs.project(&["CI_PROJECT_ID"])?);
        let id = Sourced { value: JobId(id), source: Source::Flag("--job-id") };
        return Ok(Scope::Job { project, id: record(settings, "job", id) });
    }
    if selects_pipeline(inputs.lookup) {
        return match from {
            None | Some(LookupFrom::Pipeline) => {
                Ok(Scope::In(selected_pipeline(inputs, settings)?))
            }
            Some(LookupFrom::Downstream) => Ok(Scope::Below(selected_pipeline(inputs, settings)?)),
            Some(LookupFrom::Any) => Ok(Scope::Any(selected_pipeline(inputs, settings)?)),
            Some(LookupFrom::Upstream) => Err(Usage::new(
                "--from upstream takes the pipeline that triggered this one, and no other",
            )
            .hint("leave out --ref, --mr or --commit")),
        };
    }
    match from.unwrap_or(LookupFrom::Downstream) {
        LookupFrom::Downstream => {
            Ok(Scope::Below(PipelineBy::Id(pipeline_by_id(inputs, settings)?)))
        }
        LookupFrom::Pipeline => Ok(Scope::In(PipelineBy::Id(pipeline_by_id(inputs, settings)?))),
        LookupFrom::Any => Ok(Scope::Any(PipelineBy::Id(pipeline_by_id(inputs, settings)?))),
        LookupFrom::Upstream => Ok(Scope::In(upstream_pipeline(inputs, settings)?)),
    }
}

fn from_web_url(
    lookup: &LookupArgs,
    web_url: &WebUrl,
    settings: &mut Vec<Setting>,
) -> Result<Scope, Usage> {
    if lookup.job_id.is_some() {
        return Err(
            Usage::new("--job-id and a URL both say where to look").hint("leave one of them out")
        );
    }
    if lookup.project.is_some() || lookup.pipeline.is_some() || selects_pipeline(lookup) {
        return Err(Usage::new("the URL names the project and the pipeline already")
            .hint("leave out the URL, or the flags that name another place"));
    }
    record(settings, "project", Sourced { value: &web_url.project, source: Source::Url });
    match web_url.target {
        WebUrlTarget::Pipeline(value) => {
            record(settings, "pipeline", Sourced { value, source: Source::Url });
        }
        WebUrlTarget::Job(value) => {
            record(settings, "job", Sourced { value, source: Source::Url });
        }
    }
    web_url.scope(lookup.from)
}

/// Returns true if a pipeline is selected by its ref, merge request or commit.
fn selects_pipeline(lookup: &LookupArgs) -> bool {
    lookup.ref_.is_some() || lookup.mr.is_some() || lookup.commit.is_some()
}

/// Returns the pipeline selected by `--ref`, `--mr` or `--commit`.
fn selected_pipeline(
    inputs: &Inputs<'_>,
    settings: &mut Vec<Setting>,
) -> Result<PipelineBy, Usage> {
    let LookupArgs { ref_, mr, commit, search_recent: recent, .. } = inputs.lookup;
    if ref_.as_deref() == Some("") {
        return Err(Usage::new("--ref is empty").hint("name a branch or a tag"));
    }
    if let Some(ref_) = ref_.as_deref().filter(|ref_| has_dot_segment(ref_)) {
        let message = format!("--ref is `{}`, which is no branch or tag", sanitize(ref_));
        return Err(Usage::new(message).hint("git allows no part `.` or `..` in their names"));
    }
    let project = record(settings, "project", inputs.project(&["CI_PROJECT_ID"])?);
    let mut record_flag = |name, flag, value: &dyn ToString| {
        let source = Source::Flag(flag);
        record(settings, name, Sourced { value: value.to_string(), source });
    };
    match (ref_, mr, commit) {
        (Some(ref_), _, _) => {
            record_flag("ref", "--ref", ref_);
            Ok(PipelineBy::Ref { project, ref_: ref_.clone(), recent: *recent })
        }
        (_, Some(iid), _) => {
            record_flag("merge request", "--mr", iid);
            Ok(PipelineBy::MergeRequest { project, iid: *iid })
        }
        (_, _, Some(sha)) => {
            record_flag("commit", "--commit", sha);
            Ok(PipelineBy::Commit { project, sha: sha.clone() })
        }
        (None, None, None) => Err(Usage::new("no pipeline is given")),
    }
}

/// Returns the pipeline given by its id; in a CI job this defaults to the pipeline of the job.
fn pipeline_by_id(inputs: &Inputs<'_>, settings: &mut Vec<Setting>) -> Result<PipelineAt, Usage> {
    let project = inputs.project(&["CI_PROJECT_ID"])?;
    if let Some(id) = inputs.pipeline(&["CI_PIPELINE_ID"])? {
        return Ok(record_pipeline(project, id, settings));
    }
    let branch = inputs.checkout().and_then(|checkout| checkout.branch);
    let hint = match branch {
        Some(branch) => format!(
            "take the latest successful one of this branch with `--ref {} --from any`, name one with --pipeline ID, \
             or paste its address from the browser",
            quoted(&branch)
        ),
        None => "name it with --pipeline ID or --ref REF, or paste its address from the browser; \
                 in a CI job CI_PIPELINE_ID names it"
            .to_owned(),
    };
    Err(Usage::new("no pipeline is given").hint(hint))
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
