//! Waiting for whole pipelines, rather than for one of their jobs.

use super::find::{below, patiently};
use super::{Ctx, JobQuery, Scope, named};
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
    /// The number of its project, where it is known.
    pub fn project_id(&self) -> Option<u64> {
        self.pipeline.project_id.or(self.at.project.id())
    }
}

/// The pipelines that the address means, once all of them ended with success or one did not.
pub fn pipelines(ctx: &Ctx<'_>, address: &Scope, query: &JobQuery) -> anyhow::Result<Vec<Ended>> {
    let ended = patiently(ctx, || {
        let (seen, idle) = look(ctx, address, query)?;
        let places: Vec<PipelineStatus> = seen.iter().map(place).collect();
        pipelines::ended(&places, &idle, !query.bridges.is_empty())?;
        Ok(seen)
    })?;
    ended.into_iter().map(|(at, pipeline)| with_failed(ctx, at, pipeline)).collect()
}

/// The refusal that a list of ended pipelines amounts to, if one of them ended badly.
pub fn refusal(ended: &[Ended]) -> Option<Refusal> {
    let bad = || ended.iter().filter(|ended| ended.pipeline.status != Status::Success);
    let places: Vec<PipelineStatus> =
        bad().map(|e| place(&(e.at.clone(), e.pipeline.clone()))).collect();
    let failed = bad().flat_map(|ended| ended.failed.clone()).collect();
    (!places.is_empty()).then_some(Refusal::EndedBadly { pipelines: places, failed })
}

type Seen = Vec<(PipelineAt, Pipeline)>;

fn look(
    ctx: &Ctx<'_>,
    address: &Scope,
    query: &JobQuery,
) -> anyhow::Result<(Seen, Vec<UntriggeredBridge>)> {
    match address {
        Scope::Below(upstream) => {
            let branches = below(ctx, &named::pipeline(ctx, upstream)??, query)??;
            let seen = branches.chosen.into_iter().map(|branch| (branch.at, branch.pipeline));
            Ok((seen.collect(), branches.untriggered))
        }
        Scope::In(pipeline) => {
            let at = named::pipeline(ctx, pipeline)??;
            let pipeline = named::there(ctx, &at, ctx.gitlab.pipeline(&at))?;
            Ok((vec![(at, pipeline)], Vec::new()))
        }
        // A single job is found by `find`; no pipeline is waited for on its behalf.
        Scope::Job { .. } => Ok((Vec::new(), Vec::new())),
    }
}

pub(super) fn place((at, pipeline): &(PipelineAt, Pipeline)) -> PipelineStatus {
    PipelineStatus { pipeline: at.id, project: at.project.clone(), status: pipeline.status.clone() }
}

/// Which jobs failed is asked only where something went wrong.
fn with_failed(ctx: &Ctx<'_>, at: PipelineAt, pipeline: Pipeline) -> anyhow::Result<Ended> {
    if pipeline.status == Status::Success {
        return Ok(Ended { at, pipeline, failed: Vec::new() });
    }
    Ok(Ended { failed: failed(ctx, &at)?, at, pipeline })
}

/// The jobs of a pipeline that failed.
pub(super) fn failed(ctx: &Ctx<'_>, at: &PipelineAt) -> anyhow::Result<Vec<FailedJob>> {
    let jobs = ctx.gitlab.jobs(at)?;
    let failed = job::latest(&jobs).into_iter().filter(|job| job.status == Status::Failed);
    let failed = failed.map(|job| FailedJob {
        name: job.name.clone(),
        id: job.id,
        web_url: job.web_url.clone(),
    });
    Ok(failed.collect())
}
