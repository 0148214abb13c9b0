//! Step 3: lists the jobs of pipelines, and chooses those that are wanted.

use std::collections::HashSet;

use super::context::Ctx;
use super::query::{FoundJob, JobQuery, LookupResult};
use super::resolve;
use crate::error::Error;
use crate::model::{ArchiveAt, JobId, Pipeline, PipelineAt, ProjectRef};
use crate::refusal::{Refusal, UntriggeredBridge};
use crate::select::job::{self, JobRules, Listing};
use crate::select::outcome::Attempts;
use crate::step::Step;

/// Looks up jobs in one pipeline.
pub fn find_in_pipeline(
    ctx: &Ctx<'_>,
    at: &PipelineAt,
    query: &JobQuery,
) -> Result<LookupResult, Error> {
    let pipeline = resolve::readable(ctx, at, ctx.gitlab.pipeline(at))?;
    let list = list_jobs(ctx, at.clone(), pipeline, Vec::new(), query)?;
    Ok(choose_jobs(ctx, &[list], &[], query))
}

/// Reads a job by its id; a job token that is to download its archive skips the request, which
/// GitLab would refuse.
pub fn find_by_id(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    id: JobId,
    query: &JobQuery,
) -> Result<LookupResult, Error> {
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

/// Lists the jobs of a pipeline. Its status was read before the list: if that status is final, the
/// list is complete.
pub fn list_jobs(
    ctx: &Ctx<'_>,
    at: PipelineAt,
    pipeline: Pipeline,
    bridges: Vec<String>,
    query: &JobQuery,
) -> Result<Listing, Error> {
    let jobs = ctx.gitlab.jobs(&at)?;
    ctx.watch.step(&Step::Jobs { at: &at, status: &pipeline.status, jobs: &jobs });
    let list = Listing { at, pipeline, bridges, jobs };
    let candidates = job::candidates(&list, &query.jobs, rules(ctx, query));
    let from = format!("jobs of pipeline {} in project {}", list.at.id, list.at.project);
    ctx.watch.step(&Step::Chosen { from: &from, candidates: &candidates });
    Ok(list)
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
