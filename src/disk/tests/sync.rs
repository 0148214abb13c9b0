//! The commit of a `--sync`: all changes together, or none.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{fill, folder, staged};
use crate::disk::commit_plan::Displaced;
use crate::disk::dir_tree::DirTree;
use crate::disk::listing::listing;
use crate::disk::{CompareBy, Error, Staging, SyncChanges};
use crate::interrupt::Interrupt;
use crate::plan::{Existing, Placement, PlacementKind, Retention};

fn paths(paths: &[&str]) -> Vec<PathBuf> {
    paths.iter().map(PathBuf::from).collect()
}

fn changes(modes: &[(&str, u32)], displaced: &[&str], removed: &[&str]) -> SyncChanges {
    SyncChanges {
        modes: modes.iter().map(|(path, mode)| (path.into(), *mode)).collect(),
        displaced: displaced.iter().map(PathBuf::from).collect(),
        removed: paths(removed),
    }
}

const BEFORE: [(&str, &str); 6] =
    [("a/x", "1"), ("a/y", "2"), ("file", "3"), ("old/in", "4"), ("same", "5"), ("tree/b/c", "6")];

#[test]
fn modes_removals_and_renames_are_one_commit() {
    let dest = folder(&BEFORE);
    let staging = staged(dest.path(), &[("a/x", "new"), ("file/in", "new"), ("tree", "new")]);
    let all = changes(&[("same", 0o600)], &["file", "tree"], &["old/in", "old", "gone"]);
    staging.commit_sync(&all).unwrap();
    let expect =
        folder(&[("a/x", "new"), ("a/y", "2"), ("file/in", "new"), ("same", "5"), ("tree", "new")]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(expect.path().join("same"), mode).unwrap();
    }
    assert_eq!(listing(dest.path()), listing(expect.path()));
}

#[test]
fn a_failure_at_any_change_undoes_all_of_them() {
    for bad in [
        // A mode, an entry in the way of a staged folder, and a removal below a file.
        changes(&[("same", 0o600), ("missing", 0o600)], &["file", "tree"], &[]),
        changes(&[("same", 0o600)], &["tree"], &["old/in"]),
        changes(&[("same", 0o600)], &["file"], &["old/in"]),
        changes(&[("same", 0o600)], &["file", "tree"], &["old/in", "old", "same/in"]),
    ] {
        // Without permission bits, a mode cannot fail.
        if cfg!(not(unix)) && bad.modes.len() > 1 {
            continue;
        }
        let dest = folder(&BEFORE);
        let before = listing(dest.path());
        let staging = staged(dest.path(), &[("a/x", "new"), ("file/in", "new"), ("tree", "new")]);
        staging.commit_sync(&bad).unwrap_err();
        assert_eq!(listing(dest.path()), before, "{bad:?}");
    }
}

#[test]
fn folders_that_cannot_be_renamed_are_taken_apart_and_restored() {
    let dest = folder(&BEFORE);
    fill(dest.path(), &[("tree/empty/", ""), ("tree/b/d/e", "7")]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let shared = fs::Permissions::from_mode(0o2750);
        fs::set_permissions(dest.path().join("tree"), shared).unwrap();
    }
    let before = listing(dest.path());
    let staging = staged(dest.path(), &[]);
    let tree = DirTree::new(Arc::clone(&staging.base));
    for below in ["tree/b", "tree"] {
        let failed = staging.in_transaction(&tree, |transaction| {
            transaction.move_contents_away(Path::new(below), 0).unwrap();
            assert!(!dest.path().join(below).exists());
            Err((Error::Interrupted, transaction.roll_back().err()))
        });
        assert!(matches!(failed, Err(Error::Interrupted)), "{failed:?}");
        let now: Vec<_> = listing(dest.path());
        let now = now.into_iter().filter(|line| !format!("{line:?}").contains(".downriver-"));
        assert_eq!(now.collect::<Vec<_>>(), before, "{below}");
    }
}

