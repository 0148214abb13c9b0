//! Step 2: from the bridges that were listed to the downstream pipelines to look through.

#[cfg(test)]
mod tests;

use crate::model::{Bridge, Pipeline, PipelineAt, ProjectRef};
use crate::refusal::{Candidate, Refusal, UntriggeredBridge};
use crate::sanitize::sanitize;
use crate::select::job_pattern::{Fit, Pattern};

/// A bridge, as it was met on the way down from the upstream pipeline.
#[derive(Debug, Clone)]
pub struct Met {
    pub bridge: Bridge,
    /// The pipeline whose bridge it is.
    pub of: PipelineAt,
    /// The names of the bridges above it, outermost first.
    pub above: Vec<String>,
}

/// A downstream pipeline and the bridge that led to it.
#[derive(Debug, Clone)]
pub struct Branch {
    pub bridge: String,
    pub at: PipelineAt,
    pub pipeline: Pipeline,
}

/// What is to be looked through, and the wanted bridges that lead nowhere yet.
#[derive(Debug, Clone, Default)]
pub struct Branches {
    pub chosen: Vec<Branch>,
    pub idle: Vec<UntriggeredBridge>,
}

/// The downstream pipelines of the wanted bridges and projects; no names mean all of them.
///
/// A bridge is wanted by its own name or by that of a bridge above it: who asks for what a
/// bridge triggered asks also for what that triggered in turn.
pub fn downstream(
    upstream: &PipelineAt,
    met: &[Met],
    bridges: &[Pattern],
    projects: &[String],
) -> Result<Branches, Refusal> {
    if met.is_empty() {
        return Err(Refusal::NoBridges { upstream: upstream.clone(), ended: None });
    }
    if let Some(nowhere) = bridges.iter().find(|pattern| best(met, pattern).is_none()) {
        return Err(Refusal::NoBridge {
            wanted: vec![nowhere.text().to_owned()],
            seen: met.iter().map(|met| met.bridge.name.clone()).collect(),
            ended: None,
        });
    }
    let (mut branches, mut others) = (Branches::default(), Vec::new());
    for (met, verdict) in met.iter().zip(verdicts(met, bridges, projects)) {
        match verdict {
            Verdict::Chosen(pipeline) => branches.chosen.push(branch(met, pipeline)),
            Verdict::UntriggeredBridge => branches.idle.push(idle(&met.bridge)),
            Verdict::OtherProject(pipeline) => others.push(project_name(pipeline)),
            Verdict::OtherName => {}
        }
    }
    match branches.chosen.is_empty() {
        false => Ok(branches),
        true if others.is_empty() => Err(Refusal::NotTriggered { bridges: branches.idle }),
        true => Err(Refusal::NoDownstream { wanted: projects.to_vec(), seen: others, ended: None }),
    }
}

/// The same choice as a list of all bridges, each with what became of it.
pub fn candidates(met: &[Met], bridges: &[Pattern], projects: &[String]) -> Vec<Candidate> {
    let told = met.iter().zip(verdicts(met, bridges, projects)).map(|(met, verdict)| {
        let name = met.bridge.name.clone();
        match verdict {
            Verdict::Chosen(_) => Candidate::chosen(name),
            Verdict::UntriggeredBridge => {
                Candidate::lost(name, format!("no downstream pipeline: {}", idle(&met.bridge)))
            }
            Verdict::OtherProject(pipeline) => Candidate::lost(
                name,
                format!("its pipeline is of project {}", sanitize(&project_name(pipeline))),
            ),
            Verdict::OtherName => Candidate::lost(name, "its name is not asked for"),
        }
    });
    told.collect()
}

/// Of bridges with one name the newest: the others were retried.
pub fn latest(mut bridges: Vec<Bridge>) -> Vec<Bridge> {
    let newest: Vec<_> = bridges.iter().map(|bridge| (bridge.id, bridge.name.clone())).collect();
    bridges
        .retain(|bridge| newest.iter().all(|(id, name)| *name != bridge.name || *id <= bridge.id));
    bridges
}

/// What becomes of a bridge.
enum Verdict<'a> {
    Chosen(&'a Pipeline),
    OtherName,
    UntriggeredBridge,
    OtherProject(&'a Pipeline),
}

fn verdicts<'a>(met: &'a [Met], bridges: &[Pattern], projects: &[String]) -> Vec<Verdict<'a>> {
    let best: Vec<(&Pattern, Option<Fit>)> =
        bridges.iter().map(|pattern| (pattern, best(met, pattern))).collect();
    let named = |met: &Met| {
        let fits = |(pattern, best): &(&Pattern, Option<Fit>)| {
            best.is_some() && names(met).any(|name| pattern.fit(name) == *best)
        };
        best.is_empty() || best.iter().any(fits)
    };
    let verdict = |met: &'a Met| match &met.bridge.downstream_pipeline {
        _ if !named(met) => Verdict::OtherName,
        None => Verdict::UntriggeredBridge,
        Some(pipeline) if projects.is_empty() || projects.iter().any(|p| is_of(pipeline, p)) => {
            Verdict::Chosen(pipeline)
        }
        Some(pipeline) => Verdict::OtherProject(pipeline),
    };
    met.iter().map(verdict).collect()
}

/// The best way in which any of the bridges fits the pattern.
fn best(met: &[Met], pattern: &Pattern) -> Option<Fit> {
    met.iter().flat_map(names).filter_map(|name| pattern.fit(name)).min()
}

fn names(met: &Met) -> impl Iterator<Item = &str> {
    met.above.iter().map(String::as_str).chain([met.bridge.name.as_str()])
}

fn branch(met: &Met, pipeline: &Pipeline) -> Branch {
    // A server that does not even give a web address has children in mind: the same project.
    let project = pipeline.project().unwrap_or_else(|| met.of.project.clone());
    Branch {
        bridge: met.bridge.name.clone(),
        at: PipelineAt { project, id: pipeline.id },
        pipeline: pipeline.clone(),
    }
}

fn idle(bridge: &Bridge) -> UntriggeredBridge {
    UntriggeredBridge {
        name: bridge.name.clone(),
        status: bridge.status.clone(),
        reason: bridge.failure_reason.clone(),
    }
}

fn is_of(pipeline: &Pipeline, project: &str) -> bool {
    match ProjectRef::parse(project) {
        ProjectRef::Id(id) => pipeline.project_id == Some(id),
        ProjectRef::Path(path) => {
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
