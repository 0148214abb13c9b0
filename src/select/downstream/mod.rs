//! Step 2: the choice of downstream pipelines among the bridges that were listed.

#[cfg(test)]
mod tests;

use crate::model::{Bridge, Pipeline, PipelineAt, ProjectRef};
use crate::refusal::{Candidate, Refusal, UntriggeredBridge};
use crate::sanitize::sanitize;
use crate::select::job_pattern::{NameMatch, Pattern};

/// A bridge of the upstream pipeline or of a pipeline below it.
#[derive(Debug, Clone)]
pub struct ListedBridge {
    pub bridge: Bridge,
    /// The pipeline that the bridge is a job of.
    pub of: PipelineAt,
    /// The names of the bridges above it, outermost first.
    pub above: Vec<String>,
    /// GitLab counts its failure as a warning: it or a bridge above it has `allow_failure`.
    pub may_fail: bool,
}

/// A downstream pipeline and the bridges that led to it.
#[derive(Debug, Clone)]
pub struct Downstream {
    /// The name of the bridge that triggered it.
    pub bridge: String,
    /// The names of the bridges above that one, outermost first.
    pub above: Vec<String>,
    pub at: PipelineAt,
    pub pipeline: Pipeline,
    /// GitLab counts its failure as a warning: a bridge that led to it has `allow_failure`.
    pub may_fail: bool,
    /// GitLab's `failure_reason` of the bridge.
    pub reason: Option<String>,
}

/// The chosen pipelines, and the wanted bridges that have not triggered any.
#[derive(Debug, Clone, Default)]
pub struct Downstreams {
    pub chosen: Vec<Downstream>,
    pub untriggered: Vec<UntriggeredBridge>,
}

/// Chooses the downstream pipelines of the wanted bridges and projects; empty lists mean all.
///
/// A bridge is wanted if a pattern matches its name or that of a bridge above it, so that the
/// name of a bridge includes everything below its pipeline.
///
/// # Errors
/// [`Refusal::NoBridges`], [`Refusal::NoBridge`], [`Refusal::NotTriggered`] or
/// [`Refusal::NoDownstream`].
pub fn choose(
    upstream: &PipelineAt,
    listed: &[ListedBridge],
    bridges: &[Pattern],
    projects: &[String],
) -> Result<Downstreams, Refusal> {
    if listed.is_empty() {
        return Err(Refusal::NoBridges { upstream: upstream.clone(), ended: None });
    }
    if let Some(unmatched) = bridges.iter().find(|pattern| best(listed, pattern).is_none()) {
        return Err(Refusal::NoBridge {
            wanted: vec![unmatched.text().to_owned()],
            seen: names_in_order(listed),
            ended: None,
        });
    }
    let (mut downstreams, mut others) = (Downstreams::default(), Vec::new());
    for (listed, verdict) in listed.iter().zip(verdicts(listed, bridges, projects)) {
        match verdict {
            Verdict::Chosen(pipeline) => downstreams.chosen.push(downstream(listed, pipeline)),
            Verdict::Untriggered => downstreams.untriggered.push(untriggered(listed)),
            Verdict::OtherProject(pipeline) => others.push(project_name(pipeline)),
            Verdict::OtherName => {}
        }
    }
    match downstreams.chosen.is_empty() {
        false => Ok(downstreams),
        true if others.is_empty() => {
            Err(Refusal::NotTriggered { bridges: downstreams.untriggered })
        }
        true => Err(Refusal::NoDownstream { wanted: projects.to_vec(), seen: others, ended: None }),
    }
}

/// Returns all bridges for `explain`, each with the reason why it is not chosen.
pub fn candidates(
    listed: &[ListedBridge],
    bridges: &[Pattern],
    projects: &[String],
) -> Vec<Candidate> {
    let verdicts = verdicts(listed, bridges, projects);
    let candidates = listed.iter().zip(verdicts).map(|(listed, verdict)| {
        let name = listed.bridge.name.clone();
        match verdict {
            Verdict::Chosen(_) => Candidate::chosen(name),
            Verdict::Untriggered => Candidate::rejected(
                name,
                format!("no downstream pipeline: {}", untriggered(listed)),
            ),
            Verdict::OtherProject(pipeline) => Candidate::rejected(
                name,
                format!("its pipeline is of project {}", sanitize(&project_name(pipeline))),
            ),
            Verdict::OtherName => Candidate::rejected(name, "its name is not asked for"),
        }
    });
    candidates.collect()
}

