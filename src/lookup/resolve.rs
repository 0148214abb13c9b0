//! Before step 1: from a branch, a merge request, a commit or a job to a pipeline.

use std::cmp::Reverse;

use super::context::Ctx;
use super::latest;
use crate::error::Error;
use crate::gitlab::{self, PipelineFilters};
use crate::model::{Job, Pipeline, PipelineAt, PipelineBy, PipelineId, ProjectRef};
use crate::refusal::Refusal;
use crate::select::creation;

/// The number of existing pipelines that a message about a missing one names.
const MAX_NAMED_PIPELINES: usize = 10;
/// The number of newest pipelines among which a shortened SHA is searched.
const MAX_SEARCHED_PIPELINES: usize = 1000;

/// Returns the pipeline that is meant. The inner error says that there is none.
pub fn pipeline(ctx: &Ctx<'_>, by: &PipelineBy) -> Result<Result<PipelineAt, Refusal>, Error> {
    let (project, newest) = match by {
        PipelineBy::Id(at) => return Ok(Ok(at.clone())),
        PipelineBy::OfJob { project, id } => {
            (project, ctx.gitlab.job(project, *id)?.pipeline.into_iter().collect())
        }
        PipelineBy::Ref { project, ref_, .. } => {
            (project, ctx.gitlab.successful_pipelines(project, ref_, 1)?)
        }
        PipelineBy::MergeRequest { project, iid } => {
            (project, ctx.gitlab.merge_request_pipelines(project, *iid)?)
        }
        PipelineBy::Commit { project, sha } => (project, of_commit(ctx, project, sha)?),
        PipelineBy::Latest { project, of } => {
            return Ok(latest::find(ctx, project, of)?.map(|pipeline| pipeline.at(project)));
        }
    };
    // The pipelines of a merge request come from several lists.
    let newest = newest.into_iter().max_by_key(|pipeline| pipeline.id);
    if let (PipelineBy::MergeRequest { iid, .. }, Some(pipeline)) = (by, &newest)
        && ctx.gitlab.has_job_token()
    {
        // A newer one may be in a private fork.
        let of = format!("merge request {iid} that the job token sees");
        latest::report(ctx, &pipeline.at(project).project, pipeline, &of);
    }
    // The pipelines of a merge request from a fork are in the project of the fork.
    Ok(newest.map(|pipeline| pipeline.at(project)).ok_or_else(|| Refusal::NoPipeline {
        by: by.clone(),
        by_job_token: ctx.gitlab.has_job_token(),
    }))
}

/// Returns the newest pipeline of a commit, or an empty list. GitLab completes a shortened SHA, but
/// not for job tokens: for those, the newest pipelines of the project are searched.
fn of_commit(ctx: &Ctx<'_>, project: &ProjectRef, sha: &str) -> Result<Vec<Pipeline>, Error> {
    if matches!(sha.len(), 40 | 64) {
        return Ok(ctx.gitlab.commit_pipelines(project, sha)?);
    }
    if ctx.gitlab.has_job_token() {
        let filters = PipelineFilters::default();
        let newest = ctx.gitlab.newest_pipelines(project, &filters, MAX_SEARCHED_PIPELINES)?;
        let is_of_commit =
            |it: &Pipeline| it.sha.as_deref().is_some_and(|full| full.starts_with(sha));
        return Ok(newest.into_iter().filter(is_of_commit).collect());
    }
    match ctx.gitlab.tip(project, sha) {
        Ok(full) => Ok(ctx.gitlab.commit_pipelines(project, &full)?),
        Err(error) if error.is_no_record() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Reads a pipeline. From GitLab 18.0 to 18.2, a job token may read the list of its jobs and not the
/// pipeline itself; each of the jobs shows the pipeline, and the list is returned as well then.
pub fn read(ctx: &Ctx<'_>, at: &PipelineAt) -> Result<(Pipeline, Option<Vec<Job>>), gitlab::Error> {
    let error = match ctx.gitlab.pipeline(at) {
        Ok(pipeline) => return Ok((pipeline, None)),
        Err(error) => error,
    };
    let hidden = matches!(error.status(), Some(401 | 403 | 404)) && !error.is_no_record();
    if hidden
        && ctx.gitlab.has_job_token()
        && let Ok(jobs) = ctx.gitlab.jobs(at)
        && let Some(pipeline) = jobs.iter().find_map(|job| job.pipeline.clone())
    {
        return Ok((pipeline, Some(jobs)));
    }
    Err(error)
}

/// Reads a pipeline, if need be from the list of its jobs.
pub fn read_pipeline(ctx: &Ctx<'_>, at: &PipelineAt) -> Result<Pipeline, gitlab::Error> {
    read(ctx, at).map(|(pipeline, _)| pipeline)
}

/// Returns GitLab's reason why a pipeline has no jobs; `bridge` is the `failure_reason` of its
/// bridge.
pub fn creation_reason(
    ctx: &Ctx<'_>,
    at: &PipelineAt,
    pipeline: &Pipeline,
    bridge: Option<&str>,
) -> Option<String> {
    // Lists and bridges show a pipeline without its errors.
    let read = || ctx.gitlab.pipeline(at).ok()?.yaml_errors;
    let yaml_errors = pipeline.yaml_errors.clone().or_else(read);
    creation::reason(bridge, yaml_errors.as_deref())
}

/// Returns an answer about a pipeline; a missing pipeline is refused with those that exist.
pub fn readable<T>(
    ctx: &Ctx<'_>,
    at: &PipelineAt,
    answer: Result<T, gitlab::Error>,
) -> Result<T, Error> {
    let error = match answer {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if error.is_no_record()
        && let Ok(pipelines) = ctx.gitlab.pipelines(&at.project, MAX_NAMED_PIPELINES)
        && !pipelines.is_empty()
    {
        let mut ids: Vec<PipelineId> = pipelines.iter().map(|pipeline| pipeline.id).collect();
        ids.sort_by_key(|id| Reverse(*id));
        let seen = ids.iter().map(ToString::to_string).collect();
        return Err(Refusal::NoSuchPipeline { at: at.clone(), seen }.into());
    }
    Err(error.into())
}
