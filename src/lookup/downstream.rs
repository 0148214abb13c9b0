//! Steps 1 and 2: lists bridges, and chooses the downstream pipelines to look in.

use std::collections::HashSet;

use super::context::Ctx;
use super::limits::{MAX_DEPTH, MAX_PARALLEL_LISTS};
use super::query::JobQuery;
use super::resolve;
use crate::error::Error;
use crate::gitlab;
use crate::model::{PipelineAt, ProjectRef};
use crate::parallel::parallel_until_failure;
use crate::refusal::Refusal;
use crate::sanitize::sanitize;
use crate::select::downstream::{self, Downstream, Downstreams, ListedBridge};
use crate::select::outcome::Attempts;
use crate::step::Step;

/// A pipeline whose bridges are listed, with the bridges that led to it.
struct Node {
    at: PipelineAt,
    /// The names of the bridges above it, outermost first.
    above: Vec<String>,
    /// GitLab does not count a failure: one of the bridges above it has `allow_failure`.
    may_fail: bool,
}

/// Step 1: lists the bridges of a pipeline, and of the pipelines below it down to `depth` levels.
///
/// The pipelines of one level are read in parallel. Each downstream pipeline is listed once, even
/// if several bridges lead to it.
pub fn list_bridges(
    ctx: &Ctx<'_>,
    upstream: &PipelineAt,
    depth: u32,
) -> Result<Vec<ListedBridge>, Error> {
    let mut listed = Vec::new();
    let mut known = HashSet::from([upstream.id]);
    let mut level = vec![Node { at: upstream.clone(), above: Vec::new(), may_fail: false }];
    for _ in 0..depth.min(MAX_DEPTH) {
        let list = |node: &Node| resolve::readable(ctx, &node.at, ctx.gitlab.bridges(&node.at));
        let (lists, failure) = parallel_until_failure(MAX_PARALLEL_LISTS, &level, list);
        let mut below = Vec::new();
        for (Node { at, above, may_fail }, bridges) in level.into_iter().zip(lists) {
            let bridges = downstream::latest(bridges);
            let of = at.with_path(bridges.iter().find_map(|bridge| bridge.pipeline.as_ref()));
            ctx.watch.step(&Step::Bridges { of: &of, bridges: &bridges });
            for bridge in bridges {
                let may_fail = may_fail || bridge.allow_failure;
                if let Some(pipeline) = &bridge.downstream_pipeline {
                    if !known.insert(pipeline.id) {
                        continue;
                    }
                    let at = pipeline.at(&of.project);
                    let above = above.iter().chain([&bridge.name]).cloned().collect();
                    below.push(Node { at, above, may_fail });
                }
                let (of, above) = (of.clone(), above.clone());
                listed.push(ListedBridge { bridge, of, above, may_fail });
            }
        }
        failure.map_or(Ok(()), Err)?;
        if below.is_empty() {
            break;
        }
        level = below;
    }
    Ok(listed)
}

/// Explains the error of a downstream project that GitLab hides, though a bridge leads there. Where
/// there are other downstream pipelines (not `alone`), the advice names the flags that choose them.
pub fn unreadable(error: Error, of: &Downstream, alone: bool) -> Error {
    let Downstream { bridge, at, pipeline, .. } = of;
    let bridge = sanitize(bridge);
    let place = match (pipeline.path(), &at.project) {
        (Some(path), ProjectRef::Id(id)) => format!("project {} ({id})", sanitize(path)),
        (_, project) => format!("project {project}"),
    };
    let explain = |error: gitlab::Error| {
        let error = error.of_existing_project();
        let hint = "this token may not read that project: choose other pipelines with --bridge or --downstream";
        if alone { error } else { error.advise(hint.to_owned()) }
    };
    match error {
        Error::GitLab(error) if error.is_hidden_project() => {
            Error::GitLab(explain(error)).context(format!("bridge `{bridge}` leads to {place}"))
        }
        error => error,
    }
}

/// Step 2: chooses the downstream pipelines to look in. The inner error says that there is none.
pub fn choose(
    ctx: &Ctx<'_>,
    upstream: &PipelineAt,
    bridges: &[ListedBridge],
    query: &JobQuery,
) -> Result<Result<Downstreams, Refusal>, Error> {
    // Only the list of its bridges tells the path of a project that was named by its number.
    let upstream = bridges.first().map_or(upstream, |first| &first.of);
    let candidates = downstream::candidates(bridges, &query.bridges, &query.projects);
    let from = format!("bridges of pipeline {} in project {}", upstream.id, upstream.project);
    ctx.watch.step(&Step::Chosen { from: &from, of: None, candidates: &candidates });
    let chosen = downstream::choose(upstream, bridges, &query.bridges, &query.projects);
    let chosen = match chosen {
        // Bridges exist from the first moment of a pipeline on, so a pipeline that has ended,
        // read after its bridges, gets no more of them.
        Err(refusal)
            if ctx.polling.attempts() == Attempts::UntilTimeout && refusal.waits_for_bridges() =>
        {
            let status = ctx.gitlab.pipeline(upstream)?.status;
            Err(if status.may_move() { refusal } else { refusal.with_end(status) })
        }
        chosen => chosen,
    };
    for Downstream { bridge, at, pipeline, .. } in chosen.iter().flat_map(|chosen| &chosen.chosen) {
        ctx.watch.step(&Step::Downstream { bridge, pipeline, at });
    }
    Ok(chosen)
}
