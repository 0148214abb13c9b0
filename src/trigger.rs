//! Starting a pipeline, and staying with it until it ends.

use std::collections::HashSet;

use crate::error::Error;
use crate::gitlab::{self, Operation, Start};
use crate::lookup::poll::{self, Retryability};
use crate::lookup::{Ctx, Ended, ended_refusal, failed_jobs, read_pipeline};
use crate::model::{Job, JobId, Pipeline, PipelineAt, PipelineId, ProjectRef, Status};
use crate::refusal::{Refusal, StartFailure};
use crate::select::trigger::{self, Manual, OnManual, Playable, StartPlan};
use crate::step::Step;

/// How often a new pipeline may be missing where it is looked for: a replica of the database can
/// be a moment behind.
const MOMENTS: u32 = 3;

/// A pipeline to start or to retry.
#[derive(Debug, Clone)]
pub struct Order {
    pub project: ProjectRef,
    /// None: the default branch of the project.
    pub ref_: Option<String>,
    pub start: Start,
    pub again: Again,
}

/// The choice between a new pipeline and the retry of one that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    No,
    /// The newest of the ref.
    Last,
    This(PipelineId),
}

/// A pipeline that is on its way; `ended` holds its last known state.
#[derive(Debug, Clone)]
pub struct Started {
    pub ended: Ended,
    pub retried: bool,
}

/// Starts a pipeline, or retries one.
pub fn start(ctx: &Ctx<'_>, order: &Order) -> Result<Started, Error> {
    let Order { again, start, .. } = order;
    if *again != Again::No {
        let description = format!("retrying a pipeline of project {}", order.project);
        ctx.gitlab.check_can_write(Operation::RetryPipeline, description)?;
    }
    let renamed = ctx.gitlab.follow_rename(&order.project)?;
    let project = &renamed;
    let at = |id| PipelineAt { project: project.clone(), id };
    let named = match *again {
        Again::This(id) => Some(ctx.gitlab.pipeline(&at(id))?),
        Again::No | Again::Last => None,
    };
    let ref_ = ref_(ctx, project, order, named.as_ref())?;
    let last = match again {
        Again::Last => ctx.gitlab.newest_pipeline(project, &ref_)?,
        Again::No | Again::This(_) => named,
    };
    let tip = match trigger::start_plan(last.as_ref(), None) {
        StartPlan::NeedsTip => Some(ctx.gitlab.tip(project, &ref_)?),
        StartPlan::New | StartPlan::Retry => None,
    };
    let tip = tip.as_deref();
    let plan = trigger::start_plan(last.as_ref(), tip);
    if let Some(pipeline) = &last {
        let retried = plan == StartPlan::Retry;
        ctx.watch.step(&Step::LastPipeline { pipeline, ref_: &ref_, tip, retried });
    }
    let (pipeline, retried) = match (plan, last) {
        (StartPlan::Retry, Some(last)) => (ctx.gitlab.retry_pipeline(&at(last.id))?, true),
        _ => (new(ctx, project, &ref_, start)?, false),
    };
    let at = pipeline.at(project);
    Ok(Started { ended: Ended::new(at, pipeline), retried })
}

fn ref_(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    order: &Order,
    named: Option<&Pipeline>,
) -> Result<String, Error> {
    let given = order.ref_.clone().or_else(|| named.and_then(|pipeline| pipeline.ref_.clone()));
    if let Some(ref_) = given {
        return Ok(ref_);
    }
    let branch = ctx.gitlab.default_branch(project)?;
    Ok(branch.ok_or_else(|| Refusal::NotStarted {
        project: order.project.clone(),
        why: StartFailure::NoDefaultBranch,
    })?)
}

fn new(ctx: &Ctx<'_>, project: &ProjectRef, ref_: &str, start: &Start) -> Result<Pipeline, Error> {
    ctx.gitlab.start_pipeline(project, ref_, start).map_err(|error| match error.status() {
        // An unknown ref, a fault in the YAML, variables or inputs that it does not take.
        Some(400) => Refusal::NotStarted {
            project: project.clone(),
            why: StartFailure::from_answer(ref_, error.message()),
        }
        .into(),
        _ => Error::from(error),
    })
}

