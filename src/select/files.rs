//! Step 4: the plan of an archive, which says where each entry is extracted, or its refusal.
//!
//! Every name is checked, also that of an entry that is not chosen: an archive with one hostile
//! entry is not trusted with the others. A refusal always concerns the whole archive, so that it is
//! never extracted in part.

use std::collections::BTreeMap;

use super::file_pattern::{Matched, Patterns};
use super::link::{Links, Symlinks};
use super::name::{System, components, split};
use super::name_tree::{Item, Items, NameTree};
use crate::model::{DEFAULT_MAX_ENTRIES, Entry, EntryKind, RawPath, os_str};
use crate::plan::{HeldPaths, Placement, PlacementKind, PlacementPath, Plan};
use crate::refusal::{ArchiveRefusal, Refusal};
use crate::sanitize::{escape_bytes, join_names};
use crate::temp_name::is_temp_dir;

/// The reason to leave out entries that a later run would remove as the leftovers of a killed run.
const LIKE_TEMP_DIR: &str = "named like the temporary folder of a run";

/// The options for extracting an archive.
#[derive(Debug, Clone)]
pub struct FileRules {
    pub patterns: Patterns,
    /// The number of leading folders to remove from each path. Entries with no more components are
    /// left out.
    pub strip_components: usize,
    /// Removes all folders from each path, and leaves the entries of folders out. Not together with
    /// `lists_held`.
    pub flatten: bool,
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
            flatten: false,
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

