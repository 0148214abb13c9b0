//! After a lookup that found nothing: the place that holds the job instead.
//!
//! These requests only serve the advice of a message, so their failures are ignored, and at most
//! [`MAX_SEARCHED_PIPELINES`] pipelines are searched. A refusal that no other place can mend costs
//! none.

use std::convert::Infallible;

use super::context::Ctx;
use super::downstream::list_bridges;
use super::limits::MAX_PARALLEL_LISTS;
use super::query::{JobQuery, Scope};
use super::resolve;
use crate::error::Error;
use crate::model::{PipelineAt, PipelineBy, ProjectRef};
use crate::parallel::parallel;
use crate::refusal::{Elsewhere, Refusal};
use crate::select::job_pattern::Pattern;

/// The number of pipelines that are searched for a job.
const MAX_SEARCHED_PIPELINES: usize = 24;

/// Adds to a refusal the place that holds the job instead, if there is one.
pub fn with_place(ctx: &Ctx<'_>, scope: &Scope, query: &JobQuery, error: Error) -> Error {
    let Error::Refusal(refusal) = error else { return error };
    let wanted = match &*refusal {
        Refusal::NoJob { wanted, .. } => query.jobs.iter().find(|it| it.text() == wanted),
        Refusal::NoBridges { .. } | Refusal::NotTriggered { .. } => query.jobs.first(),
        _ => None,
    };
    match wanted.and_then(|wanted| place(ctx, scope, query, wanted)) {
        Some(place) => Refusal::Elsewhere { refusal, place }.into(),
        None => Error::Refusal(refusal),
    }
}

fn place(ctx: &Ctx<'_>, scope: &Scope, query: &JobQuery, wanted: &Pattern) -> Option<Elsewhere> {
    match scope {
        Scope::Below(by) => {
            let at = resolve::pipeline(ctx, by).ok()?.ok()?;
            has_job(ctx, &[at], wanted).then_some(Elsewhere::Pipeline)
        }
        Scope::In(PipelineBy::Ref { project, ref_, recent: false })
            if is_in_earlier(ctx, project, ref_, wanted) == Some(true) =>
        {
            Some(Elsewhere::EarlierPipeline)
        }
        Scope::In(by) if query.from_can_change => {
            let at = resolve::pipeline(ctx, by).ok()?.ok()?;
            let bridges = list_bridges(ctx, &at, 1).ok()?;
            let downstream = bridges.iter().filter_map(|listed| {
                Some(listed.bridge.downstream_pipeline.as_ref()?.at(&listed.of.project))
            });
            has_job(ctx, &downstream.collect::<Vec<_>>(), wanted).then_some(Elsewhere::Downstream)
        }
        Scope::In(_) | Scope::Any(_) | Scope::Jobs { .. } => None,
    }
}

fn is_in_earlier(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    ref_: &str,
    wanted: &Pattern,
) -> Option<bool> {
    let newest = ctx.gitlab.successful_pipelines(project, ref_, MAX_SEARCHED_PIPELINES + 1).ok()?;
    let earlier: Vec<PipelineAt> = newest.iter().skip(1).map(|it| it.at(project)).collect();
    Some(has_job(ctx, &earlier, wanted))
}

/// Returns true if one of the pipelines has a job that the pattern matches. A pipeline that may not
/// be read is passed over.
fn has_job(ctx: &Ctx<'_>, pipelines: &[PipelineAt], wanted: &Pattern) -> bool {
    let searched = &pipelines[..pipelines.len().min(MAX_SEARCHED_PIPELINES)];
    let has_it = |at: &PipelineAt| {
        let jobs = ctx.gitlab.jobs(at).unwrap_or_default();
        Ok::<_, Infallible>(jobs.iter().any(|job| wanted.match_name(&job.name).is_some()))
    };
    // Mostly one of the first has it.
    searched.chunks(MAX_PARALLEL_LISTS).any(|batch| {
        let found = parallel(MAX_PARALLEL_LISTS, batch, has_it);
        found.is_ok_and(|found| found.contains(&true))
    })
}
