//! Symlinks of archives together with the symlinks that are at the destination already, or that
//! another run makes there: each may stay inside by itself and lead out through the other.
//!
//! Only `..` behind a symlink can do that, so targets with `..` behind a name are rewritten without
//! it: `a/../b` becomes `b`. What is left are targets such as `../../a/b`, that begin in a real
//! folder, go up no further than the destination, and then only down. Whatever a later or
//! simultaneous run changes, they lead out only through a link that does so by itself.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::path::Path;

use super::link_target::{ResolveError, resolve, without_inner_parents};
use super::name::System;
use crate::model::os_str;
use crate::plan::{PlacementKind, Plan};
use crate::refusal::ArchiveRefusal;
use crate::sanitize::{escape_bytes, escape_path};

/// The destination as it is on disk. Paths are below it.
pub trait OnDisk {
    /// Returns the target of the link at a path, or none if there is no link.
    fn link(&self, at: &[Vec<u8>]) -> Option<Vec<u8>>;

    /// Returns true if there is a folder at a path, and no link to one.
    fn is_folder(&self, at: &[Vec<u8>]) -> bool;
}

/// Checks that no planned link leads out of the destination, through links on disk or through those
/// of other runs, and rewrites targets with `..` behind a name: it may only follow what is a folder
/// already, because what is missing can become anything.
///
/// # Errors
/// [`ArchiveRefusal::LinkLeaves`] with the first link that does, [`ArchiveRefusal::LinkCouldLeave`]
/// with the first that cannot be rewritten.
pub fn keep_inside(
    plans: &mut [Plan],
    system: System,
    on_disk: &impl OnDisk,
) -> Result<(), ArchiveRefusal> {
    let targets = rewritten_targets(plans, system, on_disk)?;
    let placements = plans.iter_mut().flat_map(|plan| &mut plan.placements);
    let links = placements.filter_map(|placement| match &mut placement.kind {
        PlacementKind::Link { target } => Some(target),
        PlacementKind::File { .. } | PlacementKind::Folder { .. } => None,
    });
    for (target, rewritten) in links.zip(targets) {
        if let Some(rewritten) = rewritten {
            *target = os_str(&rewritten).to_owned();
        }
    }
    Ok(())
}

