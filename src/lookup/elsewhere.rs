//! After a lookup that found nothing: the place that holds the job instead.
//!
//! These requests only serve the advice of a message, so their failures are ignored, and at most
//! [`MAX_SEARCHED_PIPELINES`] pipelines are searched. There are no requests for a refusal that
//! another place cannot resolve.

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
    match error {
        Error::Refusal(refusal) => refusal_with_place(ctx, scope, query, *refusal).into(),
        error => error,
    }
}

fn refusal_with_place(ctx: &Ctx<'_>, scope: &Scope, query: &JobQuery, refusal: Refusal) -> Refusal {
    let is_wanted = |pattern: &&Pattern| match &refusal {
        Refusal::NoJob { wanted, .. } => wanted.iter().any(|text| text == pattern.text()),
        Refusal::NoBridges { .. } | Refusal::NotTriggered { .. } => true,
        _ => false,
    };
    let wanted: Vec<&Pattern> = query.jobs.iter().filter(is_wanted).collect();
    let place = if wanted.is_empty() { None } else { place(ctx, scope, query, &wanted) };
    match (refusal, place) {
        (Refusal::Several { refusals }, _) => {
            let placed = |refusal| refusal_with_place(ctx, scope, query, refusal);
            Refusal::Several { refusals: refusals.into_iter().map(placed).collect() }
        }
        (refusal, Some(place)) => Refusal::Elsewhere { refusal: Box::new(refusal), place },
        (refusal, None) => refusal,
    }
}

/// Returns the place that holds all of the wanted jobs.
fn place(ctx: &Ctx<'_>, scope: &Scope, query: &JobQuery, wanted: &[&Pattern]) -> Option<Elsewhere> {
    match scope {
        Scope::Below(by) => {
            let at = resolve::pipeline(ctx, by).ok()?.ok()?;
            have_jobs(ctx, &[at], wanted).then_some(Elsewhere::Pipeline)
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
            have_jobs(ctx, &downstream.collect::<Vec<_>>(), wanted).then_some(Elsewhere::Downstream)
        }
        Scope::In(_) | Scope::Any(_) | Scope::Jobs { .. } => None,
    }
}

fn is_in_earlier(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    ref_: &str,
    wanted: &[&Pattern],
) -> Option<bool> {
    let newest = ctx.gitlab.successful_pipelines(project, ref_, MAX_SEARCHED_PIPELINES + 1).ok()?;
    let earlier: Vec<PipelineAt> = newest.iter().skip(1).map(|it| it.at(project)).collect();
    Some(matches(ctx, &earlier, wanted).any(|matched| matched.iter().all(|it| *it)))
}

/// Returns true if each pattern matches a job of one of the pipelines.
fn have_jobs(ctx: &Ctx<'_>, pipelines: &[PipelineAt], wanted: &[&Pattern]) -> bool {
    let mut found = vec![false; wanted.len()];
    matches(ctx, pipelines, wanted).any(|matched| {
        found.iter_mut().zip(matched).for_each(|(found, it)| *found |= it);
        found.iter().all(|it| *it)
    })
}

/// Returns for each pipeline, and in it for each pattern, true if the pattern matches one of its
/// jobs. The lists of jobs are read in batches while the iterator advances, because often one of
/// the first suffices. A pipeline that cannot be read counts as one without jobs.
fn matches(
    ctx: &Ctx<'_>,
    pipelines: &[PipelineAt],
    wanted: &[&Pattern],
) -> impl Iterator<Item = Vec<bool>> {
    let matched = |at: &PipelineAt| {
        let jobs = ctx.gitlab.jobs(at).unwrap_or_default();
        let matches =
            |pattern: &&Pattern| jobs.iter().any(|job| pattern.match_name(&job.name).is_some());
        Ok::<Vec<bool>, Infallible>(wanted.iter().map(matches).collect())
    };
    let searched = &pipelines[..pipelines.len().min(MAX_SEARCHED_PIPELINES)];
    searched
        .chunks(MAX_PARALLEL_LISTS)
        .flat_map(move |batch| parallel(MAX_PARALLEL_LISTS, batch, matched).unwrap_or_default())
}
