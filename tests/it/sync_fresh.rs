//! `--sync --delete` over random trees against a fetch into an empty folder, and over what that
//! left: nothing more is to be done.
//!
//! About forty pairs by default; `DOWNRIVER_SYNC_PAIRS` sets another number.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::fake::{Fake, World};
use crate::folder::takes_links;
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::downstream;
use crate::zip_builder::{ZipItem, file, folder, link, zip};

/// Names in several cases and Unicode forms; the last ones are one name on some systems.
const NAMES: [&str; 9] = ["a", "b", "c d", "Größe", "讀我", "x.o", "é", "e\u{301}", "A"];
const DEPTH: usize = 3;

/// The entry at a path.
#[derive(Clone)]
enum Node {
    File { seed: u8, length: usize, mode: u32 },
    Folder { mode: u32, listed: bool, inner: Vec<(&'static str, Node)> },
    Link(&'static str),
}

struct Random(fastrand::Rng);

impl Random {
    /// Returns a tree; the names of a folder differ.
    fn tree(&mut self, depth: usize) -> Vec<(&'static str, Node)> {
        let names = if cfg!(target_os = "linux") { &NAMES[..] } else { &NAMES[..6] };
        let chosen = self.0.choose_multiple(names.iter(), names.len() / 2);
        chosen.into_iter().map(|name| (*name, self.node(depth))).collect()
    }

    fn node(&mut self, depth: usize) -> Node {
        match self.0.usize(..10) {
            0 if takes_links() => Node::Link(["a", "b", "c d"][self.0.usize(..3)]),
            1..=4 if depth < DEPTH => Node::Folder {
                mode: [0o755, 0o700, 0o775][self.0.usize(..3)],
                listed: self.0.bool(),
                inner: self.tree(depth + 1),
            },
            _ => Node::File {
                seed: self.0.u8(..3),
                length: [0, 1, 900, 3000][self.0.usize(..4)],
                mode: [0o644, 0o755, 0o600][self.0.usize(..3)],
            },
        }
    }

    /// Returns a tree that differs from another one in some places.
    fn changed(
        &mut self,
        tree: &[(&'static str, Node)],
        depth: usize,
    ) -> Vec<(&'static str, Node)> {
        let mut changed = Vec::new();
        for (name, node) in tree {
            match (self.0.usize(..8), node) {
                (0, _) => {}
                (1, _) => changed.push((*name, self.node(depth))),
                (2, Node::File { seed, length, .. }) => {
                    let (seed, length) = (*seed, *length);
                    changed.push((*name, Node::File { seed, length, mode: 0o711 }));
                }
                (3, Node::File { length, mode, .. }) => {
                    let (length, mode) = (*length, *mode);
                    changed.push((*name, Node::File { seed: 9, length, mode }));
                }
                (_, Node::Folder { mode, listed, inner }) => {
                    let inner = self.changed(inner, depth + 1);
                    let (mode, listed) = (*mode, *listed);
                    changed.push((*name, Node::Folder { mode, listed, inner }));
                }
                (_, node) => changed.push((*name, node.clone())),
            }
        }
        let spare = self.node(depth);
        if !changed.iter().any(|(name, _)| *name == "x.o") {
            changed.push(("x.o", spare));
        }
        changed
    }
}

fn content(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|i| (i as u8).wrapping_mul(7).wrapping_add(seed)).collect()
}

/// Lists a tree as entries. A folder has an entry of its own where it is `listed` or empty.
fn entries(tree: &[(&'static str, Node)], above: &str, items: &mut Vec<ZipItem>) {
    for (name, node) in tree {
        let path = format!("{above}{name}");
        match node {
            Node::File { seed, length, mode } => {
                let item = file(path, content(*seed, *length)).mode(0o100_000 | mode);
                items.push(if seed.is_multiple_of(2) { item.deflated() } else { item });
            }
            Node::Link(target) => items.push(link(path, target)),
            Node::Folder { mode, listed, inner } => {
                let path = format!("{path}/");
                if *listed || inner.is_empty() {
                    items.push(folder(&path).mode(0o040_000 | mode));
                }
                entries(inner, &path, items);
            }
        }
    }
}

/// Writes a tree to disk.
fn write(tree: &[(&'static str, Node)], dir: &Path) {
    let set_mode = |path: &Path, mode: u32| {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        #[cfg(not(unix))]
        let _ = (path, mode);
    };
    fs::create_dir_all(dir).unwrap();
    for (name, node) in tree {
        let path = dir.join(name);
        match node {
            Node::File { seed, length, mode } => {
                fs::write(&path, content(*seed, *length)).unwrap();
                set_mode(&path, *mode);
            }
            Node::Link(target) => {
                #[cfg(unix)]
                std::os::unix::fs::symlink(target, &path).unwrap();
                #[cfg(windows)]
                std::os::windows::fs::symlink_file(target, &path).unwrap();
            }
            Node::Folder { mode, inner, listed } => {
                write(inner, &path);
                // The mode of a folder without an entry of its own is left alone.
                if *listed {
                    set_mode(&path, *mode);
                }
            }
        }
    }
}

/// Two jobs in the way of the seed: few or many requests, ranges or none.
fn world(archives: &[Vec<ZipItem>; 2], seed: u64) -> World {
    let job = |id: u64, name: &str| json!({"id": id, "name": name, "archive": {"made": name}});
    let settings = match seed % 4 {
        0 => json!({"archives": "direct"}),
        1 => json!({"archives": "redirect", "etag": "none"}),
        2 => json!({"archives": "redirect", "ranges": false}),
        _ => json!({"archives": "redirect"}),
    };
    let world = downstream(&[job(201, "build"), job(202, "other")]).server(settings);
    world.made("build", zip(&archives[0])).made("other", zip(&archives[1]))
}

type Entry = (String, u32, Vec<u8>, Option<std::path::PathBuf>);

/// Everything below `out` but the modes of folders, which count only where all entries are chosen
/// and each archive with something below them has an entry for them.
fn tree(ran: &Ran, archives: &[Vec<ZipItem>; 2], whole: bool) -> Vec<Entry> {
    let listed = |path: &str| {
        let ends = |item: &ZipItem| path.as_bytes().ends_with(&item.name);
        let inner = path.trim_start_matches("out/").as_bytes();
        let lists = |archive: &Vec<ZipItem>| {
            !archive.iter().any(|item| item.name.starts_with(inner)) || archive.iter().any(ends)
        };
        let listed = archives.iter().flatten().any(ends) && archives.iter().all(lists);
        !path.ends_with('/') || (whole && listed)
    };
    let items = ran.items().into_iter().filter(|item| item.path.starts_with("out/"));
    let items = items.map(|item| {
        let mode = if listed(&item.path) && item.target.is_none() { item.mode } else { 0 };
        (item.path, mode, item.content, item.target)
    });
    items.collect()
}

/// The flags of a run, and true where nothing else may be in the folder afterwards.
const FLAGS: [(&str, bool); 13] = [
    ("build", true),
    ("build --separate", true),
    ("build --strip-components 1", true),
    // A link that leads nowhere is left out.
    ("build --symlinks copy", false),
    ("build --symlinks keep-inside", true),
    ("build --path 'a/**' --path b", false),
    ("build --path '**/x.o'", false),
    ("build --exclude a --exclude '**/b'", false),
    ("build --symlinks skip", false),
    ("build other", true),
    ("other build --separate=id", true),
    ("build other --strip-components 1 --path '**/x.o'", false),
    ("build other --separate=bridge --exclude 'c d'", false),
];

/// Runs one pair of trees, and returns false where a fetch into an empty folder is refused, because
/// names clash or links lead outside, or makes nothing.
fn becomes_equal(seed: u64) -> bool {
    let mut random = Random(fastrand::Rng::with_seed(seed));
    let wanted = [random.tree(0), random.tree(0)];
    let on_disk =
        if seed.is_multiple_of(5) { random.tree(0) } else { random.changed(&wanted[0], 0) };
    let mut archives = [Vec::new(), Vec::new()];
    for (tree, archive) in wanted.iter().zip(&mut archives) {
        // The directory of some archives does not come with the last bytes.
        if seed.is_multiple_of(2) {
            archive.push(file("padding", vec![1; 150_000]));
        }
        entries(tree, "", archive);
    }
    let fake = Fake::start(world(&archives, seed));
    let (flags, whole) = FLAGS[seed as usize % FLAGS.len()];
    let symlinks = if flags.contains("--symlinks") { "" } else { "--symlinks all" };
    let fetch = format!("fetch {flags} -D out {symlinks}");
    let fresh = Run::new(&fake).args(&fetch).runs();
    if fresh.exit != Some(0) || fresh.stderr.contains("leaves nothing of the archive") {
        return false;
    }
    let prepare = |work: &Path| write(&on_disk, &work.join("out"));
    let sync = format!("{fetch} --sync --delete --json");
    let ran = Run::new(&fake).prepared(prepare).args(&sync).succeeds();
    let (expect, found) = (tree(&fresh, &archives, whole), tree(&ran, &archives, whole));
    let equal = match whole {
        true => found == expect,
        // An archive holds the others, or `--exclude` protects them.
        false => expect.iter().all(|entry| found.contains(entry)),
    };
    let only = |these: &[Entry], others: &[Entry]| -> Vec<String> {
        let only = these.iter().filter(|entry| !others.contains(entry));
        only.map(|(path, mode, content, _)| format!("{mode:o} {} {path}", content.len())).collect()
    };
    let differences = (only(&expect, &found), only(&found, &expect));
    ran.check(equal, &format!("seed {seed}: expected and found: {differences:?}"));
    let document = ran.json();
    let told = document["fetched"].as_array().unwrap().iter().map(|job| {
        job["files"].as_array().unwrap().len() as u64 + job["unchanged"].as_u64().unwrap()
    });
    ran.check(told.sum::<u64>() == fresh.files().len() as u64, "each file is written or the same");

    let again = Run::new(&fake).after(&ran).args(&sync).succeeds();
    again.changes_nothing();
    for told in again.json()["fetched"].as_array().unwrap() {
        let nothing = (&told["files"], &told["removed"]) == (&json!([]), &json!([]));
        again.check(nothing, &format!("seed {seed}: nothing is left to do"));
    }
    if seed % 4 == 3 {
        let store = again.log.iter().filter(|logged| logged.short.contains("store/"));
        let jobs = document["fetched"].as_array().unwrap().len();
        again.check(store.count() <= 3 * jobs, "only the directory and the links are asked for");
    }
    true
}

#[test]
fn random_trees_become_what_a_fresh_fetch_makes() {
    let set = std::env::var("DOWNRIVER_SYNC_PAIRS").ok();
    let pairs = set.and_then(|number| number.parse().ok()).unwrap_or(3 * FLAGS.len());
    let equal = (0..pairs).filter(|seed| becomes_equal(*seed as u64)).count();
    assert!(equal > pairs / 2, "{equal} of {pairs}");
}

#[cfg(unix)]
#[test]
fn a_folder_of_two_archives_gets_the_mode_of_the_first() {
    use std::os::unix::fs::PermissionsExt;
    let archive =
        |mode: u32| vec![folder("d/").mode(0o040_000 | mode), file(format!("d/{mode:o}"), "x")];
    let fake = Fake::start(world(&[archive(0o755), archive(0o700)], 3));
    let fresh = Run::new(&fake).args("fetch build other -D out").succeeds();
    for mode in [0o755, 0o700, 0o711] {
        let prepare = |work: &Path| {
            fs::create_dir_all(work.join("out/d")).unwrap();
            fs::set_permissions(work.join("out/d"), fs::Permissions::from_mode(mode)).unwrap();
        };
        let ran = Run::new(&fake).prepared(prepare).args("fetch build other -D out --sync");
        assert_eq!(ran.succeeds().tree(), fresh.tree(), "{mode:o}");
    }
}
