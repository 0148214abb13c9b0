//! Step 4: the plan of an archive, which says where each entry is extracted, or its refusal.
//!
//! Every name is checked, also that of an entry that is not chosen: an archive with one hostile
//! entry is not trusted with the others. A refusal always concerns the whole archive, so that it is
//! never extracted in part.

use std::collections::BTreeMap;

use super::file_pattern::{Matched, Patterns};
use super::link::{Links, Symlinks};
use super::name::{System, components, os_str, path, split};
use super::name_tree::{NameTree, TreeItem};
use crate::model::{DEFAULT_MAX_ENTRIES, Entry, EntryKind, RawPath};
use crate::plan::{HeldPaths, Placement, PlacementKind, Plan};
use crate::refusal::{ArchiveRefusal, Refusal};
use crate::sanitize::{escape_bytes, join_names};

/// The options for extracting an archive.
#[derive(Debug, Clone)]
pub struct FileRules {
    pub patterns: Patterns,
    /// The number of leading folders to remove from each path. Entries with no more components are
    /// left out.
    pub strip_components: usize,
    pub symlinks: Symlinks,
    /// Symlinks can be created in the destination. If not, `KeepInside` copies files instead.
    pub takes_links: bool,
    /// The maximum sum of the extracted sizes of the chosen files, in bytes.
    pub max_size: u64,
    /// The maximum number of entries and of folders that they imply.
    pub max_entries: usize,
    pub system: System,
    /// The plan also tells the paths of all entries, for `--delete`.
    pub lists_held: bool,
}

impl Default for FileRules {
    fn default() -> FileRules {
        FileRules {
            patterns: Patterns::default(),
            strip_components: 0,
            symlinks: Symlinks::default(),
            takes_links: true,
            max_size: 64 << 30,
            max_entries: DEFAULT_MAX_ENTRIES,
            system: System::here(),
            lists_held: false,
        }
    }
}

impl FileRules {
    /// Returns the treatment of symlinks that is possible in the destination.
    fn links(&self) -> Symlinks {
        match self.symlinks {
            Symlinks::KeepInside if !self.takes_links => Symlinks::Copy,
            symlinks => symlinks,
        }
    }
}

/// Plans the extraction of an archive. `targets` holds the target of each of [`links`], by the index
/// of its entry.
///
/// # Errors
/// An [`ArchiveRefusal`], or [`Refusal::NoFile`] if the patterns match nothing.
pub fn files(
    entries: &[Entry],
    targets: &BTreeMap<usize, RawPath>,
    rules: &FileRules,
) -> Result<Plan, Refusal> {
    if entries.len() > rules.max_entries {
        let (entries, most) = (entries.len(), rules.max_entries);
        return Err(ArchiveRefusal::TooMany { entries, most }.into());
    }
    let mut inside = NameTree::new(rules.system, rules.max_entries, entries.len());
    let valid = validate(entries, targets, rules, &mut inside)?;
    // The tree is large, and read again only to copy the files that symlinks point to.
    if rules.links() != Symlinks::Copy {
        inside = NameTree::new(rules.system, 0, 0);
    }
    let mut matched = Matched::default();
    let (mut chosen, mut path) = (Vec::with_capacity(valid.len()), Vec::new());
    for item in &valid {
        path.clear();
        path.extend(split(&item.entry.name));
        if rules.patterns.choose_and_mark(&path, &mut matched) {
            chosen.push(item);
        }
    }
    let typed = rules.patterns.typed();
    if chosen.is_empty() && !typed.is_empty() {
        let files = valid.iter().filter(|file| file.entry.kind != EntryKind::Folder);
        let path = |file: &TreeItem<'_>| split(&file.entry.name).collect::<Vec<_>>().join(&b'/');
        let seen = files.map(|file| escape_bytes(&path(file)).into_owned()).collect();
        return Err(Refusal::NoFile { wanted: typed.to_vec(), seen });
    }
    let mut plan = place(&chosen, &valid, &inside, rules)?;
    plan.unmatched = rules.patterns.unmatched(&matched);
    if rules.lists_held {
        plan.held = held(&valid, rules.strip_components);
    }
    if plan.size() > u128::from(rules.max_size) {
        return Err(ArchiveRefusal::TooLarge { size: plan.size(), most: rules.max_size }.into());
    }
    Ok(plan)
}

