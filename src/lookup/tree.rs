//! The whole tree: a pipeline, its bridges, what they triggered, and the jobs of each.
//!
//! The pipelines of one level are read in parallel, one level after the other.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::convert::Infallible;

use super::context::Ctx;
use super::limits::{MAX_DEPTH, MAX_PARALLEL_LISTS};
use super::query::Scope;
use super::resolve;
use crate::error::Error;
use crate::model::tree::{BridgeTree, LeftOut, PipelineTree, SubTree};
use crate::model::{Bridge, Job, PipelineAt, PipelineId};
use crate::parallel::parallel;
use crate::select::{creation, downstream, job};

/// One of the two lists of a pipeline.
#[derive(Debug, Clone, Copy)]
enum List {
    Jobs,
    Bridges,
}

/// Reads the named pipeline with the downstream pipelines below it, down to `levels` levels.
///
/// A downstream pipeline that may not be read is marked so; an unreadable named one is an error.
pub fn tree(ctx: &Ctx<'_>, address: &Scope, levels: u32) -> Result<PipelineTree, Error> {
    let at = root(ctx, address)?;
    let mut pipeline = ctx.gitlab.pipeline(&at)?;
    pipeline.yaml_errors = creation::reason(None, pipeline.yaml_errors.as_deref());
    let at = at.with_path(Some(&pipeline));
    let mut known = HashSet::from([pipeline.id]);
    let mut root = PipelineTree::unread(at, pipeline, LeftOut::Deeper);
    let mut level = vec![&mut root];
    for depth in 0..=levels.min(MAX_DEPTH) {
        read(ctx, &mut level, depth > 0)?;
        level = level.into_iter().flat_map(|node| unread_below(node, &mut known)).collect();
        if level.is_empty() {
            break;
        }
    }
    Ok(root)
}

/// Returns the root pipeline of the tree. A job stands for its pipeline.
fn root(ctx: &Ctx<'_>, address: &Scope) -> Result<PipelineAt, Error> {
    match address {
        Scope::Below(by) | Scope::In(by) | Scope::Any(by) => Ok(resolve::pipeline(ctx, by)??),
        Scope::Jobs { project, ids } => {
            let job = ids.first().map(|id| ctx.gitlab.job(project, *id)).transpose()?;
            match job.and_then(|job| job.pipeline) {
                Some(pipeline) => Ok(pipeline.at(project)),
                None => {
                    let message = "GitLab does not tell the pipeline of the job";
                    Err(Error::Fault(anyhow::Error::msg(message)))
                }
            }
        }
    }
}

/// Reads both lists of each pipeline of a level.
fn read(ctx: &Ctx<'_>, level: &mut [&mut PipelineTree], lenient: bool) -> Result<(), Error> {
    let asks: Vec<_> = [List::Jobs, List::Bridges]
        .into_iter()
        .flat_map(|list| level.iter().map(move |node| (list, &node.at)))
        .collect();
    let ask = |(list, at): &(List, &PipelineAt)| {
        let lists = match list {
            List::Jobs => ctx.gitlab.jobs(at).map(|jobs| (jobs, Vec::new())),
            List::Bridges => ctx.gitlab.bridges(at).map(|bridges| (Vec::new(), bridges)),
        };
        match lists {
            Ok(lists) => Ok(Ok(lists)),
            Err(error) => match error.status() {
                Some(status @ (401 | 403 | 404)) if lenient => {
                    Ok(Err(LeftOut::Unreadable { status }))
                }
                _ => Err(Error::from(error)),
            },
        }
    };
    let mut jobs = parallel(MAX_PARALLEL_LISTS, &asks, ask)?;
    let bridges = jobs.split_off(level.len());
    for ((node, jobs), bridges) in level.iter_mut().zip(jobs).zip(bridges) {
        node.below = match (jobs, bridges) {
            (Ok((jobs, _)), Ok((_, bridges))) => Ok(below(&node.at, &jobs, bridges)),
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
    }
    read_errors(ctx, level);
    Ok(())
}

/// Reads the errors of pipelines that have no jobs; the bridges show pipelines without them.
fn read_errors(ctx: &Ctx<'_>, level: &mut [&mut PipelineTree]) {
    let is_empty = |below: &SubTree| below.jobs.is_empty() && below.bridges.is_empty();
    let mut empty: Vec<&mut PipelineTree> = level
        .iter_mut()
        .map(|node| &mut **node)
        .filter(|node| node.below.as_ref().is_ok_and(is_empty))
        .filter(|node| creation::may_have_reason(&node.pipeline, 0))
        .filter(|node| node.pipeline.yaml_errors.is_none())
        .collect();
    let places: Vec<PipelineAt> = empty.iter().map(|node| node.at.clone()).collect();
    let read = |at: &PipelineAt| {
        Ok::<_, Infallible>(ctx.gitlab.pipeline(at).ok().and_then(|pipeline| pipeline.yaml_errors))
    };
    let errors = parallel(MAX_PARALLEL_LISTS, &places, read).unwrap_or_default();
    for (node, errors) in empty.iter_mut().zip(errors) {
        node.pipeline.yaml_errors = creation::reason(None, errors.as_deref());
    }
}

/// Returns the newest attempt of each job and bridge, oldest first; GitLab lists them newest first.
fn below(of: &PipelineAt, jobs: &[Job], bridges: Vec<Bridge>) -> SubTree {
    let mut jobs: Vec<Job> = job::latest(jobs).into_iter().cloned().collect();
    jobs.sort_by_key(|job| job.id);
    let mut bridges = downstream::latest(bridges);
    bridges.sort_by_key(|bridge| bridge.id);
    let tree = |bridge: Bridge| {
        let downstream = bridge.downstream_pipeline.clone().map(|pipeline| {
            // Without id and web address of a project, it is taken for a child pipeline.
            let at = pipeline.at(&of.project);
            PipelineTree::unread(at, pipeline, LeftOut::Deeper)
        });
        BridgeTree { bridge, downstream }
    };
    SubTree { jobs, bridges: bridges.into_iter().map(tree).collect() }
}

/// Returns the pipelines right below one. Those that are in the tree already are marked so, which
/// ends circles.
fn unread_below<'a>(
    node: &'a mut PipelineTree,
    known: &mut HashSet<PipelineId>,
) -> Vec<&'a mut PipelineTree> {
    let Ok(below) = &mut node.below else { return Vec::new() };
    let mut fresh = Vec::new();
    for downstream in below.bridges.iter_mut().filter_map(|tree| tree.downstream.as_mut()) {
        if known.insert(downstream.pipeline.id) {
            fresh.push(downstream);
        } else {
            downstream.below = Err(LeftOut::Met);
        }
    }
    fresh
}
