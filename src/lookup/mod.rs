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
mod offer;
mod pipeline_jobs;
pub mod poll;
mod query;
mod resolve;
pub mod tree;
mod wait;

pub use context::{Ctx, Polling};
pub use offer::offered;
pub use query::{FoundJob, JobQuery, LookupResult, Scope};
pub use wait::{Ended, ended_refusal, failed_jobs, pipeline_status, wait_for_pipelines};

use crate::error::Error;
use crate::model::PipelineBy;
use crate::select::job::Listing;
use crate::select::outcome::{self, OutcomeRules};
use pipeline_jobs::{choose_jobs, find_by_id, find_in_pipeline, list_jobs};
use poll::poll_until;

/// Looks up the wanted jobs, again and again for as long as waiting may help.
pub fn find(ctx: &Ctx<'_>, scope: &Scope, query: &JobQuery) -> Result<LookupResult, Error> {
    poll_until(ctx, || lookup_once(ctx, scope, query))
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
        Scope::Below(upstream) => find_downstream(ctx, upstream, query)?,
        Scope::In(PipelineBy::Ref { project, ref_, recent }) => {
            by_ref::find(ctx, &by_ref::Ref { project, name: ref_, recent: *recent }, query)?
        }
        Scope::In(pipeline) => match resolve::pipeline(ctx, pipeline)? {
            Ok(pipeline) => find_in_pipeline(ctx, &pipeline, query)?,
            Err(refusal) => LookupResult::all_missing(&refusal, query),
        },
        Scope::Job { project, id } => find_by_id(ctx, project, *id, query)?,
    };
    settle(result, ctx, query)
}

/// Looks up jobs in the downstream pipelines of an upstream pipeline.
fn find_downstream(
    ctx: &Ctx<'_>,
    upstream: &PipelineBy,
    query: &JobQuery,
) -> Result<LookupResult, Error> {
    let upstream = match resolve::pipeline(ctx, upstream)? {
        Ok(upstream) => upstream,
        Err(refusal) => return Ok(LookupResult::all_missing(&refusal, query)),
    };
    let bridges = downstream::list_bridges(ctx, &upstream, query.depth)?;
    let downstreams = match downstream::choose(ctx, &upstream, &bridges, query)? {
        Ok(downstreams) => downstreams,
        Err(refusal) => return Ok(LookupResult::all_missing(&refusal, query)),
    };
    let lists: Vec<Listing> = downstreams
        .chosen
        .into_iter()
        .map(|it| {
            let bridges = it.above.into_iter().chain([it.bridge]).collect();
            list_jobs(ctx, it.at, it.pipeline, bridges, query)
        })
        .collect::<Result<_, _>>()?;
    Ok(choose_jobs(ctx, &lists, &downstreams.untriggered, query))
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
