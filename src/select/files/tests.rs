//! Tables of whole archives, as lists of entries: their plans and their refusals.

use std::path::{Path, PathBuf};

use super::*;
use crate::exit::Exit;
use crate::model::Method;

/// Reads entries: `a` is a file, `a/` a folder, `a -> b` a symlink, `a!` a device, `a=3` a file of 3
/// bytes.
fn archive(lines: &[&str]) -> (Vec<Entry>, BTreeMap<usize, RawPath>) {
    let mut targets = BTreeMap::new();
    let entries = lines.iter().enumerate().map(|(index, line)| {
        let (name, kind, size, target) = if let Some((name, target)) = line.split_once(" -> ") {
            (name, EntryKind::Link, target.len() as u64, Some(target))
        } else if let Some((name, size)) = line.split_once('=') {
            let kind = if name.ends_with('/') { EntryKind::Folder } else { EntryKind::File };
            (name, kind, size.parse().unwrap(), None)
        } else if let Some(name) = line.strip_suffix('!') {
            (name, EntryKind::Special, 0, None)
        } else if line.ends_with('/') {
            (*line, EntryKind::Folder, 0, None)
        } else {
            (*line, EntryKind::File, 1, None)
        };
        targets.extend(target.map(|target| (index, target.into())));
        Entry {
            name: name.into(),
            kind,
            size,
            compressed_size: size,
            crc32: size as u32,
            method: Method::Stored,
            mode: Some(0o644),
            unix_time: Some(7),
            ..Entry::default()
        }
    });
    (entries.collect(), targets)
}

fn rules() -> FileRules {
    FileRules { system: System::Unix, ..FileRules::default() }
}

fn including(patterns: &[&str]) -> FileRules {
    let patterns: Vec<String> = patterns.iter().map(|pattern| pattern.to_string()).collect();
    FileRules { patterns: Patterns::new(&patterns, &[]).unwrap(), ..rules() }
}

fn plan(lines: &[&str], rules: &FileRules) -> Result<Plan, Refusal> {
    let (entries, targets) = archive(lines);
    files(&entries, &targets, rules)
}

/// Returns the paths of the plan in its order, a folder with `/`, a symlink with its target.
fn paths(lines: &[&str], rules: &FileRules) -> Vec<String> {
    let plan = plan(lines, rules).unwrap();
    let path = |placement: Placement| {
        let path = placement.path.to_str().unwrap().replace('\\', "/");
        match placement.kind {
            PlacementKind::File { .. } => path,
            PlacementKind::Folder { .. } => format!("{path}/"),
            PlacementKind::Link { target } => format!("{path} -> {}", target.display()),
        }
    };
    plan.placements.into_iter().map(path).collect()
}

fn refusal(lines: &[&str], rules: &FileRules) -> String {
    let refusal = plan(lines, rules).unwrap_err();
    assert_eq!(refusal.exit(false), Exit::Archive, "{refusal}");
    refusal.to_string()
}

#[test]
fn everything_lands_in_archive_order_and_once() {
    let cases: [(&[&str], &[&str]); 5] = [
        (&["b", "a/", "a/x", "l -> a/x"], &["b", "a/", "a/x", "l -> a/x"]),
        (&["./", "./sub/", "./sub/a", "./b"], &["sub/", "sub/a", "b"]),
        (&["a", "./a", "d/", "d/"], &["a", "d/"]),
        (&["d/x", "d/"], &["d/x", "d/"]),
        (&[], &[]),
    ];
    for (lines, expect) in cases {
        assert_eq!(paths(lines, &rules()), expect);
    }
    let plan = plan(&["a=5"], &rules()).unwrap();
    let kind = PlacementKind::File { mode: Some(0o644), modified: Some(7), size: 5, crc32: 5 };
    assert_eq!(plan.placements, [Placement { entry: 0, path: "a".into(), kind }]);
    assert_eq!((plan.size(), plan.warnings.len()), (5, 0));
}