    /// Replaces the components in `path` by those of the path of an entry below the destination.
    /// There are none for an entry that is left out.
    fn write_path<'a>(&self, entry: &'a Entry, path: &mut Vec<&'a [u8]>) {
        path.clear();
        match self.flatten {
            true if entry.kind == EntryKind::Folder => {}
            true => path.extend(split(&entry.name).last()),
            false => path.extend(split(&entry.name).skip(self.strip_components)),
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
    // Plans number entries by 32 bits.
    let most = rules.max_entries.min(u32::MAX as usize);
    if entries.len() > most {
        return Err(ArchiveRefusal::TooMany { entries: entries.len(), most }.into());
    }
    let items = Items { entries, targets };
    let mut inside = NameTree::new(rules.system, items, most, entries.len());
    let valid = validate(items, rules, &mut inside)?;
    // The tree is large, and needed only to copy the files that symlinks point to.
    let inside = Some(inside).filter(|_| rules.links() == Symlinks::Copy);
    let mut matched = Matched::default();
    let mut path = Vec::new();
    let mut chosen = valid.clone();
    chosen.retain(|index| {
        path.clear();
        path.extend(split(&items.get(*index).entry.name));
        rules.patterns.choose_and_mark(&path, &mut matched)
    });
    let typed = rules.patterns.typed();
    if chosen.is_empty() && !typed.is_empty() {
        let files = items.of(&valid).filter(|file| file.entry.kind != EntryKind::Folder);
        let path = |file: Item<'_>| split(&file.entry.name).collect::<Vec<_>>().join(&b'/');
        let seen = files.map(|file| escape_bytes(&path(file)).into_owned()).collect();
        return Err(Refusal::NoFile { wanted: typed.to_vec(), seen });
    }
    let mut plan = place(items, &chosen, &valid, inside.as_ref(), rules)?;
    plan.unmatched = rules.patterns.unmatched(&matched);
    if rules.lists_held {
        plan.held = held(items.of(&valid), rules.strip_components);
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

/// Checks every name and method, and that no two entries exclude each other. Returns the indices of
/// the entries that have a path; their paths are not kept, because they would take more memory than
/// the rest.
fn validate<'a>(
    items: Items<'a>,
    rules: &FileRules,
    inside: &mut NameTree<'a>,
) -> Result<Vec<u32>, ArchiveRefusal> {
    let mut valid = Vec::with_capacity(items.entries.len());
    for index in (0..).take(items.entries.len()) {
        let item @ Item { entry, target, .. } = items.get(index);
        let path = components(&entry.name, entry.kind, rules.system)?;
        if entry.kind == EntryKind::Folder && entry.size > 0 {
            return Err(ArchiveRefusal::FolderWithContent { entry: entry.name.to_string() });
        }
        if entry.method.unreadable().is_some() {
            let (entry, method) = (entry.name.to_string(), entry.method);
            return Err(ArchiveRefusal::Unreadable { entry, method });
        }
        if rules.system != System::Unix && target.is_some_and(|target| !target.is_utf8()) {
            let (entry, why) = (entry.name.to_string(), "has a target that is not UTF-8");
            return Err(ArchiveRefusal::LinkTarget { entry, why });
        }
        if !path.is_empty() && inside.add(&path, item)? {
            valid.push(index);
        }
    }
    Ok(valid)
}

/// Returns the paths of all entries, also of those that are not chosen.
fn held<'a>(valid: impl Iterator<Item = Item<'a>>, strip_components: usize) -> HeldPaths {
    let mut held = HeldPaths::default();
    for Item { entry: Entry { name, .. }, .. } in valid {
        let components: Vec<&[u8]> = split(name).collect();
        if let Some((stripped, path)) = components.split_at_checked(strip_components)
            && !path.is_empty()
        {
            held.paths.push(PlacementPath::new(path, name));
            held.stripped.insert(PlacementPath::new(stripped, name));
        }
    }
    held
}

fn place(
    items: Items<'_>,
    chosen: &[u32],
    valid: &[u32],
    inside: Option<&NameTree<'_>>,
    rules: &FileRules,
) -> Result<Plan, ArchiveRefusal> {
    let mut plan = Plan { placements: Vec::with_capacity(chosen.len()), ..Plan::default() };
    // Removing folders can make two paths equal.
    let moved = rules.strip_components > 0 || rules.flatten;
    let capacity = if moved { chosen.len() } else { 0 };
    let mut outside = NameTree::new(rules.system, items, usize::MAX, capacity);
    let mut links = Vec::new();
    let mut left_out: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let originals = originals(items.of(valid), rules);
    let mut path = Vec::new();
    for chosen in items.of(chosen) {
        rules.write_path(chosen.entry, &mut path);
        if path.is_empty() {
            continue;
        }
        let decision = match path.iter().any(|component| is_temp_dir(component)) {
            true => Decision::LeaveOut(LIKE_TEMP_DIR),
            false => decide(&chosen, inside, &originals, rules)?,
        };
        let item = match decision {
            Decision::Extract(item) => item,
            Decision::LeaveOut(why) => {
                left_out.entry(why).or_default().push(chosen.entry.name.to_string());
                continue;
            }
        };
        // Of equal entries at one path, the first is extracted.
        if moved && !outside.add(&path, item).map_err(at_same_path)? {
            continue;
        }
        if let (EntryKind::Link, Some(target)) = (item.entry.kind, item.target) {
            links.push((path.clone(), target, &item.entry.name));
        }
        plan.placements.push(Placement {
            entry: item.index,
            path: PlacementPath::new(&path, &chosen.entry.name),
            kind: placement_kind(item),
        });
    }
    if rules.symlinks == Symlinks::KeepInside {
        stay_inside(&links, rules)?;
    }
    plan.warnings = warnings(&plan, &left_out);
    let is_link = |item: Item<'_>| item.entry.kind == EntryKind::Link;
    if rules.links() != rules.symlinks && items.of(chosen).any(is_link) {
        let why = "links cannot be made there, so what they point to is copied in their places";
        plan.warnings.insert(0, why.to_owned());
    }
    if plan.placements.is_empty() && !chosen.is_empty() && rules.strip_components > 0 {
        let depth = rules.strip_components;
        plan.warnings.push(format!("--strip-components {depth} leaves nothing of the archive"));
    }
    Ok(plan)
}

/// Converts the refusal of an entry whose path has lost its folders.
fn at_same_path(refusal: ArchiveRefusal) -> ArchiveRefusal {
    match refusal {
        ArchiveRefusal::Double { entry } => ArchiveRefusal::SamePath { path: entry },
        other => other,
    }
}

/// The decision about a chosen entry.
enum Decision<'a> {
    /// Extracts this entry: the chosen one, or the file that the chosen symlink points to.
    Extract(Item<'a>),
    LeaveOut(&'static str),
}

fn decide<'a>(
    item: &Item<'a>,
    inside: Option<&NameTree<'a>>,
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
            match inside.and_then(|inside| inside.get(&led)) {
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
    for (path, target, _) in links {
        all.add(path.iter().copied(), target);
    }
    for (path, _, name) in links {
        all.follow(path.iter().copied(), &name.to_string())?;
    }
    Ok(())
}

/// Returns all symlinks at their paths inside the archive, to find the files to copy.
fn originals<'a>(valid: impl Iterator<Item = Item<'a>>, rules: &FileRules) -> Links {
    let mut links = Links::new(rules.system);
    if rules.links() == Symlinks::Copy {
        for item in valid.filter(|item| item.entry.kind == EntryKind::Link) {
            links.add(split(&item.entry.name), item.target.map_or(b"", |target| target));
        }
    }
    links
}

fn placement_kind(item: Item<'_>) -> PlacementKind {
    let Entry { mode, size, crc32, .. } = *item.entry;
    let modified = item.entry.modified();
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
