//! Before step 1: from a branch, a merge request or a commit to a pipeline.

use super::find::{find_in, nothing};
use super::{Ctx, FoundJob, JobQuery, LookupResult};
use crate::gitlab;
use crate::model::{ArchiveAt, Pipeline, PipelineAt, PipelineBy, ProjectRef};
use crate::refusal::Refusal;

/// How many successful pipelines of a ref are looked through, as many as GitLab does itself.
const RECENT: usize = 100;

/// The pipeline that is meant. The refusal inside is the answer "there is none".
pub(super) fn pipeline(
    ctx: &Ctx<'_>,
    by: &PipelineBy,
) -> anyhow::Result<Result<PipelineAt, Refusal>> {
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
    Ok(newest
        .map(|pipeline| at(project, &pipeline))
        .ok_or_else(|| Refusal::NoPipeline { by: by.clone() }))
}

/// The jobs of the latest successful pipeline of a ref.
///
/// GitLab finds a job of an exact name itself, in the one request that downloads it, and takes a
/// job token for that on every server. Patterns need the lists.
pub(super) fn by_ref(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    ref_: &str,
    recent: bool,
    query: &JobQuery,
) -> anyhow::Result<LookupResult> {
    if query.jobs.iter().any(|pattern| pattern.is_glob()) {
        return by_lists(ctx, project, ref_, recent, query);
    }
    // Where the lists may not be read, the answer is still what GitLab would find by itself.
    if query.listed
        && let Ok(finding) = by_lists(ctx, project, ref_, recent, query)
    {
        return Ok(finding);
    }
    let found = |name: &str| FoundJob {
        pattern: name.to_owned(),
        at: ArchiveAt::Ref {
            project: project.clone(),
            ref_: ref_.to_owned(),
            job: name.to_owned(),
            recent,
        },
        job: None,
        pipeline: None,
        bridge: None,
        named: true,
    };
    let found = query.jobs.iter().map(|pattern| found(pattern.text())).collect();
    Ok(LookupResult { found, missing: Vec::new() })
}

/// The same by the lists of pipelines and jobs: the newest pipeline in which nothing is missing,
/// or else what the newest of all has to say.
pub(super) fn by_lists(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    ref_: &str,
    recent: bool,
    query: &JobQuery,
) -> anyhow::Result<LookupResult> {
    let pipelines =
        ctx.gitlab.successful_pipelines(project, ref_, if recent { RECENT } else { 1 })?;
    let mut first = None;
    for pipeline in &pipelines {
        let finding = find_in(ctx, &at(project, pipeline), query)?;
        if finding.missing.is_empty() {
            return Ok(finding);
        }
        first.get_or_insert(finding);
    }
    let by = PipelineBy::Ref { project: project.clone(), ref_: ref_.to_owned(), recent };
    Ok(first.unwrap_or_else(|| nothing(&Refusal::NoPipeline { by }, query)))
}

fn at(project: &ProjectRef, pipeline: &Pipeline) -> PipelineAt {
    PipelineAt { project: project.clone(), id: pipeline.id }
}

/// How many other pipelines a message names.
const NEAREST: usize = 20;

/// An answer about a pipeline; one that is not there is refused with those that are.
pub(super) fn there<T>(
    ctx: &Ctx<'_>,
    at: &PipelineAt,
    answer: Result<T, gitlab::Error>,
) -> anyhow::Result<T> {
    let error = match answer {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if error.is_no_record()
        && let Ok(pipelines) = ctx.gitlab.pipelines(&at.project, NEAREST)
        && !pipelines.is_empty()
    {
        let seen = pipelines.iter().map(|pipeline| pipeline.id.to_string()).collect();
        return Err(Refusal::NoSuchPipeline { at: at.clone(), seen }.into());
    }
    Err(error.into())
}
