//! Of a whole tree only the branches that lead to the wanted bridges and projects.

use std::collections::HashSet;

use crate::model::PipelineId;
use crate::model::tree::{BridgeTree, PipelineTree};
use crate::refusal::{Idle, Refusal};
use crate::select::downstream::{self, Branches, Met};
use crate::select::job_pattern::Pattern;

/// Takes away the bridges that are neither wanted nor on the way to a wanted one. What is wanted
/// is decided as for a lookup of jobs; a wanted bridge that triggered nothing stays.
pub fn prune(
    tree: &mut PipelineTree,
    bridges: &[Pattern],
    projects: &[String],
) -> Result<(), Refusal> {
    let mut met = Vec::new();
    collect(tree, &[], &mut met);
    let branches = match downstream::downstream(&tree.at, &met, bridges, projects) {
        Err(Refusal::NotTriggered { bridges }) => Branches { chosen: Vec::new(), idle: bridges },
        result => result?,
    };
    let chosen = branches.chosen.iter().map(|branch| branch.at.id).collect();
    cut(tree, &chosen, &branches.idle);
    Ok(())
}

fn collect(tree: &PipelineTree, above: &[String], met: &mut Vec<Met>) {
    for BridgeTree { bridge, downstream } in tree.bridges() {
        met.push(Met { bridge: bridge.clone(), of: tree.at.clone(), above: above.to_vec() });
        if let Some(downstream) = downstream {
            let above: Vec<String> = above.iter().chain([&bridge.name]).cloned().collect();
            collect(downstream, &above, met);
        }
    }
}

fn cut(tree: &mut PipelineTree, chosen: &HashSet<PipelineId>, idle: &[Idle]) {
    let Ok(below) = &mut tree.below else { return };
    below.bridges.retain_mut(|BridgeTree { bridge, downstream }| match downstream {
        None => idle.iter().any(|idle| idle.name == bridge.name),
        Some(downstream) => {
            cut(downstream, chosen, idle);
            chosen.contains(&downstream.at.id) || !downstream.bridges().is_empty()
        }
    });
}
