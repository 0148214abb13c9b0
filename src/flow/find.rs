//! The walk on one page: from the address to the jobs, by way of bridges and pipelines.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::{Ctx, FoundJob, JobQuery, LookupResult, Scope, named};
use crate::gitlab;
use crate::model::{ArchiveAt, JobId, Pipeline, PipelineAt, PipelineBy, ProjectRef};
use crate::patience::{Patience, Retryability};
use crate::refusal::{Refusal, UntriggeredBridge};
use crate::select::downstream::{self, Branch, Branches, Met};
use crate::select::job::{self, Listing, Rules};
use crate::step::Step;

/// How often an archive may be missing after its job was seen to end.
const MOMENTS: u32 = 5;

/// Steps 1 to 3: the jobs that are wanted, once they are there.
pub fn find(ctx: &Ctx<'_>, address: &Scope, query: &JobQuery) -> anyhow::Result<LookupResult> {
    patiently(ctx, || look(ctx, address, query))
}

/// Steps 1 to 3, once.
pub(super) fn look(
    ctx: &Ctx<'_>,
    address: &Scope,
    query: &JobQuery,
) -> anyhow::Result<LookupResult> {
    let finding = match address {
        Scope::Below(upstream) => match named::pipeline(ctx, upstream)? {
            Ok(upstream) => find_below(ctx, &upstream, query)?,
            Err(refusal) => nothing(&refusal, query),
        },
        Scope::In(PipelineBy::Ref { project, ref_, recent }) => {
            named::by_ref(ctx, project, ref_, *recent, query)?
        }
        Scope::In(pipeline) => match named::pipeline(ctx, pipeline)? {
            Ok(pipeline) => find_in(ctx, &pipeline, query)?,
            Err(refusal) => nothing(&refusal, query),
        },
        Scope::Job { project, id } => find_job(ctx, project, *id, query)?,
    };
    settled(finding, query, ctx.patience)
}

fn find_below(
    ctx: &Ctx<'_>,
    upstream: &PipelineAt,
    query: &JobQuery,
) -> anyhow::Result<LookupResult> {
    let Branches { chosen, idle } = match below(ctx, upstream, query)? {
        Ok(branches) => branches,
        Err(refusal) => return Ok(nothing(&refusal, query)),
    };
    let mut listings = Vec::new();
    for Branch { bridge, at, pipeline } in chosen {
        listings.push(listing(ctx, at, pipeline, Some(bridge), query)?);
    }
    Ok(choose(ctx, &listings, &idle, query))
}

pub(super) fn find_in(
    ctx: &Ctx<'_>,
    at: &PipelineAt,
    query: &JobQuery,
) -> anyhow::Result<LookupResult> {
    let pipeline = named::there(ctx, at, ctx.gitlab.pipeline(at))?;
    let listing = listing(ctx, at.clone(), pipeline, None, query)?;
    Ok(choose(ctx, &[listing], &[], query))
}

fn find_job(
    ctx: &Ctx<'_>,
    project: &ProjectRef,
    id: JobId,
    query: &JobQuery,
) -> anyhow::Result<LookupResult> {
    // A job token may download any archive that it may see, but not ask about the job.
    let blind = ctx.gitlab.has_job_token() && query.archive;
    let job = if blind { None } else { Some(ctx.gitlab.job(project, id)?) };
    if let Some(job) = &job
        && let Err(refusal) = job::usable(job, rules(ctx, query))
    {
        return Ok(LookupResult { found: Vec::new(), missing: vec![(job.name.clone(), refusal)] });
    }
    let pipeline = job.as_ref().and_then(|job| job.pipeline.clone());
    let pattern = job.as_ref().map_or_else(|| id.to_string(), |job| job.name.clone());
    let at = ArchiveAt::Job { project: project.clone(), id };
    let found = FoundJob { pattern, at, job, pipeline, bridge: None, named: true };
    Ok(LookupResult { found: vec![found], missing: Vec::new() })
}

/// Step 1, and again for what the downstream pipelines triggered. A pipeline is met once.
fn bridges(ctx: &Ctx<'_>, upstream: &PipelineAt, depth: u32) -> anyhow::Result<Vec<Met>> {
    let mut met = Vec::new();
    let mut known = HashSet::from([upstream.id]);
    let mut level = vec![(upstream.clone(), Vec::<String>::new())];
    for _ in 0..depth {
        let mut below = Vec::new();
        for (of, above) in level {
            let bridges = downstream::latest(named::there(ctx, &of, ctx.gitlab.bridges(&of))?);
            ctx.watch.step(&Step::Bridges { of: &of, bridges: &bridges });
            for bridge in bridges {
                if let Some(pipeline) = &bridge.downstream_pipeline {
                    if !known.insert(pipeline.id) {
                        continue;
                    }
                    let project = pipeline.project().unwrap_or_else(|| of.project.clone());
                    let names = above.iter().chain([&bridge.name]).cloned().collect();
                    below.push((PipelineAt { project, id: pipeline.id }, names));
                }
                met.push(Met { bridge, of: of.clone(), above: above.clone() });
            }
        }
        if below.is_empty() {
            break;
        }
        level = below;
    }
    Ok(met)
}