/// Waits until the pipeline has ended, and plays manual jobs if it is to. `outages` says that a
/// GitLab which stops answering is waited for as well.
pub fn watch(
    ctx: &Ctx<'_>,
    started: &mut Started,
    rule: &OnManual,
    outages: bool,
) -> Result<(), Error> {
    let Started { ended, retried } = started;
    let mut played = HashSet::new();
    let mut looks = 0;
    let retryability = |error: &Error| match error.root() {
        // The server has answered before: it started the pipeline.
        Error::GitLab(error) if outages && (error.is_transient() || error.is_unreachable()) => {
            Retryability::InTime
        }
        Error::Refusal(refusal) if refusal.may_change() => Retryability::InTime,
        _ => Retryability::Never,
    };
    poll::repeat(ctx.polling, ctx.clock, ctx.watch, retryability, || {
        looks += 1;
        match read_pipeline(ctx, &ended.at) {
            Ok(pipeline) => ended.pipeline = pipeline,
            Err(error) if error.status() == Some(404) && !*retried && looks <= MOMENTS => {}
            Err(error) => return Err(error.into()),
        }
        // GitLab takes a moment to see that a retried pipeline goes on.
        let stale = *retried && looks == 1;
        let going = match ended.pipeline.status {
            Status::Success => Ok(false),
            Status::Manual => at_manual(ctx, ended, rule, &mut played).map(|stays| !stays),
            Status::Skipped if matches!(rule, OnManual::Play(_)) => {
                at_manual(ctx, ended, rule, &mut played).map(|stays| !stays)
            }
            ref status => Ok(status.may_move() || stale),
        };
        ctx.watch.step(&Step::Polled);
        match going? {
            true => {
                Err(Refusal::NotEnded { pipelines: vec![ended.status()], untriggered: Vec::new() }
                    .into())
            }
            false => Ok(()),
        }
    })?;
    let passed = ended.pipeline.status == Status::Manual && *rule == OnManual::Pass;
    if ended.pipeline.status == Status::Success || passed {
        return Ok(());
    }
    // That it failed is known; which jobs did may not be shown to this token.
    ended.failed = failed_jobs(ctx, &ended.at).unwrap_or_default();
    ended_refusal(std::slice::from_ref(ended)).map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// Looks at a pipeline once, and plays the manual jobs at which it stands already.
pub fn play_waiting(ctx: &Ctx<'_>, started: &mut Started, rule: &OnManual) -> Result<(), Error> {
    let ended = &mut started.ended;
    match ctx.gitlab.pipeline(&ended.at) {
        Ok(pipeline) => ended.pipeline = pipeline,
        // A replica of the database can be a moment behind.
        Err(error) if error.status() == Some(404) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    if matches!(ended.pipeline.status, Status::Manual | Status::Skipped) {
        at_manual(ctx, ended, rule, &mut HashSet::new())?;
    }
    Ok(())
}

/// Acts on a pipeline that stands at manual jobs; returns true if it stays there.
fn at_manual(
    ctx: &Ctx<'_>,
    ended: &Ended,
    rule: &OnManual,
    played: &mut HashSet<JobId>,
) -> Result<bool, Error> {
    if *rule == OnManual::Pass {
        return Ok(true);
    }
    let all = trigger::playable(&ctx.gitlab.jobs(&ended.at)?, &ctx.gitlab.bridges(&ended.at)?);
    let next = trigger::manual(&all, rule, played);
    if matches!(rule, OnManual::Play(_))
        && matches!(next, Manual::Stop(_) | Manual::NoneNamed { .. })
    {
        ctx.watch.step(&Step::NothingToPlay);
    }
    match next {
        Manual::Pass => Ok(true),
        Manual::Wait => Ok(false),
        Manual::Stop(_) if ended.pipeline.status == Status::Skipped => Ok(true),
        Manual::Stop(jobs) => Err(Refusal::Blocked { pipeline: ended.status(), jobs }.into()),
        Manual::NoneNamed { names, jobs } => {
            Err(Refusal::NoManualJob { pipeline: ended.status(), names, jobs }.into())
        }
        Manual::Play(jobs) => {
            for job in jobs {
                let Playable { name, stage, id, .. } = &job;
                ctx.watch.step(&Step::Playing { name, id: *id, stage });
                match ctx.gitlab.play_job(&ended.at.project, job.id) {
                    // It was started meanwhile by somebody else.
                    Err(error) if error.status() == Some(400) => {
                        ctx.watch.step(&Step::Warning(&error.to_string()));
                    }
                    result => result?,
                }
                played.insert(job.id);
            }
            Ok(false)
        }
    }
}

/// The logs of a pipeline's jobs, for `print`; none of those that never ran.
pub fn logs(
    ctx: &Ctx<'_>,
    at: &PipelineAt,
    mut print: impl FnMut(&Job, &[u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    // A log that cannot be read hides neither the others nor how the pipeline ended.
    let warn = |error: gitlab::Error| ctx.watch.step(&Step::Warning(&error.to_string()));
    let jobs = ctx.gitlab.jobs(at).map_err(warn).unwrap_or_default();
    for job in trigger::log_order(&jobs) {
        match ctx.gitlab.job_log(&at.project, job.id) {
            Ok(log) if log.is_empty() => {}
            Ok(log) => print(job, &log)?,
            Err(error) => warn(error),
        }
    }
    Ok(())
}
