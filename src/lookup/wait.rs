//! Waits for whole pipelines, rather than for one of their jobs.

use super::context::Ctx;
use super::limits::MAX_PARALLEL_LISTS;
use super::own_job::refuse_own;
use super::poll::poll_until;
use super::query::{JobQuery, Scope};
use super::{downstream, resolve};
use crate::error::Error;
use crate::model::{Job, Pipeline, PipelineAt, PipelineBy, Status};
use crate::parallel::parallel;
use crate::refusal::{FailedJob, PipelineStatus, Refusal, UntriggeredBridge};
use crate::select::downstream::{Downstream, Downstreams};
use crate::select::pipelines::{self, AwaitedPipeline};
use crate::select::{creation, job, trigger};
use crate::step::Step;

/// A pipeline that was waited for, and its jobs that failed or block it.
#[derive(Debug, Clone)]
pub struct Ended {
    pub at: PipelineAt,
    pub pipeline: Pipeline,
    pub failed: Vec<FailedJob>,
    /// Manual jobs without which a pipeline in status `manual` does not continue.
    pub blocking: Vec<FailedJob>,
    /// GitLab's reason why the pipeline could not be created as it should.
    pub reason: Option<String>,
    /// GitLab counts its failure as a warning.
    pub may_fail: bool,
}

impl Ended {
    /// Returns a pipeline of which nothing more is known.
    pub fn new(at: PipelineAt, pipeline: Pipeline) -> Ended {
        let (failed, blocking) = (Vec::new(), Vec::new());
        Ended { at, pipeline, failed, blocking, reason: None, may_fail: false }
    }

    /// Returns the id of its project, where it is known.
    pub fn project_id(&self) -> Option<u64> {
        self.pipeline.project_id.or(self.at.project.id())
    }

    /// Returns its status, as refusals hold it.
    pub fn status(&self) -> PipelineStatus {
        PipelineStatus {
            pipeline: self.at.id,
            project: self.at.project.clone(),
            status: self.pipeline.status.clone(),
            reason: self.reason.clone(),
        }
    }

    fn awaited(&self) -> AwaitedPipeline {
        AwaitedPipeline { status: self.status(), may_fail: self.may_fail }
    }
}

/// Waits until all pipelines of the scope ended with success, or one of them ended without.
///
/// Failures that GitLab counts as warnings are reported as such, unless their bridge was asked for
/// by its name.
pub fn wait_for_pipelines(
    ctx: &Ctx<'_>,
    scope: &Scope,
    query: &JobQuery,
) -> Result<Vec<Ended>, Error> {
    let named = !query.bridges.is_empty();
    let (ended, untriggered) = poll_until(ctx, || {
        let (seen, untriggered) = read_pipelines(ctx, scope, query)?;
        let awaited: Vec<AwaitedPipeline> = seen.iter().map(Ended::awaited).collect();
        pipelines::ended(&awaited, &untriggered, named)?;
        Ok((seen, untriggered))
    })?;
    for bridge in untriggered.iter().filter(|bridge| bridge.status == Status::Failed) {
        ctx.watch.step(&Step::Warning(&format!("{bridge}, which its allow_failure permits")));
    }
    let ended = parallel(MAX_PARALLEL_LISTS, &ended, |ended| with_jobs(ctx, ended.clone()))?;
    for ended in ended.iter().filter(|ended| ended.awaited().failed_as_it_may()) {
        let warning = format!(
            "{} did not succeed, which allow_failure of its bridge permits",
            ended.status()
        );
        ctx.watch.step(&Step::Warning(&warning));
    }
    Ok(ended)
}

/// Returns the refusal of a list of ended pipelines, if one of them ended without success.
pub fn ended_refusal(ended: &[Ended]) -> Option<Refusal> {
    let bad = || {
        let failed = |ended: &&Ended| ended.pipeline.status != Status::Success;
        ended.iter().filter(failed).filter(|ended| !ended.awaited().failed_as_it_may())
    };
    let pipelines: Vec<PipelineStatus> = bad().map(Ended::status).collect();
    let failed = bad().flat_map(|ended| ended.failed.clone()).collect();
    let blocking = bad().flat_map(|ended| ended.blocking.clone()).collect();
    (!pipelines.is_empty()).then_some(Refusal::EndedBadly { pipelines, failed, blocking })
}

type Pipelines = (Vec<Ended>, Vec<UntriggeredBridge>);