/// Steps 1 and 2: the downstream pipelines to look through. The refusal inside is the answer
/// "there is none".
pub(super) fn below(
    ctx: &Ctx<'_>,
    upstream: &PipelineAt,
    query: &JobQuery,
) -> anyhow::Result<Result<Branches, Refusal>> {
    let met = bridges(ctx, upstream, query.depth)?;
    let candidates = downstream::candidates(&met, &query.bridges, &query.projects);
    let from = format!("bridges of pipeline {} in project {}", upstream.id, upstream.project);
    ctx.watch.step(&Step::Chosen { from: &from, candidates: &candidates });
    let branches = downstream::downstream(upstream, &met, &query.bridges, &query.projects);
    let branches = match branches {
        // Who waits must know whether more can come. Bridges are there from the first moment of a
        // pipeline on, so its status may be read after them.
        Err(refusal) if !ctx.patience.is_none() && refusal.waits_for_bridges() => {
            let status = ctx.gitlab.pipeline(upstream)?.status;
            Err(if status.may_move() { refusal } else { refusal.with_end(status) })
        }
        branches => branches,
    };
    for Branch { bridge, at, pipeline } in branches.iter().flat_map(|branches| &branches.chosen) {
        ctx.watch.step(&Step::Downstream { bridge, pipeline, at });
    }
    Ok(branches)
}

/// The jobs of a pipeline. Its status was read before: if that is final, the list is complete.
pub(super) fn listing(
    ctx: &Ctx<'_>,
    at: PipelineAt,
    pipeline: Pipeline,
    bridge: Option<String>,
    query: &JobQuery,
) -> anyhow::Result<Listing> {
    let jobs = ctx.gitlab.jobs(&at)?;
    ctx.watch.step(&Step::Jobs { at: &at, status: &pipeline.status, jobs: &jobs });
    let listing = Listing { at, pipeline, bridge, jobs };
    let candidates = job::candidates(&listing, &query.jobs, rules(ctx, query));
    let from = format!("jobs of pipeline {} in project {}", listing.at.id, listing.at.project);
    ctx.watch.step(&Step::Chosen { from: &from, candidates: &candidates });
    Ok(listing)
}

/// Step 3: the choice for each of the patterns; a job that two of them name is taken once.
fn choose(
    ctx: &Ctx<'_>,
    listings: &[Listing],
    idle: &[UntriggeredBridge],
    query: &JobQuery,
) -> LookupResult {
    let mut finding = LookupResult::default();
    let mut taken = HashSet::new();
    for pattern in &query.jobs {
        let choice = match job::jobs(listings, idle, pattern, rules(ctx, query)) {
            Ok(choice) => choice,
            Err(refusal) => {
                finding.missing.push((pattern.text().to_owned(), refusal));
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
        for pick in choice.picks.into_iter().filter(|pick| taken.insert(pick.job.id)) {
            let listing = &listings[pick.listing];
            finding.found.push(FoundJob {
                pattern: pattern.text().to_owned(),
                at: ArchiveAt::Job { project: listing.at.project.clone(), id: pick.job.id },
                job: Some(pick.job),
                pipeline: Some(listing.pipeline.clone()),
                bridge: listing.bridge.clone(),
                named: pick.named,
            });
        }
    }
    finding
}

/// Whether a finding can be the last: who insists is refused, who is patient waits for all.
fn settled(
    finding: LookupResult,
    query: &JobQuery,
    patience: Patience,
) -> anyhow::Result<LookupResult> {
    if query.one && finding.found.len() > 1 {
        let seen = finding.found.iter().map(FoundJob::label).collect();
        return Err(Refusal::ManyJobs { seen }.into());
    }
    let waits = |refusal: &Refusal| !patience.is_none() && refusal.may_change();
    let stops = |refusal: &Refusal| !query.lenient && !refusal.may_change();
    let refusals = || finding.missing.iter().map(|(_, refusal)| refusal);
    let first = refusals().find(|refusal| stops(refusal)).or_else(|| {
        refusals().find(|refusal| waits(refusal)).or_else(|| refusals().find(|_| !query.lenient))
    });
    match first {
        Some(refusal) => Err(refusal.clone().into()),
        None => Ok(finding),
    }
}

/// The same refusal for every pattern: none of them could even be looked for.
pub(super) fn nothing(refusal: &Refusal, query: &JobQuery) -> LookupResult {
    let missing =
        query.jobs.iter().map(|pattern| (pattern.text().to_owned(), refusal.clone())).collect();
    LookupResult { found: Vec::new(), missing }
}

/// Asks until there is something, as long as the patience lasts and time can help.
pub(super) fn patiently<T>(
    ctx: &Ctx<'_>,
    ask: impl FnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // A job that this very wait saw running has just ended, whatever the clocks say: its archive
    // may be listed a moment later.
    let settling = RefCell::new(HashMap::<JobId, u32>::new());
    let in_time = |refusal: &Refusal| match refusal {
        Refusal::Unfinished { job, .. } => {
            settling.borrow_mut().insert(job.id, MOMENTS);
            refusal.may_change()
        }
        Refusal::NoArchive { job, .. } if !refusal.may_change() => {
            let mut settling = settling.borrow_mut();
            let left = settling.entry(job.id).or_default();
            let more = *left > 0;
            *left = left.saturating_sub(1);
            more
        }
        _ => refusal.may_change(),
    };
    let mends = |error: &anyhow::Error| match error.downcast_ref::<gitlab::Error>() {
        Some(error) if error.is_transient() => Retryability::InTime,
        Some(error) if error.is_unreachable() => Retryability::OnceHeard,
        Some(_) => Retryability::Never,
        None if error.downcast_ref::<Refusal>().is_some_and(in_time) => Retryability::InTime,
        None => Retryability::Never,
    };
    ctx.patience.until(ctx.clock, ctx.watch, mends, ask)
}

fn rules(ctx: &Ctx<'_>, query: &JobQuery) -> Rules {
    Rules {
        any_status: query.any_status,
        archive: query.archive,
        patient: !ctx.patience.is_none(),
        now: ctx.clock.now(),
    }
}
