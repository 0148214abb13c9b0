//! The list for choosing: the jobs with an archive, of downstream pipelines and of the pipeline
//! itself.

use super::context::Ctx;
use super::downstream;
use super::pipeline_jobs::{list_jobs, list_jobs_of_all};
use super::query::{FoundJob, JobQuery, Scope};
use super::resolve;
use crate::error::Error;
use crate::model::ArchiveAt;
use crate::select::job_pattern::Pattern;
use crate::select::offer;

/// Returns the jobs that can be chosen: those of downstream pipelines first, then those of the
/// pipeline itself where `own` is set or the scope is that pipeline.
///
/// # Errors
/// A pipeline cannot be found or read, or there is no downstream pipeline and own jobs are not
/// offered.
pub fn offered(
    ctx: &Ctx<'_>,
    scope: &Scope,
    query: &JobQuery,
    own: bool,
) -> Result<Vec<FoundJob>, Error> {
    // With this pattern, `explain` tells of each job why it is offered or not.
    let query = JobQuery { jobs: vec![Pattern::new("*")], any_status: true, ..query.clone() };
    let (by, below) = match scope {
        Scope::Below(by) | Scope::Any(by) => (by, true),
        Scope::In(by) => (by, false),
        Scope::Jobs { .. } => return Ok(Vec::new()),
    };
    let own = own || matches!(scope, Scope::Any(_));
    let upstream = resolve::pipeline(ctx, by)??;
    let mut listings = Vec::new();
    if below {
        let bridges = downstream::list_bridges(ctx, &upstream, query.depth)?;
        match downstream::choose(ctx, &upstream, &bridges, &query)? {
            Ok(downstreams) => {
                listings.extend(list_jobs_of_all(ctx, &downstreams.chosen, &query)?);
            }
            Err(refusal) if !own => return Err(refusal.into()),
            Err(_) => {}
        }
    }
    if own || !below {
        listings.push(list_jobs(ctx, &upstream, &query)?);
    }
    let offers = offer::offers(&listings, ctx.clock.now()).into_iter().map(|offer| {
        let listing = &listings[offer.listing];
        FoundJob {
            pattern: offer.job.name.clone(),
            at: ArchiveAt::Job { project: listing.at.project.clone(), id: offer.job.id },
            job: Some(offer.job.clone()),
            pipeline: Some(listing.pipeline.clone()),
            bridges: listing.bridges.clone(),
            named: true,
        }
    });
    Ok(offers.collect())
}
