//! Symlinks of archives together with the symlinks that are at the destination already: each may
//! stay inside by itself and lead out through the other.

use std::collections::HashMap;

use super::link_target::{ResolveError, resolve};
use super::name::System;
use crate::plan::{PlacementKind, Plan};
use crate::refusal::ArchiveRefusal;

/// Checks that no planned link leads out of the destination through links on disk. `on_disk` returns
/// the target of the link at a path below the destination, or none if there is no link.
///
/// # Errors
/// [`ArchiveRefusal::LinkLeaves`] with the first link that does.
pub fn stay_inside(
    plans: &[Plan],
    system: System,
    on_disk: impl Fn(&[String]) -> Option<String>,
) -> Result<(), ArchiveRefusal> {
    let placements = || plans.iter().flat_map(|plan| &plan.placements);
    if !placements().any(|placement| matches!(placement.kind, PlacementKind::Link { .. })) {
        return Ok(());
    }
    let mut planned: HashMap<Vec<String>, Option<&str>> = HashMap::new();
    for placement in placements() {
        let target = match &placement.kind {
            PlacementKind::Link { target } => Some(target.as_str()),
            PlacementKind::File { .. } | PlacementKind::Folder { .. } => None,
        };
        planned.insert(keys(&placement.path, system), target);
    }
    for placement in placements() {
        let PlacementKind::Link { target } = &placement.kind else { continue };
        let mut folder = keys(&placement.path, system);
        folder.pop();
        let find = |at: &[String]| match planned.get(at) {
            Some(target) => target.map(str::to_owned),
            None => on_disk(at),
        };
        let led = resolve(system, folder, target, find, Ok::<_, std::convert::Infallible>);
        if let Err(ResolveError::Escapes) = led {
            let entry = placement.path.to_string_lossy().into_owned();
            return Err(ArchiveRefusal::LinkLeaves { entry, target: target.clone() });
        }
    }
    Ok(())
}

fn keys(path: &std::path::Path, system: System) -> Vec<String> {
    path.components()
        .map(|component| system.key(&component.as_os_str().to_string_lossy()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Placement;

    #[test]
    fn a_link_is_judged_through_the_links_on_disk() {
        let disk = [("deep/down/up", "../.."), ("out", "/etc"), ("in", "deep"), ("mine", "/home")];
        let on_disk = |at: &[String]| {
            let path = at.join("/");
            disk.iter().find(|(link, _)| *link == path).map(|(_, target)| (*target).to_owned())
        };
        for (target, inside) in [
            ("deep/down/up", true),
            ("deep/down/up/deep", true),
            ("deep/down/up/..", false),
            ("out/passwd", false),
            ("in/down/up/../x", false),
            ("in/x", true),
            ("gone/x", true),
            // The archive replaces the link on disk by a file.
            ("mine", true),
        ] {
            let link = PlacementKind::Link { target: target.to_owned() };
            let file = PlacementKind::File { mode: None, modified: None, size: 0 };
            let placements = vec![
                Placement { entry: 0, path: "link".into(), kind: link },
                Placement { entry: 1, path: "mine".into(), kind: file },
            ];
            let plans = [Plan { placements, warnings: Vec::new() }];
            let judged = stay_inside(&plans, System::Unix, on_disk);
            assert_eq!(judged.is_ok(), inside, "{target}: {judged:?}");
        }
        assert!(stay_inside(&[Plan::default()], System::Unix, |_| unreachable!()).is_ok());
    }
}
