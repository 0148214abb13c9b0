//! Extraction of an archive into a temporary folder, with checks that nothing else is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io::{Cursor, Read, Seek};
use std::path::{Component, Path, PathBuf};

use downriver::archive::{Archive, SeekReader};
use downriver::disk::Staging;
use downriver::error::Error;
use downriver::extract::{extract_archive, extract_stream};
use downriver::interrupt::Interrupt;
use downriver::model::{EntryKind, RawPath};
use downriver::plan::{OnConflict, PlacementKind, Plan};
use downriver::select::files::{FileRules, files};
use downriver::select::link::Symlinks;
use tempfile::TempDir;

/// Limit of the extracted bytes, small enough that writing does not dominate the run.
const MAX_SIZE: u64 = 1 << 20;

/// Asserts that a message contains no control characters for a terminal.
pub fn assert_harmless(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}

pub fn rules() -> FileRules {
    FileRules { max_size: MAX_SIZE, ..FileRules::default() }
}

/// Returns the targets of all links by the index of their entry, `None` if one is invalid.
pub fn targets<R: Read + Seek>(archive: &mut Archive<R>) -> Option<BTreeMap<usize, RawPath>> {
    let entries = archive.entries().iter().enumerate();
    let links: Vec<usize> = entries
        .filter(|(_, entry)| entry.kind == EntryKind::Link)
        .map(|(index, _)| index)
        .collect();
    let mut targets = BTreeMap::new();
    for index in links {
        match archive.link_target(index) {
            Ok(target) => targets.insert(index, target),
            Err(error) => {
                assert_harmless(&error.to_string());
                return None;
            }
        };
    }
    Some(targets)
}

/// Asserts the invariants of a plan: ordinary unique paths, none of them below a link or a file.
pub fn check_plan(plan: &Plan, rules: &FileRules) {
    plan.warnings.iter().for_each(|warning| assert_harmless(warning));
    assert!(plan.size() <= u128::from(rules.max_size));
    let (mut all, mut leaves) = (BTreeSet::new(), BTreeSet::new());
    for placement in &plan.placements {
        let mut parts = placement.path.components();
        assert!(parts.all(|part| matches!(part, Component::Normal(_))), "{placement:?}");
        assert!(placement.path.components().next().is_some(), "{placement:?}");
        let parts = placement.path.iter().map(|part| part.as_encoded_bytes());
        let parts = parts.map(|part| OsString::from(rules.system.key(part).escape_ascii().to_string()));
        let path: PathBuf = parts.collect();
        if !matches!(placement.kind, PlacementKind::Folder { .. }) {
            leaves.insert(path.clone());
        }
        assert!(all.insert(path), "twice: {placement:?}");
    }
    for path in &all {
        let above = path.ancestors().skip(1).find(|above| leaves.contains(*above));
        assert_eq!(above, None, "above {path:?}");
    }
}

/// Validates an archive and extracts it from a file and as a stream, with equal results. `traps`
/// puts symlinks into the destination.
pub fn check_extraction(bytes: &[u8], traps: bool) {
    let open = || Archive::open_validated(Cursor::new(bytes), usize::MAX);
    let mut archive = match open() {
        Ok(archive) => archive,
        Err(error) => return assert_harmless(&error.to_string()),
    };
    let Some(targets) = targets(&mut archive) else { return };
    let rules = rules();
    let plan = match files(archive.entries(), &targets, &rules) {
        Ok(plan) => plan,
        Err(refusal) => {
            refusal.hint().iter().for_each(|hint| assert_harmless(hint));
            return assert_harmless(&refusal.to_string());
        }
    };
    check_plan(&plan, &rules);

    let destination = Destination::new(traps);
    let extracted =
        destination.extract(&plan, &rules, |staging| extract_archive(&mut archive, &plan, staging));
    if let Some(files) = &extracted {
        for (entry, path) in files_of(&plan) {
            let mut copied = Vec::new();
            archive.copy(entry, &mut copied).unwrap();
            assert_eq!(files[path], Item::File(copied), "{path:?}");
        }
    }

    let Ok(archive) = open() else { unreachable!("it could be opened before") };
    if archive.is_streamable() {
        let layout = archive.into_layout();
        let destination = Destination::new(traps);
        let body = SeekReader::new(Cursor::new(bytes), 1 << 16);
        let streamed = destination
            .extract(&plan, &rules, |staging| extract_stream(&layout, body, &plan, staging));
        if streamed.is_some() {
            assert_eq!(streamed, extracted);
        }
    }
}

