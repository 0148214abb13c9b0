//! Step 4: from the entries of an archive to what lands where, or to a refusal of all of it.
//!
//! Every name is judged, chosen or not: an archive that tries one trick is not trusted with the
//! rest. Refused is the whole archive, so that no half of it is ever there.

use std::collections::BTreeMap;

use super::file_pattern::Patterns;
use super::link::{Links, Symlinks};
use super::name::{System, components};
use super::name_tree::{NameTree, TreeItem};
use crate::model::{Entry, EntryKind};
use crate::plan::{Placement, PlacementKind, Plan};
use crate::refusal::{ArchiveRefusal, Refusal};
use crate::sanitize::listed;

/// How an archive is to be unpacked.
#[derive(Debug, Clone)]
pub struct Rules {
    pub patterns: Patterns,
    /// So many leading folders are dropped, and what has no more than those is left out.
    pub strip_components: usize,
    pub symlinks: Symlinks,
    /// Whether links can be made where the files land. Where not, what would stay inside is
    /// copied.
    pub takes_links: bool,
    /// Bytes of all chosen files together, unpacked.
    pub max_size: u64,
    pub max_entries: usize,
    pub system: System,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            patterns: Patterns::default(),
            strip_components: 0,
            symlinks: Symlinks::default(),
            takes_links: true,
            max_size: 64 << 30,
            max_entries: 1_000_000,
            system: System::here(),
        }
    }
}

impl Rules {
    /// What to do with links, as far as it can be done.
    fn links(&self) -> Symlinks {
        match self.symlinks {
            Symlinks::KeepInside if !self.takes_links => Symlinks::Copy,
            symlinks => symlinks,
        }
    }
}

/// An entry whose name is good, and its path inside the archive.
struct Good<'a> {
    path: Vec<&'a str>,
    item: TreeItem<'a>,
}

/// Decides what of an archive lands where. `targets` holds where each of `links` points, by its
/// index.
pub fn files(
    entries: &[Entry],
    targets: &BTreeMap<usize, String>,
    rules: &Rules,
) -> Result<Plan, Refusal> {
    if entries.len() > rules.max_entries {
        let (entries, most) = (entries.len(), rules.max_entries);
        return Err(ArchiveRefusal::TooMany { entries, most }.into());
    }
    let mut inside = NameTree::new(rules.system, entries.len());
    let good = judge(entries, targets, rules, &mut inside)?;
    // Only for copies of what links point to is it looked at again, and it is large.
    if rules.links() != Symlinks::Copy {
        inside = NameTree::new(rules.system, 0);
    }
    let chosen: Vec<&Good<'_>> =
        good.iter().filter(|good| rules.patterns.choose(&good.path.join("/"))).collect();
    let typed = rules.patterns.typed();
    if chosen.is_empty() && !typed.is_empty() {
        let files = good.iter().filter(|good| good.item.entry.kind != EntryKind::Folder);
        let seen = files.map(|good| good.path.join("/")).collect();
        return Err(Refusal::NoFile { wanted: typed.to_vec(), seen });
    }
    let plan = place(&chosen, &good, &inside, rules)?;
    if plan.size() > u128::from(rules.max_size) {
        return Err(ArchiveRefusal::TooLarge { size: plan.size(), most: rules.max_size }.into());
    }
    Ok(plan)
}

/// The links whose targets `files` must know, by their index.
pub fn links(entries: &[Entry], rules: &Rules) -> Vec<usize> {
    let matters = |entry: &Entry| match rules.links() {
        Symlinks::Skip => false,
        // One link may lead through another.
        Symlinks::Copy => true,
        Symlinks::KeepInside | Symlinks::All => {
            let path = components(&entry.name, entry.kind, rules.system);
            path.is_ok_and(|path| rules.patterns.choose(&path.join("/")))
        }
    };
    let links = entries.iter().enumerate().filter(|(_, entry)| entry.kind == EntryKind::Link);
    links.filter(|(_, entry)| matters(entry)).map(|(index, _)| index).collect()
}

/// Judges every name, and how the names go together.
fn judge<'a>(
    entries: &'a [Entry],
    targets: &'a BTreeMap<usize, String>,
    rules: &Rules,
    inside: &mut NameTree<'a>,
) -> Result<Vec<Good<'a>>, ArchiveRefusal> {
    let mut good = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let path = components(&entry.name, entry.kind, rules.system)?;
        if entry.kind == EntryKind::Folder && entry.size > 0 {
            return Err(ArchiveRefusal::FolderWithContent { entry: entry.name.clone() });
        }
        let item = TreeItem { index, entry, target: targets.get(&index).map(String::as_str) };
        if !path.is_empty() && inside.add(&path, item)? {
            good.push(Good { path, item });
        }
    }
    Ok(good)
}