fn read_pipelines(ctx: &Ctx<'_>, scope: &Scope, query: &JobQuery) -> Result<Pipelines, Error> {
    match scope {
        Scope::Below(by) => Ok(read_downstream(ctx, &resolve::pipeline(ctx, by)??, query)??),
        Scope::In(by) => read_itself(ctx, by, query),
        // A pipeline that triggered nothing is itself what remains.
        Scope::Any(by) => match read_downstream(ctx, &resolve::pipeline(ctx, by)??, query)? {
            Err(Refusal::NoBridges { .. }) => read_itself(ctx, by, query),
            result => Ok(result?),
        },
        // A single job is waited for by looking it up; its pipeline does not matter.
        Scope::Jobs { .. } => Ok((Vec::new(), Vec::new())),
    }
}

fn read_downstream(
    ctx: &Ctx<'_>,
    upstream: &PipelineAt,
    query: &JobQuery,
) -> Result<Result<Pipelines, Refusal>, Error> {
    let named = !query.bridges.is_empty();
    let failed_as_it_may =
        |bridge: &UntriggeredBridge| bridge.may_fail && bridge.status == Status::Failed;
    let bridges = downstream::list_bridges(ctx, upstream, query.depth)?;
    let chosen = match downstream::choose(ctx, upstream, &bridges, query)? {
        Ok(chosen) => chosen,
        // All that was triggered failed, as it may: there is nothing to wait for.
        Err(Refusal::NotTriggered { bridges })
            if !named && bridges.iter().all(failed_as_it_may) =>
        {
            Downstreams { chosen: Vec::new(), untriggered: bridges }
        }
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut seen = Vec::new();
    for Downstream { at, pipeline, may_fail, reason, .. } in chosen.chosen {
        refuse_own(ctx, &at, query)?;
        let may_fail = may_fail && !named;
        seen.push(Ended { may_fail, reason, ..Ended::new(at, pipeline) });
    }
    Ok(Ok((seen, chosen.untriggered)))
}

fn read_itself(ctx: &Ctx<'_>, by: &PipelineBy, query: &JobQuery) -> Result<Pipelines, Error> {
    let at = resolve::pipeline(ctx, by)??;
    refuse_own(ctx, &at, query)?;
    let (pipeline, _) = resolve::readable(ctx, &at, resolve::read(ctx, &at))?;
    Ok((vec![Ended::new(at.with_path(Some(&pipeline)), pipeline)], Vec::new()))
}

/// Lists the jobs only of a pipeline that did not succeed: those that failed, or that block it.
fn with_jobs(ctx: &Ctx<'_>, mut ended: Ended) -> Result<Ended, Error> {
    match ended.pipeline.status {
        Status::Success => ended.reason = None,
        // That it is blocked is known; by which jobs may not be shown to this token.
        Status::Manual => ended.blocking = blocking_jobs(ctx, &ended.at).unwrap_or_default(),
        _ => {
            let jobs = ctx.gitlab.jobs(&ended.at)?;
            ended.failed = failed(&jobs);
            ended.reason = match creation::may_have_reason(&ended.pipeline, jobs.len()) {
                true => {
                    let bridge = ended.reason.as_deref();
                    resolve::creation_reason(ctx, &ended.at, &ended.pipeline, bridge)
                }
                false => None,
            };
        }
    }
    Ok(ended)
}

/// Lists the manual jobs and bridges without which a pipeline does not continue.
fn blocking_jobs(ctx: &Ctx<'_>, at: &PipelineAt) -> Result<Vec<FailedJob>, Error> {
    Ok(trigger::blocking(&trigger::playable(&ctx.gitlab.jobs(at)?, &ctx.gitlab.bridges(at)?)))
}

/// Lists the jobs of a pipeline that failed.
pub fn failed_jobs(ctx: &Ctx<'_>, at: &PipelineAt) -> Result<Vec<FailedJob>, Error> {
    Ok(failed(&ctx.gitlab.jobs(at)?))
}

/// Returns the jobs that failed and may not fail.
fn failed(jobs: &[Job]) -> Vec<FailedJob> {
    let failed = |job: &&Job| job.status == Status::Failed && !job.allow_failure;
    let mut failed: Vec<FailedJob> = job::latest(jobs)
        .into_iter()
        .filter(failed)
        .map(|job| FailedJob { name: job.name.clone(), id: job.id, web_url: job.web_url.clone() })
        .collect();
    failed.sort_by_key(|job| job.id);
    failed
}