/// Returns the newest attempt of each bridge, which has the highest id of its name.
pub fn latest(mut bridges: Vec<Bridge>) -> Vec<Bridge> {
    let newest: Vec<_> = bridges.iter().map(|bridge| (bridge.id, bridge.name.clone())).collect();
    bridges
        .retain(|bridge| newest.iter().all(|(id, name)| *name != bridge.name || *id <= bridge.id));
    bridges
}

/// The result of the choice for one bridge.
enum Verdict<'a> {
    Chosen(&'a Pipeline),
    OtherName,
    Untriggered,
    OtherProject(&'a Pipeline),
}

fn verdicts<'a>(
    listed: &'a [ListedBridge],
    bridges: &[Pattern],
    projects: &[String],
) -> Vec<Verdict<'a>> {
    let best: Vec<(&Pattern, Option<NameMatch>)> =
        bridges.iter().map(|pattern| (pattern, best(listed, pattern))).collect();
    let named = |listed: &ListedBridge| {
        let matches = |(pattern, best): &(&Pattern, Option<NameMatch>)| {
            best.is_some() && names(listed).any(|name| pattern.match_name(name) == *best)
        };
        best.is_empty() || best.iter().any(matches)
    };
    let verdict = |listed: &'a ListedBridge| match &listed.bridge.downstream_pipeline {
        _ if !named(listed) => Verdict::OtherName,
        None => Verdict::Untriggered,
        Some(pipeline) if projects.is_empty() || projects.iter().any(|p| is_of(pipeline, p)) => {
            Verdict::Chosen(pipeline)
        }
        Some(pipeline) => Verdict::OtherProject(pipeline),
    };
    listed.iter().map(verdict).collect()
}

/// Returns the best match of a pattern among the names of all bridges.
fn best(listed: &[ListedBridge], pattern: &Pattern) -> Option<NameMatch> {
    listed.iter().flat_map(names).filter_map(|name| pattern.match_name(name)).min()
}

fn names(listed: &ListedBridge) -> impl Iterator<Item = &str> {
    listed.above.iter().map(String::as_str).chain([listed.bridge.name.as_str()])
}

/// Returns the names of the bridges of each pipeline in the order of their creation.
fn names_in_order(listed: &[ListedBridge]) -> Vec<String> {
    let pipelines = listed.chunk_by(|one, next| one.of.id == next.of.id);
    let names = pipelines.flat_map(|of_one| {
        let mut bridges: Vec<&Bridge> = of_one.iter().map(|listed| &listed.bridge).collect();
        bridges.sort_by_key(|bridge| bridge.id);
        bridges.into_iter().map(|bridge| bridge.name.clone())
    });
    names.collect()
}

fn downstream(listed: &ListedBridge, pipeline: &Pipeline) -> Downstream {
    Downstream {
        bridge: listed.bridge.name.clone(),
        above: listed.above.clone(),
        // Without id and address of its project, it is taken for a child pipeline, which is in the
        // same project.
        at: pipeline.at(&listed.of.project),
        pipeline: pipeline.clone(),
        may_fail: listed.may_fail,
        reason: listed.bridge.failure_reason.clone(),
    }
}

fn untriggered(listed: &ListedBridge) -> UntriggeredBridge {
    let bridge = &listed.bridge;
    UntriggeredBridge {
        name: bridge.name.clone(),
        status: bridge.status.clone(),
        reason: bridge.failure_reason.clone(),
        may_fail: listed.may_fail,
    }
}

fn is_of(pipeline: &Pipeline, project: &str) -> bool {
    match ProjectRef::parse(project) {
        ProjectRef::Id(id) => pipeline.project_id == Some(id),
        ProjectRef::Path(path) | ProjectRef::Known { path, .. } => {
            pipeline.path().is_some_and(|known| known.eq_ignore_ascii_case(&path))
        }
    }
}

fn project_name(pipeline: &Pipeline) -> String {
    match (pipeline.path(), pipeline.project_id) {
        (Some(path), Some(id)) => format!("{path} ({id})"),
        (Some(path), None) => path.to_owned(),
        (None, Some(id)) => id.to_string(),
        (None, None) => "unknown".to_owned(),
    }
}
