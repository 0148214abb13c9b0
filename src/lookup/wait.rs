//! Waits for whole pipelines, rather than for one of their jobs.

use super::context::Ctx;
use super::poll::poll_until;
use super::query::{JobQuery, Scope};
use super::{downstream, resolve};
use crate::error::Error;
use crate::model::{Pipeline, PipelineAt, Status};
use crate::refusal::{FailedJob, PipelineStatus, Refusal, UntriggeredBridge};
use crate::select::{job, pipelines};

/// A pipeline that was waited for, and its jobs that failed.
#[derive(Debug, Clone)]
pub struct Ended {
    pub at: PipelineAt,
    pub pipeline: Pipeline,
    pub failed: Vec<FailedJob>,
}

impl Ended {
    /// Returns the id of its project, where it is known.
    pub fn project_id(&self) -> Option<u64> {
        self.pipeline.project_id.or(self.at.project.id())
    }
}

/// Waits until all pipelines of the scope ended with success, or one of them ended without.
pub fn wait_for_pipelines(
    ctx: &Ctx<'_>,
    scope: &Scope,
    query: &JobQuery,
) -> Result<Vec<Ended>, Error> {
    let ended = poll_until(ctx, || {
        let (seen, untriggered) = read_pipelines(ctx, scope, query)?;
        let statuses: Vec<PipelineStatus> =
            seen.iter().map(|(at, pipeline)| pipeline_status(at, pipeline)).collect();
        pipelines::ended(&statuses, &untriggered, !query.bridges.is_empty())?;
        Ok(seen)
    })?;
    ended.into_iter().map(|(at, pipeline)| with_failed_jobs(ctx, at, pipeline)).collect()
}

/// Returns the refusal of a list of ended pipelines, if one of them ended without success.
pub fn ended_refusal(ended: &[Ended]) -> Option<Refusal> {
    let bad = || ended.iter().filter(|ended| ended.pipeline.status != Status::Success);
    let pipelines: Vec<PipelineStatus> =
        bad().map(|ended| pipeline_status(&ended.at, &ended.pipeline)).collect();
    let failed = bad().flat_map(|ended| ended.failed.clone()).collect();
    (!pipelines.is_empty()).then_some(Refusal::EndedBadly { pipelines, failed })
}

type Pipelines = Vec<(PipelineAt, Pipeline)>;

fn read_pipelines(
    ctx: &Ctx<'_>,
    scope: &Scope,
    query: &JobQuery,
) -> Result<(Pipelines, Vec<UntriggeredBridge>), Error> {
    match scope {
        Scope::Below(upstream) | Scope::Any(upstream) => {
            let upstream = resolve::pipeline(ctx, upstream)??;
            let bridges = downstream::list_bridges(ctx, &upstream, query.depth)?;
            let chosen = downstream::choose(ctx, &upstream, &bridges, query)??;
            let pipelines = chosen.chosen.into_iter().map(|it| (it.at, it.pipeline));
            Ok((pipelines.collect(), chosen.untriggered))
        }
        Scope::In(pipeline) => {
            let at = resolve::pipeline(ctx, pipeline)??;
            let pipeline = resolve::readable(ctx, &at, ctx.gitlab.pipeline(&at))?;
            Ok((vec![(at, pipeline)], Vec::new()))
        }
        // A single job is waited for by looking it up; its pipeline does not matter.
        Scope::Jobs { .. } => Ok((Vec::new(), Vec::new())),
    }
}

/// Returns the status of a pipeline, as refusals hold it.
pub fn pipeline_status(at: &PipelineAt, pipeline: &Pipeline) -> PipelineStatus {
    PipelineStatus { pipeline: at.id, project: at.project.clone(), status: pipeline.status.clone() }
}

/// Lists the failed jobs only of a pipeline that did not succeed.
fn with_failed_jobs(ctx: &Ctx<'_>, at: PipelineAt, pipeline: Pipeline) -> Result<Ended, Error> {
    if pipeline.status == Status::Success {
        return Ok(Ended { at, pipeline, failed: Vec::new() });
    }
    Ok(Ended { failed: failed_jobs(ctx, &at)?, at, pipeline })
}

/// Lists the jobs of a pipeline that failed.
pub fn failed_jobs(ctx: &Ctx<'_>, at: &PipelineAt) -> Result<Vec<FailedJob>, Error> {
    let jobs = ctx.gitlab.jobs(at)?;
    let failed = job::latest(&jobs).into_iter().filter(|job| job.status == Status::Failed);
    let failed = failed.map(|job| FailedJob {
        name: job.name.clone(),
        id: job.id,
        web_url: job.web_url.clone(),
    });
    Ok(failed.collect())
}
