//! Jobs of the latest successful pipeline of a branch or tag.
//!
//! GitLab finds a job of an exact name itself, in the request that downloads it, and accepts a job
//! token for that in every version. Patterns need the lists.

use super::context::Ctx;
use super::pipeline_jobs::find_in_listed;
use super::query::{FoundJob, JobQuery, Lists, LookupResult};
use crate::error::Error;
use crate::model::{ArchiveAt, PipelineBy, ProjectRef};
use crate::refusal::Refusal;

/// The number of successful pipelines that `--search-recent` looks through, as many as GitLab
/// itself does.
const MAX_RECENT_PIPELINES: usize = 100;

/// A branch or tag of a project.
#[derive(Debug, Clone, Copy)]
pub struct Ref<'a> {
    pub project: &'a ProjectRef,
    pub name: &'a str,
    /// Looks through earlier successful pipelines, too.
    pub recent: bool,
}

/// Looks up jobs by their ref, with no request where the download itself can find them.
pub fn find(ctx: &Ctx<'_>, ref_: &Ref<'_>, query: &JobQuery) -> Result<LookupResult, Error> {
    let has_glob = query.jobs.iter().any(|pattern| pattern.is_glob());
    match if has_glob { Lists::Required } else { query.lists } {
        Lists::Required => return find_in_lists(ctx, ref_, query),
        Lists::Preferred => match find_in_lists(ctx, ref_, query) {
            // Where the lists may not be read, GitLab's own search in the download request remains.
            Err(error) if error.as_gitlab().is_some_and(|error| error.is_denied()) => {}
            result => return result,
        },
        Lists::Unneeded => {}
    }
    let found = query.jobs.iter().map(|pattern| FoundJob {
        pattern: pattern.text().to_owned(),
        at: ArchiveAt::Ref {
            project: ref_.project.clone(),
            ref_: ref_.name.to_owned(),
            job: pattern.text().to_owned(),
            recent: ref_.recent,
        },
        job: None,
        pipeline: None,
        bridges: Vec::new(),
        named: true,
    });
    Ok(LookupResult { found: found.collect(), missing: Vec::new() })
}

/// Looks up jobs in the lists of pipelines and jobs: in the newest pipeline in which nothing is
/// missing, or else with the refusals of the newest of all.
pub fn find_in_lists(
    ctx: &Ctx<'_>,
    ref_: &Ref<'_>,
    query: &JobQuery,
) -> Result<LookupResult, Error> {
    let count = if ref_.recent { MAX_RECENT_PIPELINES } else { 1 };
    let pipelines = ctx.gitlab.successful_pipelines(ref_.project, ref_.name, count)?;
    let mut newest = None;
    for pipeline in &pipelines {
        let result = find_in_listed(ctx, pipeline, ref_.project, query)?;
        if result.missing.is_empty() {
            return Ok(result);
        }
        newest.get_or_insert(result);
    }
    let by = PipelineBy::Ref {
        project: ref_.project.clone(),
        ref_: ref_.name.to_owned(),
        recent: ref_.recent,
    };
    Ok(newest.unwrap_or_else(|| {
        LookupResult::all_missing(&Refusal::NoPipeline { by, by_job_token: false }, query)
    }))
}