/// Returns the new target of each planned link, or none where it stays as it is.
fn rewritten_targets(
    plans: &[Plan],
    system: System,
    on_disk: &impl OnDisk,
) -> Result<Vec<Option<Vec<u8>>>, ArchiveRefusal> {
    let placements = || plans.iter().flat_map(|plan| &plan.placements);
    if !placements().any(|placement| matches!(placement.kind, PlacementKind::Link { .. })) {
        return Ok(Vec::new());
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
    let find = |at: &[Vec<u8>]| match planned.get(at) {
        Some(target) => target.map(<[u8]>::to_vec),
        None => on_disk.link(at),
    };
    let is_folder = |at: &[Vec<u8>]| folders.contains(at) || on_disk.is_folder(at);
    let mut rewritten = Vec::new();
    for placement in placements() {
        let PlacementKind::Link { target } = &placement.kind else { continue };
        let target = target.as_encoded_bytes();
        let mut folder = keys(&placement.path, system);
        folder.pop();
        let names = || {
            let entry = escape_path(&placement.path).into_owned();
            (entry, escape_bytes(target).into_owned())
        };
        let led = resolve(system, folder.clone(), target, find, Ok::<_, Infallible>);
        if matches!(led, Err(ResolveError::Escapes)) {
            let (entry, target) = names();
            return Err(ArchiveRefusal::LinkLeaves { entry, target });
        }
        let Some(new) = without_inner_parents(system, &folder, target, find, is_folder) else {
            let (entry, target) = names();
            return Err(ArchiveRefusal::LinkCouldLeave { entry, target });
        };
        rewritten.push((new != target).then_some(new));
    }
    Ok(rewritten)
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

    fn plan(links: &[(&str, &str)]) -> Plan {
        let file = PlacementKind::File { mode: None, modified: None, size: 0, crc32: 0 };
        let placement = |(at, target): &(&str, &str)| Placement {
            entry: 0,
            path: (*at).into(),
            kind: match *target {
                "" => file.clone(),
                target => PlacementKind::Link { target: target.into() },
            },
        };
        Plan { placements: links.iter().map(placement).collect(), ..Plan::default() }
    }

    fn links(plan: &Plan) -> impl Iterator<Item = (&Path, &str)> {
        plan.placements.iter().filter_map(|placement| match &placement.kind {
            PlacementKind::Link { target } => Some((&*placement.path, target.to_str().unwrap())),
            _ => None,
        })
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
            ("a/b/over", "../x/../x/y"),
            ("a", ""),
            ("a/b", ""),
            ("a/x", ""),
            ("a/x/y", ""),
            ("again", "again/x"),
        ]);
        for (target, expect) in [
            ("deep/down/up", Some("deep/down/up")),
            ("deep/down/up/deep", Some("deep/down/up/deep")),
            ("deep/down/up/..", None),
            ("out/passwd", None),
            ("in/down/up/../x", None),
            ("in/x", Some("in/x")),
            ("gone/x", Some("gone/x")),
            // A later run may create a link in place of what is missing or is a file.
            ("gone/../x", None),
            ("deep/gone/x/../../y", None),
            ("mine/../x", None),
            ("planned/folder/../x", Some("planned/x")),
            ("planned/../planned/file/../x", None),
            ("deep/../in/../x", Some("x")),
            ("in/down/../x", Some("deep/x")),
            ("./deep//down/../../x", Some("x")),
            ("deep/down/..", Some("deep")),
            ("deep/..", Some(".")),
            ("a/b/over/../z/in", Some("a/x/z/in")),
            ("again/..", None),
            // The archive replaces the link on disk by a file.
            ("mine", Some("mine")),
        ] {
            let files = [("mine", ""), ("planned/folder/x", ""), ("planned/file", "")];
            let mut plans = [plan(&[("link", target)]), plan(&files)];
            let judged = keep_inside(&mut plans, System::Unix, &disk);
            assert_eq!(judged.is_ok(), expect.is_some(), "{target}: {judged:?}");
            let (_, kept) = links(&plans[0]).next().unwrap();
            assert_eq!(kept, expect.unwrap_or(target));
        }
        assert!(keep_inside(&mut [Plan::default()], System::Unix, &disk).is_ok());
        let refusal =
            |target| keep_inside(&mut [plan(&[("l", target)])], System::Unix, &disk).unwrap_err();
        assert!(matches!(refusal("out/passwd"), ArchiveRefusal::LinkLeaves { .. }));
        assert!(matches!(refusal("gone/../x"), ArchiveRefusal::LinkCouldLeave { .. }));
    }

    #[test]
    fn targets_that_begin_below_keep_their_way_up() {
        for (target, expect) in [
            ("../../x", "../../x"),
            ("../../deep/down/../x", "../../deep/x"),
            (".././../deep/..", "../.."),
            ("../here/../../x", "../../x"),
        ] {
            let mut plans = [plan(&[("deep/here/link", target), ("deep/down/x", "")])];
            keep_inside(&mut plans, System::Unix, &Disk(&[])).unwrap();
            assert_eq!(links(&plans[0]).next().unwrap().1, expect);
        }
        for target in ["../../../x", "../file/../x"] {
            let mut plans = [plan(&[("deep/here/link", target), ("deep/file", "")])];
            assert!(keep_inside(&mut plans, System::Unix, &Disk(&[])).is_err(), "{target}");
        }
    }

    #[test]
    fn links_of_runs_that_do_not_see_each_other_stay_inside_together() {
        // What is on disk when both are judged, and the links of each.
        type Runs<'a> = (Disk, &'a [(&'a str, &'a str)], &'a [(&'a str, &'a str)]);
        let runs: [Runs<'_>; 6] = [
            // A link or a folder that the other replaces.
            (Disk(&[("q", "d/e"), ("d", ""), ("d/e", "")]), &[("p", "q/../x")], &[("q", ".")]),
            (Disk(&[("q", "")]), &[("p", "q/../x")], &[("q", ".")]),
            (Disk(&[("q", "")]), &[("d/p", "../q/../x")], &[("q", ".")]),
            (Disk(&[]), &[("q/f", ""), ("p", "q/../x")], &[("q", ".")]),
            (Disk(&[]), &[("d/e/f", ""), ("q", "d/e"), ("p", "q/../x")], &[("q", ".")]),
            // One that gets deeper, next to a link that goes up.
            (
                Disk(&[("q", ""), ("x", ""), ("d", ""), ("d/e", "")]),
                &[("p", "q/../x/../y")],
                &[("q", "d/e"), ("d/x", "..")],
            ),
        ];
        for (disk, first, second) in runs {
            let judged = [first, second].map(|links| {
                let mut plans = [plan(links)];
                keep_inside(&mut plans, System::Unix, &disk).unwrap();
                plans
            });
            for (order, again) in [(0, 1), (1, 0)] {
                let mut on_disk: HashMap<Vec<Vec<u8>>, Vec<u8>> = HashMap::new();
                let old = disk.0.iter().filter(|(_, target)| !target.is_empty());
                let old = old.map(|(at, target)| (Path::new(at), *target));
                let new = [&judged[order], &judged[again]];
                for (at, target) in old.chain(new.iter().flat_map(|plans| links(&plans[0]))) {
                    on_disk.insert(keys(at, System::Unix), target.as_bytes().to_vec());
                }
                for (at, target) in &on_disk {
                    let folder = at[..at.len() - 1].to_vec();
                    let find = |at: &[Vec<u8>]| on_disk.get(at);
                    let led = resolve(System::Unix, folder, target, find, Ok::<_, Infallible>);
                    assert!(led.is_ok(), "{first:?} {second:?} {on_disk:?}: {led:?}");
                }
            }
        }
    }
}