#[test]
fn what_another_process_does_in_the_meantime_stays() {
    let dest = folder(&BEFORE);
    let staging = staged(dest.path(), &[]);
    let tree = DirTree::new(Arc::clone(&staging.base));
    let path = |name: &str| dest.path().join(name);
    let failed = staging.in_transaction(&tree, |transaction| {
        // An entry that was replaced since the plan was made is not moved away.
        let other = Displaced { path: "tree".into(), identity: None };
        let error = transaction.displace(&other, 0).unwrap_err();
        assert!(error.is_concurrent_change(), "{error}");
        for name in ["tree", "a/x", "old/in"] {
            transaction.move_away(Path::new(name), 0).unwrap();
        }
        transaction.set_mode(Path::new("same"), 0o600).unwrap();
        fs::write(path("tree"), "theirs").unwrap();
        fs::remove_dir(path("old")).unwrap();
        fs::remove_file(path("same")).unwrap();
        Err((Error::Interrupted, transaction.roll_back().err()))
    });
    assert!(matches!(failed, Err(Error::Interrupted)), "{failed:?}");
    assert_eq!(fs::read(path("tree")).unwrap(), b"theirs");
    assert_eq!(fs::read(path("a/x")).unwrap(), b"1");
    assert_eq!(fs::read(path("old/in")).unwrap(), b"4");
    assert!(!path("same").exists());
}

#[test]
fn a_run_that_is_to_stop_changes_nothing() {
    let dest = folder(&BEFORE);
    let before = listing(dest.path());
    let interrupt = Interrupt::default();
    let staging = Staging::new_in(dest.path(), &interrupt).unwrap();
    drop(interrupt.clean_up(|| true));
    staging.commit_sync(&changes(&[], &[], &["old/in"])).unwrap_err();
    assert_eq!(listing(dest.path()), before);
}

#[test]
fn a_folder_that_another_process_filled_is_not_removed() {
    let dest = folder(&BEFORE);
    let staging = staged(dest.path(), &[]);
    fill(dest.path(), &[("old/theirs", "7")]);
    let committed = staging.commit_sync(&changes(&[], &[], &["old/in", "old"])).unwrap();
    assert_eq!(committed.skipped, paths(&["old"]));
    assert_eq!(fs::read(dest.path().join("old/theirs")).unwrap(), b"7");
    assert!(!dest.path().join("old/in").exists());
}

#[test]
fn only_what_nothing_retains_is_removable() {
    let dest = folder(&[("a/x", ""), ("a/keep/y", ""), ("b/in/z", ""), ("held/", ""), ("no/", "")]);
    fill(dest.path(), &[(".downriver-other/x", ""), ("b/.downriver-1", ""), ("moved/x", "")]);
    let staging = staged(dest.path(), &[]);
    let retention = |path: &Path| {
        if path == Path::new("held") {
            Retention::Held
        } else if path == Path::new("a/keep") {
            Retention::Excluded
        } else {
            Retention::None
        }
    };
    let displaced = BTreeSet::from(["moved".into()]);
    let removable = staging.removable(&displaced, retention).unwrap();
    assert_eq!(removable, paths(&["a/x", "b/in/z", "b/in", "no"]));
    assert_eq!(staging.contents(Path::new("a")).unwrap(), paths(&["a/keep/y", "a/keep", "a/x"]));
    assert_eq!(staging.contents(Path::new("a/x")).unwrap(), paths(&[]));
}

#[test]
fn the_content_is_read_only_where_the_size_is_right_and_never_through_a_link() {
    let dest = folder(&[("same", "abc"), ("other", "abd"), ("long", "abcd"), ("d/in", "abc")]);
    #[cfg(unix)]
    std::os::unix::fs::symlink("d", dest.path().join("link")).unwrap();
    let staging = staged(dest.path(), &[]);
    let kind = PlacementKind::File { mode: Some(0o600), modified: None, size: 3, crc32: 0 };
    let place = |path: &&str| Placement { entry: 0, path: (*path).into(), kind: kind.clone() };
    let names = ["same", "long", "d/in", "d", "missing", "same/in", "link/in"];
    let state = |by| staging.compare(&names.iter().map(place).collect::<Vec<_>>(), by).unwrap();
    let fresh_mode = cfg!(unix).then_some(0o600);
    let on_disk = |size, crc32| Existing::File { size, crc32, fresh_mode };
    let crc = Some(crc32fast::hash(b"abc"));
    let by_content = state(CompareBy::Content);
    let mut expect = vec![on_disk(3, crc), on_disk(4, None), on_disk(3, crc)];
    expect.push(Existing::Folder { fresh_mode: None });
    expect.extend([Existing::Nothing, Existing::Nothing, Existing::Nothing]);
    assert_eq!(by_content.existing, expect);
    // `same` has a placement of its own.
    let obstacles = if cfg!(unix) { vec!["link"] } else { vec![] };
    assert_eq!(by_content.obstacles.into_iter().collect::<Vec<_>>(), paths(&obstacles));
    assert_eq!(state(CompareBy::Kind).existing[0], on_disk(3, None));
}
