//! Step 3: lists the jobs of pipelines, and chooses those that are wanted.

use std::collections::HashSet;

use super::context::Ctx;
use super::limits::MAX_PARALLEL_LISTS;
use super::query::{FoundJob, JobQuery, LookupResult};
use super::{downstream, own_job, resolve};
use crate::error::Error;
use crate::model::{ArchiveAt, Job, JobId, Pipeline, PipelineAt, ProjectRef};
use crate::parallel::parallel_until_failure;
use crate::refusal::{Refusal, UntriggeredBridge};
use crate::select::creation;
use crate::select::downstream::Downstream;
use crate::select::job::{self, JobRules, Listing};
use crate::select::outcome::Attempts;
use crate::step::Step;

/// Looks up jobs in one pipeline.
pub fn find_in_pipeline(
    ctx: &Ctx<'_>,
    at: &PipelineAt,
    query: &JobQuery,
) -> Result<LookupResult, Error> {
    own_job::refuse_own(ctx, at, query)?;
    let list = list_jobs(ctx, at, query)?;
    Ok(choose_jobs(ctx, &[list], &[], query))
}

/// Looks up jobs in a pipeline that a list of pipelines showed.
pub fn find_in_listed(
    ctx: &Ctx<'_>,
    pipeline: &Pipeline,
    project: &ProjectRef,
    query: &JobQuery,
) -> Result<LookupResult, Error> {
    let at = pipeline.at(project);
    let jobs = ctx.gitlab.jobs(&at)?;
    let list = listing(ctx, at, pipeline.clone(), jobs, Vec::new(), None);
    tell_jobs(ctx, &list, query);
    Ok(choose_jobs(ctx, &[list], &[], query))
}

/// Lists the jobs of a single pipeline, whose status is read before.
pub fn list_jobs(ctx: &Ctx<'_>, at: &PipelineAt, query: &JobQuery) -> Result<Listing, Error> {
    let (pipeline, jobs) = resolve::readable(ctx, at, resolve::read(ctx, at))?;
    let at = at.clone().with_path(Some(&pipeline));
    let jobs = match jobs {
        Some(jobs) => jobs,
        None => ctx.gitlab.jobs(&at)?,
    };
    let list = listing(ctx, at, pipeline, jobs, Vec::new(), None);
    tell_jobs(ctx, &list, query);
    Ok(list)
}

/// Returns the list of the jobs of a pipeline, with GitLab's reason if it has none.
fn listing(
    ctx: &Ctx<'_>,
    at: PipelineAt,
    pipeline: Pipeline,
    jobs: Vec<Job>,
    bridges: Vec<String>,
    bridge_reason: Option<&str>,
) -> Listing {
    let reason = match creation::may_have_reason(&pipeline, jobs.len()) {
        true => resolve::creation_reason(ctx, &at, &pipeline, bridge_reason),
        false => None,
    };
    Listing { at, pipeline, bridges, jobs, reason }
}

/// Reads a job by its id; a job token that is to download its archive skips the request, which
/// GitLab would refuse.
pub fn find_by_id(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    id: JobId,
    query: &JobQuery,
) -> Result<LookupResult, Error> {
    own_job::refuse_own_id(ctx, id, query)?;
    let unreadable = ctx.gitlab.has_job_token() && query.archive;
    let job = if unreadable { None } else { Some(ctx.gitlab.job(project, id)?) };
    if let Some(job) = &job
        && let Err(refusal) = job::usable(job, rules(ctx, query))
    {
        return Ok(LookupResult { found: Vec::new(), missing: vec![(job.name.clone(), refusal)] });
    }
    let pipeline = job.as_ref().and_then(|job| job.pipeline.clone());
    let pattern = job.as_ref().map_or_else(|| id.to_string(), |job| job.name.clone());
    let at = ArchiveAt::Job { project: project.clone(), id };
    let found = FoundJob { pattern, at, job, pipeline, bridges: Vec::new(), named: true };
    Ok(LookupResult { found: vec![found], missing: Vec::new() })
}

/// Lists the jobs of downstream pipelines, several at a time. The status of each pipeline was read
/// before its list: if that status is final, the list is complete.
pub fn list_jobs_of_all(
    ctx: &Ctx<'_>,
    downstreams: &[Downstream],
    query: &JobQuery,
) -> Result<Vec<Listing>, Error> {
    let list = |downstream: &Downstream| {
        let Downstream { bridge, above, at, pipeline, reason, .. } = downstream;
        let jobs = ctx.gitlab.jobs(at)?;
        let bridges = above.iter().chain([bridge]).cloned().collect();
        Ok(listing(ctx, at.clone(), pipeline.clone(), jobs, bridges, reason.as_deref()))
    };
    let (lists, failure) = parallel_until_failure(MAX_PARALLEL_LISTS, downstreams, list);
    for list in &lists {
        tell_jobs(ctx, list, query);
    }
    match failure {
        None => Ok(lists),
        // The lists stop at the one that failed.
        Some(error) => {
            Err(downstream::unreadable(error, &downstreams[lists.len()], downstreams.len() == 1))
        }
    }
}

/// Reports a list of jobs, and what each job is good for.
fn tell_jobs(ctx: &Ctx<'_>, list: &Listing, query: &JobQuery) {
    let Listing { at, pipeline, jobs, .. } = list;
    ctx.watch.step(&Step::Jobs { at, status: &pipeline.status, jobs });
    let candidates = job::candidates(list, &query.jobs, rules(ctx, query));
    let from = format!("jobs of pipeline {} in project {}", at.id, at.project);
    ctx.watch.step(&Step::Chosen { from: &from, of: Some(at.id), candidates: &candidates });
}

/// Chooses the jobs that each pattern matches; a job that two patterns match is listed once.
pub fn choose_jobs(
    ctx: &Ctx<'_>,
    lists: &[Listing],
    untriggered: &[UntriggeredBridge],
    query: &JobQuery,
) -> LookupResult {
    let mut result = LookupResult::default();
    let mut taken = HashSet::new();
    for pattern in &query.jobs {
        let choice = match job::choose(lists, untriggered, pattern, rules(ctx, query)) {
            Ok(choice) => choice,
            Err(refusal) => {
                result.missing.push((pattern.text().to_owned(), refusal));
                continue;
            }
        };
        if pattern.text() != "*" {
            for refusal in
                choice.left_out.iter().filter(|why| !matches!(why, Refusal::NoArchive { .. }))
            {
                ctx.watch.step(&Step::Warning(&format!("left out: {refusal}")));
            }
        }
        for pick in choice.jobs.into_iter().filter(|pick| taken.insert(pick.job.id)) {
            let list = &lists[pick.listing];
            result.found.push(FoundJob {
                pattern: pattern.text().to_owned(),
                at: ArchiveAt::Job { project: list.at.project.clone(), id: pick.job.id },
                job: Some(pick.job),
                pipeline: Some(list.pipeline.clone()),
                bridges: list.bridges.clone(),
                named: pick.named,
            });
        }
    }
    result
}

fn rules(ctx: &Ctx<'_>, query: &JobQuery) -> JobRules {
    JobRules {
        any_status: query.any_status,
        needs_archive: query.archive,
        waits_for_all: ctx.polling.attempts() == Attempts::UntilTimeout,
        now: ctx.clock.now(),
    }
}