/// Returns the indices of the symlinks whose targets [`files`] needs.
pub fn links(entries: &[Entry], rules: &FileRules) -> Vec<usize> {
    let matters = |entry: &Entry| match rules.links() {
        Symlinks::Skip => false,
        // A symlink may lead through any other.
        Symlinks::Copy => true,
        Symlinks::KeepInside | Symlinks::All => {
            let path = components(&entry.name, entry.kind, rules.system);
            path.is_ok_and(|path| rules.patterns.choose(&path))
        }
    };
    let links = entries.iter().enumerate().filter(|(_, entry)| entry.kind == EntryKind::Link);
    links.filter(|(_, entry)| matters(entry)).map(|(index, _)| index).collect()
}

/// Checks every name and method, and that no two entries exclude each other. Returns the entries
/// that have a path; their paths are not kept, because they would take more memory than the rest.
fn validate<'a>(
    entries: &'a [Entry],
    targets: &'a BTreeMap<usize, RawPath>,
    rules: &FileRules,
    inside: &mut NameTree<'a>,
) -> Result<Vec<TreeItem<'a>>, ArchiveRefusal> {
    let mut valid = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let path = components(&entry.name, entry.kind, rules.system)?;
        if entry.kind == EntryKind::Folder && entry.size > 0 {
            return Err(ArchiveRefusal::FolderWithContent { entry: entry.name.to_string() });
        }
        if entry.method.unreadable().is_some() {
            let (entry, method) = (entry.name.to_string(), entry.method);
            return Err(ArchiveRefusal::Unreadable { entry, method });
        }
        let target = targets.get(&index);
        if rules.system != System::Unix && target.is_some_and(|target| !target.is_utf8()) {
            let (entry, why) = (entry.name.to_string(), "has a target that is not UTF-8");
            return Err(ArchiveRefusal::LinkTarget { entry, why });
        }
        let item = TreeItem { index, entry, target };
        if !path.is_empty() && inside.add(&path, item)? {
            valid.push(item);
        }
    }
    Ok(valid)
}