fn files_of(plan: &Plan) -> impl Iterator<Item = (usize, &Path)> {
    plan.placements.iter().filter_map(|placement| match placement.kind {
        PlacementKind::File { .. } => Some((placement.entry as usize, &*placement.path)),
        PlacementKind::Folder { .. } | PlacementKind::Link { .. } => None,
    })
}

#[derive(Debug, PartialEq)]
enum Item {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

/// A destination folder, and a folder beside it that must not change.
struct Destination {
    folder: TempDir,
    traps: bool,
    before: BTreeMap<PathBuf, Item>,
}

impl Destination {
    /// With `traps`, the destination contains symlinks out of it, under likely entry names.
    fn new(traps: bool) -> Destination {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("other")).unwrap();
        fs::write(folder.path().join("other/kept"), "kept").unwrap();
        fs::create_dir(folder.path().join("dest")).unwrap();
        if traps {
            let link = |target, name: &str| {
                std::os::unix::fs::symlink(target, folder.path().join("dest").join(name)).unwrap();
            };
            link("../other", "a");
            link("../other/kept", "b");
            link("nowhere", "c");
        }
        let before = contents(&folder.path().join("other"));
        Destination { folder, traps, before }
    }

    /// Runs an extraction and commits it. Returns the content of the destination, `None` if the
    /// extraction failed, which must leave no changes.
    fn extract(
        &self,
        plan: &Plan,
        rules: &FileRules,
        stage: impl FnOnce(&mut Staging) -> Result<(), Error>,
    ) -> Option<BTreeMap<PathBuf, Item>> {
        let dest = self.folder.path().join("dest");
        let old = contents(&dest);
        let mut staging = Staging::new_in(&dest, &Interrupt::default()).unwrap();
        let committed = match stage(&mut staging) {
            Ok(()) => staging.commit(OnConflict::Overwrite).map_err(|error| error.to_string()),
            Err(error) => {
                drop(staging);
                Err(error.to_string())
            }
        };
        assert_eq!(contents(&self.folder.path().join("other")), self.before);
        let beside: BTreeSet<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(beside, ["dest", "other"].map(Into::into).into());
        let new = contents(&dest);
        if let Err(error) = committed {
            assert_harmless(&error);
            assert_eq!(new, old, "left behind after: {error}");
            return None;
        }
        for placement in &plan.placements {
            let item = new.get(&*placement.path);
            match (&placement.kind, item) {
                (PlacementKind::Folder { .. }, Some(Item::Folder)) => {}
                (PlacementKind::File { size, .. }, Some(Item::File(bytes))) => {
                    assert_eq!(bytes.len() as u64, *size);
                }
                (PlacementKind::Link { target }, Some(Item::Link(path))) => {
                    assert_eq!(path, Path::new(target));
                    self.assert_inside(&dest.join(&placement.path), rules);
                }
                _ => panic!("{placement:?} became {item:?}"),
            }
        }
        Some(new)
    }

    /// Asserts that the system resolves a link to a path in the destination. Not with `traps`,
    /// because symlinks that existed before may lead anywhere.
    fn assert_inside(&self, link: &Path, rules: &FileRules) {
        if rules.symlinks == Symlinks::KeepInside
            && !self.traps
            && let Ok(led) = link.canonicalize()
        {
            let dest = self.folder.path().join("dest").canonicalize().unwrap();
            assert!(led.starts_with(&dest), "{link:?} leads to {led:?}");
        }
    }
}

/// Returns everything below a folder without following links.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Item> {
    let (mut all, mut left) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let (path, kind) =
                entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
            let item = if kind.is_symlink() {
                Item::Link(fs::read_link(&path).unwrap())
            } else if kind.is_dir() {
                left.push(path.clone());
                Item::Folder
            } else {
                Item::File(fs::read(&path).unwrap())
            };
            all.insert(path.strip_prefix(folder).unwrap().to_owned(), item);
        }
    }
    all
}
