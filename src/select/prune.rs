//! Reduces a tree of pipelines to the branches that lead to the wanted bridges and projects.

use std::collections::HashSet;

use crate::model::PipelineId;
use crate::model::tree::{BridgeTree, PipelineTree};
use crate::refusal::{Refusal, UntriggeredBridge};
use crate::select::downstream::{self, Downstreams, ListedBridge};
use crate::select::job_pattern::Pattern;

/// Removes the bridges that are neither wanted nor above a wanted one.
///
/// The choice is that of [`downstream::choose`]. A wanted bridge without a pipeline stays.
///
/// # Errors
/// The refusal of that choice, except for [`Refusal::NotTriggered`].
pub fn prune(
    tree: &mut PipelineTree,
    bridges: &[Pattern],
    projects: &[String],
) -> Result<(), Refusal> {
    let mut listed = Vec::new();
    collect(tree, &[], &mut listed);
    let downstreams = match downstream::choose(&tree.at, &listed, bridges, projects) {
        Err(Refusal::NotTriggered { bridges }) => {
            Downstreams { chosen: Vec::new(), untriggered: bridges }
        }
        result => result?,
    };
    let chosen = downstreams.chosen.iter().map(|downstream| downstream.at.id).collect();
    remove_unwanted(tree, &chosen, &downstreams.untriggered);
    Ok(())
}

fn collect(tree: &PipelineTree, above: &[String], listed: &mut Vec<ListedBridge>) {
    for BridgeTree { bridge, downstream } in tree.bridges() {
        listed.push(ListedBridge {
            bridge: bridge.clone(),
            of: tree.at.clone(),
            above: above.to_vec(),
            may_fail: bridge.allow_failure,
        });
        if let Some(downstream) = downstream {
            let above: Vec<String> = above.iter().chain([&bridge.name]).cloned().collect();
            collect(downstream, &above, listed);
        }
    }
}

fn remove_unwanted(
    tree: &mut PipelineTree,
    chosen: &HashSet<PipelineId>,
    untriggered: &[UntriggeredBridge],
) {
    let Ok(below) = &mut tree.below else { return };
    below.bridges.retain_mut(|BridgeTree { bridge, downstream }| match downstream {
        None => untriggered.iter().any(|wanted| wanted.name == bridge.name),
        Some(downstream) => {
            remove_unwanted(downstream, chosen, untriggered);
            chosen.contains(&downstream.at.id) || !downstream.bridges().is_empty()
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::tree::{LeftOut, SubTree};
    use crate::model::{Bridge, Pipeline, PipelineAt, ProjectRef};

    fn tree(id: u64, project: u64, bridges: Vec<BridgeTree>) -> PipelineTree {
        let pipeline = json!({ "id": id, "project_id": project, "status": "success" });
        let pipeline: Pipeline = serde_json::from_value(pipeline).unwrap();
        let at = PipelineAt { project: ProjectRef::Id(project), id: pipeline.id };
        PipelineTree { at, pipeline, below: Ok(SubTree { jobs: Vec::new(), bridges }) }
    }

    fn bridge(name: &str, downstream: Option<PipelineTree>) -> BridgeTree {
        let basic = downstream.as_ref().map(|tree| json!({ "id": tree.at.id, "project_id": tree.at.project.id(), "status": "success" }));
        let bridge =
            json!({ "id": 1, "name": name, "status": "manual", "downstream_pipeline": basic });
        let bridge: Bridge = serde_json::from_value(bridge).unwrap();
        BridgeTree { bridge, downstream }
    }

    /// Returns `a(inner) b(deep(deeper)) later`, of the projects 10, 11, 20, 21, 22.
    fn forest() -> PipelineTree {
        let mut far = tree(6, 22, Vec::new());
        far.below = Err(LeftOut::Deeper);
        let deep = tree(5, 21, vec![bridge("deeper", Some(far))]);
        let a = tree(2, 10, vec![bridge("inner", Some(tree(3, 11, Vec::new())))]);
        let b = tree(4, 20, vec![bridge("deep", Some(deep))]);
        tree(1, 1, vec![bridge("a", Some(a)), bridge("b", Some(b)), bridge("later", None)])
    }

    fn short(tree: &PipelineTree) -> String {
        let short = |tree: &BridgeTree| {
            let below = tree.downstream.as_ref().map(short).unwrap_or_default();
            let below = if below.is_empty() { below } else { format!("({below})") };
            format!("{}{below}", tree.bridge.name)
        };
        tree.bridges().iter().map(short).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_what_is_wanted_and_the_way_to_it_stays() {
        for (bridges, projects, expect) in [
            (&["a"][..], &[][..], "a(inner)"),
            (&["inner"], &[], "a(inner)"),
            (&["deep"], &[], "b(deep(deeper))"),
            (&["later"], &[], "later"),
            (&["a", "later"], &[], "a(inner) later"),
            (&["de*"], &[], "b(deep(deeper))"),
            (&[], &["10"], "a later"),
            (&[], &["21"], "b(deep) later"),
            (&["b"], &["22"], "b(deep(deeper))"),
        ] {
            let patterns: Vec<_> = bridges.iter().map(|name| Pattern::new(name)).collect();
            let projects: Vec<_> = projects.iter().map(|text: &&str| (*text).to_owned()).collect();
            let mut tree = forest();
            prune(&mut tree, &patterns, &projects).unwrap();
            assert_eq!(short(&tree), expect, "{bridges:?} {projects:?}");
        }
    }

    #[test]
    fn unknown_bridges_and_projects_are_refused() {
        let refused = prune(&mut forest(), &[Pattern::new("c")], &[]);
        assert!(matches!(refused, Err(Refusal::NoBridge { .. })), "{refused:?}");
        let refused = prune(&mut forest(), &[], &["99".to_owned()]);
        assert!(matches!(refused, Err(Refusal::NoDownstream { .. })), "{refused:?}");
    }
}
