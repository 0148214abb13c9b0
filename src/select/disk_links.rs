//! Symlinks of archives together with the symlinks that are at the destination already: each may
//! stay inside by itself and lead out through the other.

use std::collections::HashMap;
use std::path::Path;

use super::link_target::{ResolveError, resolve};
use super::name::System;
use crate::plan::{PlacementKind, Plan};
use crate::refusal::ArchiveRefusal;
use crate::sanitize::escape_bytes;

/// Checks that no planned link leads out of the destination through links on disk. `on_disk` returns
/// the target of the link at a path below the destination, or none if there is no link.
///
/// # Errors
/// [`ArchiveRefusal::LinkLeaves`] with the first link that does.
pub fn stay_inside(
    plans: &[Plan],
    system: System,
    on_disk: impl Fn(&[Vec<u8>]) -> Option<Vec<u8>>,
) -> Result<(), ArchiveRefusal> {
    let placements = || plans.iter().flat_map(|plan| &plan.placements);
    if !placements().any(|placement| matches!(placement.kind, PlacementKind::Link { .. })) {
        return Ok(());
    }
    let mut planned: HashMap<Vec<Vec<u8>>, Option<&[u8]>> = HashMap::new();
    for placement in placements() {
        let target = match &placement.kind {
            PlacementKind::Link { target } => Some(target.as_encoded_bytes()),
            PlacementKind::File { .. } | PlacementKind::Folder { .. } => None,
        };
        planned.insert(keys(&placement.path, system), target);
    }
    for placement in placements() {
        let PlacementKind::Link { target } = &placement.kind else { continue };
        let mut folder = keys(&placement.path, system);
        folder.pop();
        let find = |at: &[Vec<u8>]| match planned.get(at) {
            Some(target) => target.map(<[u8]>::to_vec),
            None => on_disk(at),
        };
        let target = target.as_encoded_bytes();
        let led = resolve(system, folder, target, find, Ok::<_, std::convert::Infallible>);
        if let Err(ResolveError::Escapes) = led {
            let entry = escape_bytes(placement.path.as_os_str().as_encoded_bytes());
            return Err(ArchiveRefusal::LinkLeaves {
                entry: entry.into_owned(),
                target: escape_bytes(target).into_owned(),
            });
        }
    }
    Ok(())
}

fn keys(path: &Path, system: System) -> Vec<Vec<u8>> {
    let components = path.iter().map(|component| component.as_encoded_bytes());
    components.map(|component| system.key(component).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Placement;

    #[test]
    fn a_link_is_judged_through_the_links_on_disk() {
        let disk = [("deep/down/up", "../.."), ("out", "/etc"), ("in", "deep"), ("mine", "/home")];
        let on_disk = |at: &[Vec<u8>]| {
            let path = at.join(&b'/');
            let found = disk.iter().find(|(link, _)| link.as_bytes() == path);
            found.map(|(_, target)| target.as_bytes().to_vec())
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
            let link = PlacementKind::Link { target: target.into() };
            let file = PlacementKind::File { mode: None, modified: None, size: 0, crc32: 0 };
            let placements = vec![
                Placement { entry: 0, path: "link".into(), kind: link },
                Placement { entry: 1, path: "mine".into(), kind: file },
            ];
            let plans = [Plan { placements, ..Plan::default() }];
            let judged = stay_inside(&plans, System::Unix, on_disk);
            assert_eq!(judged.is_ok(), inside, "{target}: {judged:?}");
        }
        assert!(stay_inside(&[Plan::default()], System::Unix, |_| unreachable!()).is_ok());
    }
}