#[test]
fn one_bad_entry_refuses_all_also_if_it_was_not_chosen() {
    let cases: [(&[&str], &str); 12] = [
        (&["good", "../x"], "entry `../x` leaves the destination"),
        (&["good", "/etc/passwd"], "entry `/etc/passwd` leaves the destination"),
        (&["good", "a\\b"], "entry `a\\b` has a backslash in its name"),
        (&["good", "."], "entry `.` is no folder and is called `.`"),
        (&["good", "x", "./x=2"], "entry `x` is there twice with different contents"),
        (&["good", "x", "x -> y"], "entry `x` is there twice with different contents"),
        (&["good", "x -> y", "x -> z"], "entry `x` is there twice with different contents"),
        (&["good", "x", "x/y"], "entry `x` is both a folder and not one"),
        (&["good", "x/y", "x"], "entry `x` is both a folder and not one"),
        (&["good", "x/", "x"], "entry `x` is both a folder and not one"),
        (&["good", "x -> .", "x/y -> .."], "entry `x/y` lies below the link `x`"),
        (&["good", "x/=3"], "entry `x/` is a folder and has bytes of its own"),
    ];
    for (lines, expect) in cases {
        assert_eq!(refusal(lines, &rules()), expect);
        assert_eq!(refusal(lines, &including(&["good"])), expect);
    }
}

#[test]
fn names_that_differ_only_in_case_or_form_are_refused_where_they_are_one() {
    let cases: [&[&str]; 4] =
        [&["A", "a"], &["D/x", "d/y"], &["é", "e\u{301}"], &["L -> D", "l/x", "D/"]];
    for lines in cases {
        assert!(plan(lines, &rules()).is_ok());
        for system in [System::Mac, System::Windows] {
            refusal(lines, &FileRules { system, ..rules() });
        }
    }
}

#[test]
fn patterns_choose_and_a_choice_of_nothing_names_what_there_is() {
    let lines = ["docs/", "docs/a.md", "docs/deep/b.md", "bin/x", "empty/"];
    assert_eq!(paths(&lines, &including(&["docs"])), ["docs/", "docs/a.md", "docs/deep/b.md"]);
    assert_eq!(paths(&lines, &including(&["docs/*", "empty"])), ["docs/a.md", "empty/"]);
    let none = plan(&lines, &including(&["doc/a.md"])).unwrap_err();
    assert_eq!(none.exit(false), Exit::Nothing);
    let seen = ["docs/a.md", "docs/deep/b.md", "bin/x"].map(str::to_owned).to_vec();
    assert_eq!(none, Refusal::NoFile { wanted: vec!["doc/a.md".to_owned()], seen });
    assert!(plan(&[], &including(&["x"])).is_err());
}

#[test]
fn leading_folders_are_dropped_as_tar_does() {
    let lines = ["top", "a/", "a/b/", "a/b/c", "a/l -> b/c"];
    let strip = |strip_components| FileRules { strip_components, ..rules() };
    assert_eq!(paths(&lines, &strip(1)), ["b/", "b/c", "l -> b/c"]);
    assert_eq!(paths(&lines, &strip(2)), ["c"]);
    let nothing = plan(&lines, &strip(3)).unwrap();
    assert!(nothing.placements.is_empty());
    assert!(plan(&lines, &strip(2)).unwrap().warnings.is_empty());
    assert!(plan(&[], &strip(2)).unwrap().warnings.is_empty());
    assert_eq!(nothing.warnings, ["--strip-components 3 leaves nothing of the archive"]);
    assert_eq!(
        refusal(&["a/x", "b/x=2"], &strip(1)),
        "two entries with different contents would both be `x` without their folders"
    );
    // The path after the removal of folders decides.
    assert_eq!(paths(&["a/b/l -> ../../x"], &rules()), ["a/b/l -> ../../x"]);
    assert_eq!(
        refusal(&["a/b/l -> ../../x"], &strip(1)),
        "link `a/b/l` points out of the destination, to `../../x`"
    );
}

#[test]
fn the_paths_of_all_entries_are_listed_where_they_are_asked_for() {
    let lines = ["top", "a/", "a/x", "a/deep/y", "b/z"];
    let rules = |lists_held, strip_components| FileRules {
        lists_held,
        strip_components,
        ..including(&["a/x"])
    };
    for (strip, paths, stripped) in [
        (0, &["top", "a", "a/x", "a/deep/y", "b/z"][..], &[""][..]),
        (1, &["x", "deep/y", "z"], &["a", "b"]),
        (4, &[], &[]),
    ] {
        let path = |path: &&str| PlacementPath::from(&*path.split('/').collect::<PathBuf>());
        let held = HeldPaths {
            paths: paths.iter().map(path).collect(),
            stripped: stripped.iter().map(path).collect(),
            ..HeldPaths::default()
        };
        assert_eq!(plan(&lines, &rules(true, strip)).unwrap().held, held);
        assert_eq!(plan(&lines, &rules(false, strip)).unwrap().held, HeldPaths::default());
    }
}