/// Returns the paths of all entries, also of those that are not chosen.
fn held(valid: &[TreeItem<'_>], strip_components: usize) -> HeldPaths {
    let mut held = HeldPaths::default();
    for item in valid {
        let components: Vec<&[u8]> = split(&item.entry.name).collect();
        if let Some((stripped, path)) = components.split_at_checked(strip_components)
            && !path.is_empty()
        {
            held.paths.push(self::path(path));
            held.stripped.insert(self::path(stripped));
        }
    }
    held
}

fn place(
    chosen: &[&TreeItem<'_>],
    valid: &[TreeItem<'_>],
    inside: &NameTree<'_>,
    rules: &FileRules,
) -> Result<Plan, ArchiveRefusal> {
    let mut plan = Plan { placements: Vec::with_capacity(chosen.len()), ..Plan::default() };
    // Removing leading folders can make two paths equal.
    let strips = rules.strip_components > 0;
    let mut outside =
        NameTree::new(rules.system, usize::MAX, if strips { chosen.len() } else { 0 });
    let mut links = Vec::new();
    let mut left_out: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let originals = originals(valid, rules);
    let mut place = Vec::new();
    for chosen in chosen {
        place.clear();
        place.extend(split(&chosen.entry.name).skip(rules.strip_components));
        if place.is_empty() {
            continue;
        }
        match decide(chosen, inside, &originals, rules)? {
            Decision::LeaveOut(why) => {
                left_out.entry(why).or_default().push(chosen.entry.name.to_string())
            }
            Decision::Extract(item) if !strips || outside.add(&place, item)? => {
                if let (EntryKind::Link, Some(target)) = (item.entry.kind, item.target) {
                    links.push((place.clone(), target, &item.entry.name));
                }
                let path = path(&place);
                plan.placements.push(Placement {
                    entry: item.index,
                    path,
                    kind: placement_kind(item),
                });
            }
            Decision::Extract(_) => {}
        }
    }
    if rules.symlinks == Symlinks::KeepInside {
        stay_inside(&links, rules)?;
    }
    plan.warnings = warnings(&plan, &left_out);
    let are_links = |item: &&TreeItem<'_>| item.entry.kind == EntryKind::Link;
    if rules.links() != rules.symlinks && chosen.iter().any(are_links) {
        let why = "links cannot be made there, so what they point to is copied in their places";
        plan.warnings.insert(0, why.to_owned());
    }
    if plan.placements.is_empty() && !chosen.is_empty() && strips {
        let depth = rules.strip_components;
        plan.warnings.push(format!("--strip-components {depth} leaves nothing of the archive"));
    }
    Ok(plan)
}

/// The decision about a chosen entry.
enum Decision<'a> {
    /// Extracts this entry: the chosen one, or the file that the chosen symlink points to.
    Extract(TreeItem<'a>),
    LeaveOut(&'static str),
}

fn decide<'a>(
    item: &TreeItem<'a>,
    inside: &NameTree<'a>,
    originals: &Links,
    rules: &FileRules,
) -> Result<Decision<'a>, ArchiveRefusal> {
    let name = &item.entry.name;
    Ok(match (item.entry.kind, rules.links()) {
        (EntryKind::File | EntryKind::Folder, _) => Decision::Extract(*item),
        (EntryKind::Special, _) => Decision::LeaveOut("neither file nor folder nor link"),
        (EntryKind::Link, Symlinks::Skip) => Decision::LeaveOut("links are skipped"),
        (EntryKind::Link, Symlinks::Copy) => {
            let led = originals.follow(split(name), &name.to_string())?;
            match inside.get(&led) {
                Some(original) if original.entry.kind == EntryKind::File => {
                    Decision::Extract(original)
                }
                _ => Decision::LeaveOut("the link points to no file of the archive"),
            }
        }
        (EntryKind::Link, Symlinks::KeepInside | Symlinks::All) if item.target.is_none() => {
            let entry = name.to_string();
            return Err(ArchiveRefusal::LinkTarget { entry, why: "has no target" });
        }
        (EntryKind::Link, Symlinks::KeepInside | Symlinks::All) => Decision::Extract(*item),
    })
}

/// Refuses symlinks that lead out of the destination, directly or through each other.
fn stay_inside(
    links: &[(Vec<&[u8]>, &RawPath, &RawPath)],
    rules: &FileRules,
) -> Result<(), ArchiveRefusal> {
    let mut all = Links::new(rules.system);
    for (place, target, _) in links {
        all.add(place.iter().copied(), target);
    }
    for (place, _, name) in links {
        all.follow(place.iter().copied(), &name.to_string())?;
    }
    Ok(())
}

/// Returns all symlinks at their paths inside the archive, to find the files to copy.
fn originals(valid: &[TreeItem<'_>], rules: &FileRules) -> Links {
    let mut links = Links::new(rules.system);
    if rules.links() == Symlinks::Copy {
        for item in valid.iter().filter(|item| item.entry.kind == EntryKind::Link) {
            links.add(split(&item.entry.name), item.target.map_or(b"", |target| target));
        }
    }
    links
}

fn placement_kind(item: TreeItem<'_>) -> PlacementKind {
    let Entry { mode, modified, size, crc32, .. } = *item.entry;
    match item.entry.kind {
        EntryKind::Folder => PlacementKind::Folder { mode, modified },
        EntryKind::Link => {
            let target = item.target.map(|target| os_str(target).to_owned());
            PlacementKind::Link { target: target.unwrap_or_default() }
        }
        EntryKind::File | EntryKind::Special => PlacementKind::File { mode, modified, size, crc32 },
    }
}

fn warnings(plan: &Plan, left_out: &BTreeMap<&'static str, Vec<String>>) -> Vec<String> {
    let left_out = left_out.iter();
    let mut warnings: Vec<String> =
        left_out.map(|(why, names)| format!("left out {}: {why}", join_names(names, 3))).collect();
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
