//! Steps 1 to 3: from an upstream pipeline to the jobs that are wanted.
//!
//! ```text
//! upstream pipeline ──► bridges ──► downstream pipelines ──► jobs
//!     resolve.rs        downstream.rs: steps 1 and 2          pipeline_jobs.rs: step 3
//! ```
//!
//! Each step asks GitLab and then chooses; choosing is pure and lives in `select`. Waiting repeats
//! the whole lookup ([`poll`]).

pub mod by_ref;
mod context;
pub mod downstream;
mod elsewhere;
mod latest;
mod limits;
mod offer;
mod own_job;
mod pipeline_jobs;
pub mod poll;
mod query;
mod resolve;
pub mod tree;
mod wait;

pub use context::{Ctx, Polling};
pub use offer::offered;
pub use query::{FoundJob, JobQuery, Lists, LookupResult, OwnJob, Scope};
pub use resolve::read_pipeline;
pub use wait::{Ended, ended_refusal, failed_jobs, wait_for_pipelines};

use crate::error::Error;
use crate::model::{JobId, PipelineAt, PipelineBy};
use crate::parallel::parallel;
use crate::refusal::{Refusal, UntriggeredBridge};
use crate::select::any::looks_in_pipeline_itself;
use crate::select::job::Listing;
use crate::select::outcome::{self, OutcomeRules};
use limits::MAX_PARALLEL_LISTS;
use pipeline_jobs::{choose_jobs, find_by_id, find_in_pipeline, list_jobs, list_jobs_of_all};
use poll::poll_until;

/// Looks up the wanted jobs, again and again for as long as waiting may help.
pub fn find(ctx: &Ctx<'_>, scope: &Scope, query: &JobQuery) -> Result<LookupResult, Error> {
    repeat(ctx, scope, query, || lookup_once(ctx, scope, query))
}

/// Repeats a lookup of the wanted jobs for as long as waiting may help. A final refusal tells where
/// the job is instead.
pub fn repeat<T>(
    ctx: &Ctx<'_>,
    scope: &Scope,
    query: &JobQuery,
    lookup: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    poll_until(ctx, lookup).map_err(|error| elsewhere::with_place(ctx, scope, query, error))
}

/// Looks up the wanted jobs once: steps 1 to 3.
///
/// # Errors
/// A refusal where a job is missing and neither leniency nor waiting can help.
pub fn lookup_once(ctx: &Ctx<'_>, scope: &Scope, query: &JobQuery) -> Result<LookupResult, Error> {
    if let Some(found) = &query.chosen {
        return Ok(LookupResult { found: found.clone(), missing: Vec::new() });
    }
    let result = match scope {
        Scope::In(PipelineBy::Ref { project, ref_, recent }) => {
            by_ref::find(ctx, &by_ref::Ref { project, name: ref_, recent: *recent }, query)?
        }
        Scope::Below(by) | Scope::In(by) | Scope::Any(by) => match resolve::pipeline(ctx, by)? {
            Err(refusal) => LookupResult::all_missing(&refusal, query),
            Ok(upstream) => match scope {
                Scope::Below(_) => find_downstream(ctx, &upstream, query)?.result,
                Scope::Any(_) => find_anywhere(ctx, &upstream, query)?,
                Scope::In(_) | Scope::Jobs { .. } => find_in_pipeline(ctx, &upstream, query)?,
            },
        },
        Scope::Jobs { project, ids } => {
            let find = |id: &JobId| find_by_id(ctx, project, *id, query);
            let mut result = LookupResult::default();
            for LookupResult { found, missing } in parallel(MAX_PARALLEL_LISTS, ids, find)? {
                result.found.extend(found);
                result.missing.extend(missing);
            }
            result
        }
    };
    settle(result, ctx, query)
}

/// The result of a lookup in downstream pipelines, with the lists that it is from.
#[derive(Default)]
struct DownstreamResult {
    result: LookupResult,
    lists: Vec<Listing>,
    untriggered: Vec<UntriggeredBridge>,
}

/// Looks up jobs in the downstream pipelines of an upstream pipeline.
fn find_downstream(
    ctx: &Ctx<'_>,
    upstream: &PipelineAt,
    query: &JobQuery,
) -> Result<DownstreamResult, Error> {
    let bridges = downstream::list_bridges(ctx, upstream, query.depth)?;
    let (downstreams, untriggered) = match downstream::choose(ctx, upstream, &bridges, query)? {
        Ok(downstreams) => (downstreams.chosen, downstreams.untriggered),
        Err(refusal) => {
            let result = LookupResult::all_missing(&refusal, query);
            let untriggered = match refusal {
                Refusal::NotTriggered { bridges } => bridges,
                _ => Vec::new(),
            };
            return Ok(DownstreamResult { result, untriggered, ..DownstreamResult::default() });
        }
    };
    let lists = list_jobs_of_all(ctx, &downstreams, query)?;
    let result = choose_jobs(ctx, &lists, &untriggered, query);
    Ok(DownstreamResult { result, lists, untriggered })
}

/// Looks up jobs in the downstream pipelines, and those that are in none of them in the pipeline
/// itself.
fn find_anywhere(
    ctx: &Ctx<'_>,
    upstream: &PipelineAt,
    query: &JobQuery,
) -> Result<LookupResult, Error> {
    let DownstreamResult { mut result, mut lists, untriggered } =
        find_downstream(ctx, upstream, query)?;
    let (passed_over, missing): (Vec<_>, Vec<_>) = result
        .missing
        .into_iter()
        .partition(|(_, why)| looks_in_pipeline_itself(why, ctx.polling.attempts()));
    result.missing = missing;
    if passed_over.is_empty() {
        return Ok(result);
    }
    let is_rest = |text: &str| passed_over.iter().any(|(pattern, _)| pattern == text);
    let rest = query.jobs.iter().filter(|pattern| is_rest(pattern.text())).cloned();
    let rest = JobQuery { jobs: rest.collect(), ..query.clone() };
    own_job::refuse_own(ctx, upstream, &rest)?;
    lists.push(list_jobs(ctx, upstream, &rest)?);
    // In the other lists, these jobs are known to be missing; a refusal names all of them.
    let own = choose_jobs(ctx, &lists, &untriggered, &rest);
    result.found.extend(own.found);
    result.missing.extend(own.missing);
    let place = |text: &str| query.jobs.iter().position(|pattern| pattern.text() == text);
    result.found.sort_by_key(|found| place(&found.pattern));
    result.missing.sort_by_key(|(pattern, _)| place(pattern));
    Ok(result)
}

/// Ends the lookup where its result is not final, or not what was asked for.
fn settle(result: LookupResult, ctx: &Ctx<'_>, query: &JobQuery) -> Result<LookupResult, Error> {
    let labels: Vec<String> = result.found.iter().map(FoundJob::label).collect();
    let rules = OutcomeRules {
        count: query.count,
        on_missing: query.on_missing,
        attempts: ctx.polling.attempts(),
    };
    outcome::check(&labels, &result.missing, rules)?;
    Ok(result)
}