#[test]
fn links_are_kept_inside_or_taken_or_left_or_copied_as_asked() {
    let with = |symlinks| FileRules { symlinks, ..rules() };
    let outside = ["a", "l -> ../x"];
    assert!(refusal(&outside, &with(Symlinks::KeepInside)).contains("points out"));
    assert_eq!(paths(&outside, &with(Symlinks::All)), ["a", "l -> ../x"]);
    assert_eq!(paths(&outside, &with(Symlinks::Skip)), ["a"]);
    assert!(refusal(&outside, &with(Symlinks::Copy)).contains("points out"));
    let chain = ["d/e/x -> ../..", "l -> d/e/x/../foo"];
    assert!(refusal(&chain, &with(Symlinks::KeepInside)).contains("link `l` points out"));

    let inside = ["bin/a=3", "run -> bin/a", "bin2 -> bin", "gone -> no", "again -> bin2/a"];
    let copied = plan(&inside, &with(Symlinks::Copy)).unwrap();
    let made: Vec<_> = copied.placements.iter().map(|p| (&*p.path, p.entry)).collect();
    let expect = [("bin/a", 0), ("run", 0), ("again", 0)];
    assert_eq!(made, expect.map(|(path, entry)| (Path::new(path), entry)));
    assert_eq!(copied.size(), 9);
    let warning = "left out `bin2`, `gone`: the link points to no file of the archive";
    assert_eq!(copied.warnings, [warning]);
    // Without support for symlinks, `KeepInside` copies files; the other choices are unchanged.
    let unable = |symlinks| FileRules { takes_links: false, ..with(symlinks) };
    let instead = plan(&inside, &unable(Symlinks::KeepInside)).unwrap();
    assert_eq!(instead.placements, copied.placements);
    assert!(instead.warnings[0].starts_with("links cannot be made there"), "{instead:?}");
    assert_eq!(instead.warnings[1..], [warning]);
    let narrow = FileRules { takes_links: false, ..including(&["again"]) };
    assert_eq!(links(&archive(&inside).0, &narrow), [1, 2, 3, 4], "one may lead through another");
    assert!(refusal(&outside, &unable(Symlinks::KeepInside)).contains("points out"));
    assert_eq!(paths(&outside, &unable(Symlinks::All)), ["a", "l -> ../x"]);
    assert!(plan(&["a"], &unable(Symlinks::KeepInside)).unwrap().warnings.is_empty());
    for other in ["bin/", "bin!"] {
        let plan = plan(&[other, "bin2 -> bin"], &with(Symlinks::Copy)).unwrap();
        assert!(plan.warnings.iter().any(|told| told.contains("left out `bin2`: the link points")));
    }
    let none = plan(&["l -> "], &with(Symlinks::Skip)).unwrap();
    assert_eq!(none.warnings, ["left out `l`: links are skipped"]);
    let (entries, _) = archive(&["l -> a"]);
    for symlinks in [Symlinks::KeepInside, Symlinks::All] {
        let unread = files(&entries, &BTreeMap::new(), &with(symlinks)).unwrap_err();
        assert_eq!(unread.to_string(), "link `l` has no target");
    }
    let skipped = plan(&inside, &with(Symlinks::Skip)).unwrap();
    assert_eq!(skipped.warnings, ["left out `run`, `bin2`, `gone` and 1 more: links are skipped"]);
}

#[test]
fn unusual_but_harmless_entries_are_warned_of() {
    let device = plan(&["a", "dev/null!"], &rules()).unwrap();
    assert_eq!(device.placements.len(), 1);
    assert_eq!(device.warnings, ["left out `dev/null`: neither file nor folder nor link"]);
    let names = [".downriver-0123456789ab/lock", "d/.downriver-0123456789ab", ".downriver-x/a"];
    let temporary = plan(&names, &rules()).unwrap();
    assert_eq!(temporary.placements.len(), 1);
    let warning = "left out `.downriver-0123456789ab/lock`, `d/.downriver-0123456789ab`: named like the temporary folder of a run";
    assert_eq!(temporary.warnings, [warning]);
    let git = plan(&[".Git/hooks/post-checkout"], &rules()).unwrap();
    assert!(git.warnings[0].starts_with("the archive brings a `.git`"), "{:?}", git.warnings);
    assert!(plan(&["sub/.git/x", ".gitignore"], &rules()).unwrap().warnings.is_empty());
}

