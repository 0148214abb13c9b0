//! Steps 1 and 2: lists bridges, and chooses the downstream pipelines to look in.

use std::collections::HashSet;

use super::context::Ctx;
use super::query::JobQuery;
use super::resolve;
use crate::error::Error;
use crate::gitlab;
use crate::model::{PipelineAt, ProjectRef};
use crate::refusal::Refusal;
use crate::sanitize::sanitize;
use crate::select::downstream::{self, Downstream, Downstreams, ListedBridge};
use crate::select::outcome::Attempts;
use crate::step::Step;

/// Step 1: lists the bridges of a pipeline, and of the pipelines below it down to `depth` levels.
///
/// Each downstream pipeline is listed once, even if several bridges lead to it.
pub fn list_bridges(
    ctx: &Ctx<'_>,
    upstream: &PipelineAt,
    depth: u32,
) -> Result<Vec<ListedBridge>, Error> {
    let mut listed = Vec::new();
    let mut known = HashSet::from([upstream.id]);
    let mut level = vec![(upstream.clone(), Vec::<String>::new())];
    for _ in 0..depth {
        let mut below = Vec::new();
        for (of, above) in level {
            let bridges = resolve::readable(ctx, &of, ctx.gitlab.bridges(&of))?;
            let bridges = downstream::latest(bridges);
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
                listed.push(ListedBridge { bridge, of: of.clone(), above: above.clone() });
            }
        }
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
        let hint = format!(
            "the bridge `{bridge}` leads to {place}, which this token may not read: choose other pipelines with --bridge or --downstream"
        );
        if alone { error } else { error.advise(hint) }
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
    let candidates = downstream::candidates(bridges, &query.bridges, &query.projects);
    let from = format!("bridges of pipeline {} in project {}", upstream.id, upstream.project);
    ctx.watch.step(&Step::Chosen { from: &from, candidates: &candidates });
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
