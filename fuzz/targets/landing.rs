//! An archive becomes files in a folder where everything that is not as it should be is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Read, Seek};
use std::path::{Component, Path, PathBuf};

use downriver::archive::{Archive, Seeking};
use downriver::disk::Staging;
use downriver::extract;
use downriver::interrupt::Interrupt;
use downriver::model::EntryKind;
use downriver::plan::{OnConflict, Plan, What};
use downriver::select::files::{FileRules, files};
use downriver::select::link::Symlinks;
use tempfile::TempDir;

/// So small that a fuzzer does not spend its time on writing.
const MOST: u64 = 1 << 20;

/// Whatever an archive says, what is said about it does nothing to a terminal.
pub fn harmless(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}

pub fn rules() -> FileRules {
    FileRules { max_size: MOST, ..FileRules::default() }
}

/// Where each link points, as the walk asks for it.
pub fn targets<R: Read + Seek>(archive: &mut Archive<R>) -> Option<BTreeMap<usize, String>> {
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
                harmless(&error.to_string());
                return None;
            }
        };
    }
    Some(targets)
}

/// What a plan promises: ordinary paths, none of them twice, none below a link or a file.
pub fn judge(plan: &Plan, rules: &FileRules) {
    plan.warnings.iter().for_each(|warning| harmless(warning));
    assert!(plan.size() <= u128::from(rules.max_size));
    let (mut all, mut leaves) = (BTreeSet::new(), BTreeSet::new());
    for placement in &plan.placements {
        let mut parts = placement.path.components();
        assert!(parts.all(|part| matches!(part, Component::Normal(_))), "{placement:?}");
        assert!(placement.path.components().next().is_some(), "{placement:?}");
        let parts = placement.path.iter().map(|part| rules.system.key(part.to_str().unwrap()));
        let path: PathBuf = parts.collect();
        if !matches!(placement.what, What::Folder { .. }) {
            leaves.insert(path.clone());
        }
        assert!(all.insert(path), "twice: {placement:?}");
    }
    for path in &all {
        let above = path.ancestors().skip(1).find(|above| leaves.contains(*above));
        assert_eq!(above, None, "above {path:?}");
    }
}

/// Judges the archive and unpacks it in both ways, which must come to the same.
pub fn land(bytes: &[u8], traps: bool) {
    let open = || Archive::open(Cursor::new(bytes));
    let mut archive = match open() {
        Ok(archive) => archive,
        Err(error) => return harmless(&error.to_string()),
    };
    let Some(targets) = targets(&mut archive) else { return };
    let rules = rules();
    let plan = match files(archive.entries(), &targets, &rules) {
        Ok(plan) => plan,
        Err(refusal) => {
            refusal.hint().iter().for_each(|hint| harmless(hint));
            return harmless(&refusal.to_string());
        }
    };
    judge(&plan, &rules);

    let place = Place::new(traps);
    let staged = place.put(&plan, &rules, |staging| extract::stage(&mut archive, &plan, staging));
    if let Some(staged) = &staged {
        for (entry, path) in files_of(&plan) {
            let mut copied = Vec::new();
            archive.copy(entry, &mut copied).unwrap();
            assert_eq!(staged[path], Thing::File(copied), "{path:?}");
        }
    }

    let Ok(archive) = open() else { unreachable!("it could be opened before") };
    if archive.is_orderly() {
        let layout = archive.into_layout();
        let place = Place::new(traps);
        let body = Seeking::new(Cursor::new(bytes), 1 << 16);
        let streamed =
            place.put(&plan, &rules, |staging| extract::stream(&layout, body, &plan, staging));
        if streamed.is_some() {
            assert_eq!(streamed, staged);
        }
    }
}

fn files_of(plan: &Plan) -> impl Iterator<Item = (usize, &Path)> {
    plan.placements.iter().filter_map(|placement| match placement.what {
        What::File { .. } => Some((placement.entry, placement.path.as_path())),
        What::Folder { .. } | What::Link { .. } => None,
    })
}

#[derive(Debug, PartialEq)]
enum Thing {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

/// A destination, and beside it what nobody may touch.
struct Place {
    folder: TempDir,
    traps: bool,
    before: BTreeMap<PathBuf, Thing>,
}

impl Place {
    /// With `traps`, what an archive likes to call its entries are links that lead out.
    fn new(traps: bool) -> Place {
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
        let before = things(&folder.path().join("other"));
        Place { folder, traps, before }
    }

    /// What is in the destination afterwards, if all went well; and all that must hold anyway.
    fn put(
        &self,
        plan: &Plan,
        rules: &FileRules,
        stage: impl FnOnce(&mut Staging) -> anyhow::Result<()>,
    ) -> Option<BTreeMap<PathBuf, Thing>> {
        let dest = self.folder.path().join("dest");
        let old = things(&dest);
        let mut staging = Staging::new_in(&dest, &Interrupt::default()).unwrap();
        let placed = match stage(&mut staging) {
            Ok(()) => {
                staging.put_in_place(OnConflict::Overwrite).map_err(|error| error.to_string())
            }
            Err(error) => {
                drop(staging);
                Err(format!("{error:#}"))
            }
        };
        assert_eq!(things(&self.folder.path().join("other")), self.before);
        let beside: BTreeSet<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(beside, ["dest", "other"].map(Into::into).into());
        let new = things(&dest);
        if let Err(error) = placed {
            harmless(&error);
            assert_eq!(new, old, "left behind after: {error}");
            return None;
        }
        for placement in &plan.placements {
            let thing = new.get(&placement.path);
            match (&placement.what, thing) {
                (What::Folder { .. }, Some(Thing::Folder)) => {}
                (What::File { size, .. }, Some(Thing::File(bytes))) => {
                    assert_eq!(bytes.len() as u64, *size);
                }
                (What::Link { target }, Some(Thing::Link(led))) => {
                    assert_eq!(led, Path::new(target));
                    self.stays(&dest.join(&placement.path), rules);
                }
                _ => panic!("{placement:?} became {thing:?}"),
            }
        }
        Some(new)
    }

    /// Where the system itself follows a link to, it stays in the destination; what links were
    /// there before is the user's affair.
    fn stays(&self, link: &Path, rules: &FileRules) {
        if rules.symlinks == Symlinks::KeepInside
            && !self.traps
            && let Ok(led) = link.canonicalize()
        {
            let dest = self.folder.path().join("dest").canonicalize().unwrap();
            assert!(led.starts_with(&dest), "{link:?} leads to {led:?}");
        }
    }
}

/// Everything below a folder, no link followed.
fn things(folder: &Path) -> BTreeMap<PathBuf, Thing> {
    let (mut all, mut left) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let (path, kind) =
                entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
            let thing = if kind.is_symlink() {
                Thing::Link(fs::read_link(&path).unwrap())
            } else if kind.is_dir() {
                left.push(path.clone());
                Thing::Folder
            } else {
                Thing::File(fs::read(&path).unwrap())
            };
            all.insert(path.strip_prefix(folder).unwrap().to_owned(), thing);
        }
    }
    all
}