#[test]
fn size_and_number_are_limited() {
    let small = FileRules { max_size: 10, max_entries: 2, ..rules() };
    assert!(plan(&["a=5", "b=5"], &small).is_ok());
    assert_eq!(
        refusal(&["a=5", "b=6"], &small),
        "unpacked it would be 11 bytes, and 10 are allowed"
    );
    assert_eq!(refusal(&["a", "b", "c"], &small), "it has 3 entries, and 2 are allowed");
    let huge = format!("b={}", u64::MAX);
    assert!(refusal(&[&huge, &huge.replace('b', "c")], &small).contains("36893488147419103230"));
}

#[test]
fn only_links_that_matter_need_a_target() {
    let (entries, _) = archive(&["a", "docs/l -> ../a", "m -> a", "../n -> a"]);
    for (rules, matter) in [
        (rules(), vec![1, 2]),
        (including(&["docs"]), vec![1]),
        (including(&["a"]), vec![]),
        (FileRules { symlinks: Symlinks::Skip, ..rules() }, vec![]),
        // A chosen symlink may lead through one that is not chosen.
        (FileRules { symlinks: Symlinks::Copy, ..including(&["a"]) }, vec![1, 2, 3]),
    ] {
        assert_eq!(links(&entries, &rules), matter);
    }
}

#[test]
fn folders_count_as_entries_also_where_only_paths_name_them() {
    let most = |max_entries| FileRules { max_entries, ..rules() };
    for (lines, nodes) in [
        (&["a/b/c"][..], 3),
        (&["a/b/c", "a/b/d", "a/"], 4),
        (&["a", "a", "./a"], 3),
        (&["./", "a/b"], 2),
    ] {
        assert!(plan(lines, &most(nodes)).is_ok(), "{lines:?}");
        refusal(lines, &most(nodes - 1));
    }
    let deep = format!("{}x", "d/".repeat(511));
    assert!(plan(&[&deep], &rules()).is_ok());
    let deeper = format!("d/{deep}");
    assert!(refusal(&[&deeper], &rules()).ends_with("has more than 512 levels in its name"));
}

#[test]
fn an_entry_that_cannot_be_read_refuses_all() {
    for method in [Method::Encrypted, Method::Patch, Method::Other(12)] {
        let (mut entries, targets) = archive(&["good", "bad"]);
        entries[1].method = method;
        let refused = files(&entries, &targets, &rules()).unwrap_err();
        let bad = ArchiveRefusal::Unreadable { entry: "bad".to_owned(), method };
        assert_eq!(refused, Refusal::from(bad));
        assert_eq!(refused.exit(false), Exit::Archive);
        assert_eq!(refused.hint().as_deref(), Some(method.way_out()));
        assert!(files(&entries, &targets, &including(&["good"])).is_err());
    }
}

#[test]
fn names_that_are_not_utf8_are_kept_on_unix_and_refused_elsewhere() {
    let (mut entries, mut targets) = archive(&["x", "y", "l -> x"]);
    entries[0].name = b"d\xfc/\xe9".as_slice().into();
    entries[1].name = b"d\xfc/\xe8".as_slice().into();
    targets.insert(2, b"d\xfc/\xe9".as_slice().into());
    let on = |system| FileRules { system, ..rules() };
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let plan = files(&entries, &targets, &on(System::Unix)).unwrap();
        let paths = plan.placements.iter().map(|placement| placement.path.as_os_str().as_bytes());
        assert_eq!(paths.collect::<Vec<_>>(), [b"d\xfc/\xe9".as_slice(), b"d\xfc/\xe8", b"l"]);
        let target = std::ffi::OsStr::from_bytes(b"d\xfc/\xe9").to_owned();
        assert_eq!(plan.placements[2].kind, PlacementKind::Link { target });
    }
    for system in [System::Mac, System::Windows] {
        let refused = files(&entries, &targets, &on(system)).unwrap_err().to_string();
        assert!(
            refused.starts_with("entry `d\\xfc/\\xe9` has a name that is not UTF-8"),
            "{refused}"
        );
        let target = BTreeMap::from([(0, targets[&2].clone())]);
        let refused = files(&entries[2..], &target, &on(system)).unwrap_err();
        assert_eq!(refused.to_string(), "link `l` has a target that is not UTF-8");
        assert_eq!(paths(&["l -> ü"], &on(system)), ["l -> ü"]);
    }
    // Patterns match such names by their other characters.
    let one = FileRules { patterns: including(&["d?/?"]).patterns, ..on(System::Unix) };
    assert_eq!(files(&entries, &targets, &one).unwrap().placements.len(), 2);
}
