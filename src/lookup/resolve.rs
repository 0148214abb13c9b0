//! Before step 1: from a branch, a merge request, a commit or a job to a pipeline.

use super::context::Ctx;
use crate::error::Error;
use crate::gitlab;
use crate::model::{PipelineAt, PipelineBy};
use crate::refusal::Refusal;

/// The number of existing pipelines that a message about a missing one names.
const MAX_NAMED_PIPELINES: usize = 20;

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
        PipelineBy::Commit { project, sha } => {
            (project, ctx.gitlab.commit_pipelines(project, sha)?)
        }
    };
    // Lists come newest first, but a merge request has two of them.
    let newest = newest.into_iter().max_by_key(|pipeline| pipeline.id);
    // The pipelines of a merge request from a fork are in the project of the fork.
    Ok(newest
        .map(|pipeline| pipeline.at(project))
        .ok_or_else(|| Refusal::NoPipeline { by: by.clone() }))
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
        let seen = pipelines.iter().map(|pipeline| pipeline.id.to_string()).collect();
        return Err(Refusal::NoSuchPipeline { at: at.clone(), seen }.into());
    }
    Err(error.into())
}