fn place(
    chosen: &[&Good<'_>],
    good: &[Good<'_>],
    inside: &NameTree<'_>,
    rules: &Rules,
) -> Result<Plan, ArchiveRefusal> {
    let mut plan = Plan { placements: Vec::with_capacity(chosen.len()), warnings: Vec::new() };
    // Dropping folders can bring two names together, and what a link points to is elsewhere.
    let moved = rules.strip_components > 0 || rules.links() == Symlinks::Copy;
    let mut outside = NameTree::new(rules.system, if moved { chosen.len() } else { 0 });
    let mut links = Vec::new();
    let mut left_out: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
    let originals = originals(good, rules);
    for good in chosen {
        let place = good.path.get(rules.strip_components..).unwrap_or_default();
        if place.is_empty() {
            continue;
        }
        match fate(good, inside, &originals, rules)? {
            Fate::LeftOut(why) => left_out.entry(why).or_default().push(&good.item.entry.name),
            Fate::Made(made) if !moved || outside.add(place, made)? => {
                if let (EntryKind::Link, Some(target)) = (made.entry.kind, made.target) {
                    links.push((place, target, &made.entry.name));
                }
                let path = place.iter().collect();
                plan.placements.push(Placement { entry: made.index, path, kind: what(made) });
            }
            Fate::Made(_) => {}
        }
    }
    if rules.symlinks == Symlinks::KeepInside {
        stay_inside(&links, rules)?;
    }
    plan.warnings = warnings(&plan, &left_out);
    let are_links = |good: &&Good<'_>| good.item.entry.kind == EntryKind::Link;
    if rules.links() != rules.symlinks && chosen.iter().any(are_links) {
        let why = "links cannot be made there, so what they point to is copied in their places";
        plan.warnings.insert(0, why.to_owned());
    }
    if plan.placements.is_empty() && !chosen.is_empty() && rules.strip_components > 0 {
        let depth = rules.strip_components;
        plan.warnings.push(format!("--strip-components {depth} leaves nothing of the archive"));
    }
    Ok(plan)
}

/// What becomes of an entry that was chosen.
enum Fate<'a> {
    /// This one is made in its place: the entry itself, or what its link points to.
    Made(TreeItem<'a>),
    LeftOut(&'static str),
}

fn fate<'a>(
    good: &Good<'a>,
    inside: &NameTree<'a>,
    originals: &Links,
    rules: &Rules,
) -> Result<Fate<'a>, ArchiveRefusal> {
    let Good { path, item } = good;
    let name = &item.entry.name;
    Ok(match (item.entry.kind, rules.links()) {
        (EntryKind::File | EntryKind::Folder, _) => Fate::Made(*item),
        (EntryKind::Special, _) => Fate::LeftOut("neither file nor folder nor link"),
        (EntryKind::Link, Symlinks::Skip) => Fate::LeftOut("links are skipped"),
        (EntryKind::Link, Symlinks::Copy) => {
            let led = originals.follow(path.iter().copied(), name)?;
            let led: Vec<&str> = led.iter().map(String::as_str).collect();
            match inside.get(&led) {
                Some(original) if original.entry.kind == EntryKind::File => Fate::Made(original),
                _ => Fate::LeftOut("the link points to no file of the archive"),
            }
        }
        (EntryKind::Link, Symlinks::KeepInside | Symlinks::All) if item.target.is_none() => {
            let entry = name.clone();
            return Err(ArchiveRefusal::LinkTarget { entry, why: "has no target" });
        }
        (EntryKind::Link, Symlinks::KeepInside | Symlinks::All) => Fate::Made(*item),
    })
}

/// Refuses links that lead out of the destination, by themselves or through each other.
fn stay_inside(links: &[(&[&str], &str, &String)], rules: &Rules) -> Result<(), ArchiveRefusal> {
    let mut all = Links::new(rules.system);
    for (place, target, _) in links {
        all.add(place.iter().copied(), target);
    }
    for (place, _, name) in links {
        all.follow(place.iter().copied(), name)?;
    }
    Ok(())
}

/// All links where they are inside the archive, for copies of what they point to.
fn originals(good: &[Good<'_>], rules: &Rules) -> Links {
    let mut links = Links::new(rules.system);
    if rules.links() == Symlinks::Copy {
        for Good { path, item } in good {
            if item.entry.kind == EntryKind::Link {
                links.add(path.iter().copied(), item.target.unwrap_or_default());
            }
        }
    }
    links
}

fn what(item: TreeItem<'_>) -> PlacementKind {
    let Entry { mode, modified, size, .. } = *item.entry;
    match item.entry.kind {
        EntryKind::Folder => PlacementKind::Folder { mode, modified },
        EntryKind::Link => {
            PlacementKind::Link { target: item.target.unwrap_or_default().to_owned() }
        }
        EntryKind::File | EntryKind::Special => PlacementKind::File { mode, modified, size },
    }
}

fn warnings(plan: &Plan, left_out: &BTreeMap<&'static str, Vec<&str>>) -> Vec<String> {
    let left_out = left_out.iter();
    let mut warnings: Vec<String> =
        left_out.map(|(why, names)| format!("left out {}: {why}", listed(names, 3))).collect();
    let git = |placement: &Placement| {
        let first = placement.path.components().next();
        first.is_some_and(|first| first.as_os_str().eq_ignore_ascii_case(".git"))
    };
    if plan.placements.iter().any(git) {
        let acts = "whose hooks and settings act on whoever runs git there";
        warnings.push(format!("the archive brings a `.git`, {acts}"));
    }
    warnings
}

#[cfg(test)]
mod tests;
