//! Symlinks of archives together with the symlinks that are at the destination already: each may
//! stay inside by itself and lead out through the other.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::path::Path;

use super::link_target::{ResolveError, resolve};
use super::name::System;
use crate::plan::{PlacementKind, Plan};
use crate::refusal::ArchiveRefusal;
use crate::sanitize::escape_bytes;

/// The destination as it is on disk. Paths are below it.
pub trait OnDisk {
    /// Returns the target of the link at a path, or none if there is no link.
    fn link(&self, at: &[Vec<u8>]) -> Option<Vec<u8>>;

    /// Returns true if there is a folder at a path, and no link to one.
    fn is_folder(&self, at: &[Vec<u8>]) -> bool;
}

/// Checks that no planned link leads out of the destination, through links on disk or through those
/// that a later run may create: `..` in a target may only follow what is a folder already, because
/// what is missing can become a link.
///
/// # Errors
/// [`ArchiveRefusal::LinkLeaves`] with the first link that does.
pub fn stay_inside(
    plans: &[Plan],
    system: System,
    on_disk: &impl OnDisk,
) -> Result<(), ArchiveRefusal> {
    let placements = || plans.iter().flat_map(|plan| &plan.placements);
    if !placements().any(|placement| matches!(placement.kind, PlacementKind::Link { .. })) {
        return Ok(());
    }
    let mut planned: HashMap<Vec<Vec<u8>>, Option<&[u8]>> = HashMap::new();
    let mut folders = HashSet::new();
    for placement in placements() {
        let target = match &placement.kind {
            PlacementKind::Link { target } => Some(target.as_encoded_bytes()),
            PlacementKind::File { .. } | PlacementKind::Folder { .. } => None,
        };
        let mut at = keys(&placement.path, system);
        planned.insert(at.clone(), target);
        if !matches!(placement.kind, PlacementKind::Folder { .. }) {
            at.pop();
        }
        while folders.insert(at.clone()) && at.pop().is_some() {}
    }
    for placement in placements() {
        let PlacementKind::Link { target } = &placement.kind else { continue };
        let mut folder = keys(&placement.path, system);
        folder.pop();
        let find = |at: &[Vec<u8>]| match planned.get(at) {
            Some(target) => target.map(<[u8]>::to_vec),
            None => on_disk.link(at),
        };
        let led = |path: &[u8]| resolve(system, folder.clone(), path, find, Ok::<_, Infallible>);
        let target = target.as_encoded_bytes();
        let is_folder =
            |path| led(path).is_ok_and(|at| folders.contains(&at) || on_disk.is_folder(&at));
        let leaves = matches!(led(target), Err(ResolveError::Escapes));
        if leaves || !before_parents(target).into_iter().all(is_folder) {
            let entry = escape_bytes(placement.path.as_os_str().as_encoded_bytes());
            return Err(ArchiveRefusal::LinkLeaves {
                entry: entry.into_owned(),
                target: escape_bytes(target).into_owned(),
            });
        }
    }
    Ok(())
}

/// Returns the part of a target before each `..`. Before those at its beginning, that is a folder
/// that the link is in, which is planned.
fn before_parents(target: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut at) = (Vec::new(), 0);
    for component in target.split(|byte| *byte == b'/') {
        if component == b".." {
            parts.push(&target[..at]);
        }
        at += component.len() + 1;
    }
    parts
}

fn keys(path: &Path, system: System) -> Vec<Vec<u8>> {
    let components = path.iter().map(|component| component.as_encoded_bytes());
    components.map(|component| system.key(component).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Placement;

    /// Links with their targets; those without a target are folders.
    struct Disk(&'static [(&'static str, &'static str)]);

    impl Disk {
        fn find(&self, at: &[Vec<u8>]) -> Option<&'static str> {
            let path = at.join(&b'/');
            let found = self.0.iter().find(|(known, _)| known.as_bytes() == path);
            found.map(|(_, target)| *target)
        }
    }

    impl OnDisk for Disk {
        fn link(&self, at: &[Vec<u8>]) -> Option<Vec<u8>> {
            self.find(at).filter(|target| !target.is_empty()).map(|target| target.into())
        }

        fn is_folder(&self, at: &[Vec<u8>]) -> bool {
            self.find(at) == Some("")
        }
    }

    #[test]
    fn a_link_is_judged_through_the_links_on_disk() {
        let disk = Disk(&[
            ("deep/down/up", "../.."),
            ("deep", ""),
            ("deep/down", ""),
            ("out", "/etc"),
            ("in", "deep"),
            ("mine", "/home"),
        ]);
        for (from, target, inside) in [
            ("planned/up", "../in/x", true),
            ("planned/folder/up", "./../../deep", true),
            ("planned/folder/up", "../../../x", false),
            ("planned/folder/up", "../file/../x", false),
            ("link", "deep/down/up/deep", true),
            ("link", "deep/down/up/..", false),
            ("link", "out/passwd", false),
            ("link", "in/down/up/../x", false),
            ("link", "in/x", true),
            ("link", "gone/x", true),
            // A later run may create a link in place of what is missing or is a file.
            ("link", "gone/../x", false),
            ("link", "deep/gone/x/../../y", false),
            ("link", "mine/../x", false),
            ("link", "planned/folder/../x", true),
            ("link", "planned/../planned/file/../x", false),
            ("link", "deep/../in/../x", true),
            ("link", "./deep//down/../../x", true),
            // The archive replaces the link on disk by a file.
            ("link", "mine", true),
        ] {
            let link = PlacementKind::Link { target: target.into() };
            let file = PlacementKind::File { mode: None, modified: None, size: 0, crc32: 0 };
            let placements = vec![
                Placement { entry: 0, path: from.into(), kind: link },
                Placement { entry: 1, path: "mine".into(), kind: file.clone() },
                Placement { entry: 2, path: "planned/folder/x".into(), kind: file.clone() },
                Placement { entry: 3, path: "planned/file".into(), kind: file },
            ];
            let plans = [Plan { placements, ..Plan::default() }];
            let judged = stay_inside(&plans, System::Unix, &disk);
            assert_eq!(judged.is_ok(), inside, "{from} {target}: {judged:?}");
        }
        assert!(stay_inside(&[Plan::default()], System::Unix, &disk).is_ok());
    }
}
