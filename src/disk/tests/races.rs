//! Races with other processes that change the destination, by accident or as an attack.

use std::fs;
use std::io::Write;
use std::path::Path;
#[cfg(unix)]
use std::sync::Arc;

#[cfg(unix)]
use super::super::dir_tree::DirTree;
use super::super::listing::listing;
use super::super::{AtomicFile, Error, Staging};
use super::{commit_with, fill, folder, staged};
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

#[cfg(unix)]
fn swap_for_a_link(folder: &Path, outside: &Path) {
    fs::rename(folder, folder.with_file_name("moved")).unwrap();
    std::os::unix::fs::symlink(outside, folder).unwrap();
}

#[cfg(unix)]
#[test]
fn a_directory_swapped_for_a_symlink_between_plan_and_rename_is_not_followed() {
    let outside = folder(&[("x", "theirs"), ("e/", "")]);
    let untouched = listing(outside.path());
    for new in ["d/x", "d/new", "d/e/new"] {
        for opened_before in [true, false] {
            let dest = folder(&[("d/x", "old"), ("d/e/", ""), ("top", "old")]);
            let moved = dest.path().join("moved");
            let staging = staged(dest.path(), &[("a", "1"), (new, "2"), ("top", "3")]);
            let mut at = DirTree::new(Arc::clone(&staging.base));
            let steps =
                staging.plan_commit(&at, OnConflict::Overwrite, &Default::default()).unwrap().steps;
            swap_for_a_link(&dest.path().join("d"), outside.path());
            if opened_before {
                // The files go to the directory that was opened while planning.
                staging.apply_or_roll_back(&at, &steps).unwrap();
                assert_eq!(fs::read(moved.join(&new[2..])).unwrap(), b"2");
            } else {
                at = DirTree::new(Arc::clone(&staging.base));
                staging.apply_or_roll_back(&at, &steps).unwrap_err();
                assert_eq!(fs::read(moved.join("x")).unwrap(), b"old");
                assert_eq!(fs::read(dest.path().join("top")).unwrap(), b"old");
                assert!(!dest.path().join("a").exists() && !moved.join("e/new").exists());
                let refused = staging.commit(OnConflict::Overwrite).unwrap_err().to_string();
                assert!(refused.ends_with("a link is in the way"), "{refused}");
            }
            assert_eq!(listing(outside.path()), untouched, "{new}");
        }
    }
}

#[cfg(unix)]
#[test]
fn open_directories_are_used_even_if_their_paths_become_symlinks() {
    let outside = folder(&[]);
    // The destination: the files go to the directory that was opened.
    let home = folder(&[("dest/", "")]);
    let staging = staged(&home.path().join("dest"), &[("a/x", "1")]);
    swap_for_a_link(&home.path().join("dest"), outside.path());
    staging.commit(OnConflict::Overwrite).unwrap();
    assert_eq!(fs::read(home.path().join("moved/a/x")).unwrap(), b"1");
    assert_eq!(fs::read_dir(home.path().join("moved")).unwrap().count(), 1);

    // A directory in staging, before its first use and after it.
    for used in [false, true] {
        let dest = folder(&[]);
        let staging = Staging::new_in(dest.path(), &Interrupt::default()).unwrap();
        let dir = staging.first().temp_dir.path().join("tree/d");
        if used {
            staging.create_file(Path::new("d/first"), None).unwrap();
        } else {
            fs::create_dir(&dir).unwrap();
        }
        swap_for_a_link(&dir, outside.path());
        assert_eq!(staging.create_file(Path::new("d/second"), None).is_ok(), used);
    }
    assert_eq!(listing(outside.path()), Vec::<String>::new());
}

#[test]
fn a_file_created_between_plan_and_rename_leads_to_a_new_plan() {
    for (on_conflict, left) in [
        (OnConflict::Overwrite, "ours"),
        (OnConflict::Skip, "theirs"),
        (OnConflict::Fail, "theirs"),
    ] {
        for dest in ["", "new", "new/er"] {
            // A replaced file is restored by the rollback and replaced again by the second commit.
            let replaces = dest.is_empty() && on_conflict == OnConflict::Overwrite;
            let home = folder(&[("mine", "old"), if replaces { ("b", "old") } else { ("c", "") }]);
            let dest = home.path().join(dest);
            let staging = staged(&dest, &[("a", "ours"), ("b", "ours"), ("late", "ours")]);
            let come = || fill(&dest, &[("late", "theirs")]);
            let failed = commit_with(&staging, on_conflict, |_| come()).unwrap_err();
            assert!(failed.is_concurrent_change(), "{failed:?}");
            assert_eq!(fs::read(dest.join("late")).unwrap(), b"theirs");
            assert!(!dest.join("a").exists());
            assert_eq!(fs::read(dest.join("b")).ok(), replaces.then(|| b"old".to_vec()));
            let again = staging.commit(on_conflict);
            assert_eq!(fs::read_to_string(dest.join("late")).unwrap(), left);
            if on_conflict == OnConflict::Overwrite {
                assert_eq!(fs::read(dest.join("b")).unwrap(), b"ours");
            }
            match on_conflict {
                OnConflict::Fail => {
                    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");
                    assert!(!dest.join("a").exists());
                }
                _ => assert_eq!(again.unwrap().skipped.len(), usize::from(left == "theirs")),
            }
        }
    }
}

#[test]
fn on_conflict_applies_to_a_file_created_before_the_commit() {
    for (on_conflict, left, well) in [
        (OnConflict::Overwrite, "ours", true),
        (OnConflict::Skip, "theirs", true),
        (OnConflict::Fail, "theirs", false),
    ] {
        let home = folder(&[]);
        let path = home.path().join("it.zip");
        let mut file = AtomicFile::create_beside(&path, &Interrupt::default()).unwrap();
        file.write_all(b"ours").unwrap();
        fs::write(&path, "theirs").unwrap();
        let kept = file.commit(on_conflict);
        assert_eq!(kept.is_ok(), well, "{kept:?}");
        assert!(well || matches!(kept, Err(Error::Conflict { .. })), "{kept:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), left);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}

#[cfg(unix)]
#[test]
fn the_fallback_for_rename_no_replace_replaces_nothing() {
    use std::ffi::OsStr;

    use super::super::dir_handle::DirHandle;
    let dest = folder(&[("new", "1"), ("there", "2"), ("dir/x", "3"), ("full/x", "4")]);
    std::os::unix::fs::symlink("gone", dest.path().join("link")).unwrap();
    let open = DirHandle::open(dest.path()).unwrap();
    let rename = |from: &str, to: &str| {
        open.rename_no_replace_by_link(OsStr::new(from), &open, OsStr::new(to))
    };
    for taken in ["there", "dir", "full", "link"] {
        for from in ["new", "dir", "link"].into_iter().filter(|from| *from != taken) {
            let error = rename(from, taken).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists, "{from} to {taken}");
        }
    }
    for from in ["new", "dir", "link"] {
        rename(from, &format!("{from}-2")).unwrap();
        assert!(dest.path().join(from).symlink_metadata().is_err());
        dest.path().join(format!("{from}-2")).symlink_metadata().unwrap();
    }
}

// On Windows, a file that another run has open cannot be replaced, which is an error.
#[cfg(unix)]
#[test]
fn parallel_runs_into_one_destination_succeed_without_mixing_files() {
    let names = ["a", "d/b", "d/e/c", "f/g"];
    for round in 0..20 {
        let home = folder(&[("dest/d/b", "old")]);
        let dest = home.path().join(if round % 2 == 0 { "dest" } else { "new/er" });
        std::thread::scope(|scope| {
            for run in 0..4 {
                let (dest, text) = (&dest, format!("{run}").repeat(20_000));
                scope.spawn(move || {
                    let files = names.map(|name| (name, text.as_str()));
                    staged(dest, &files).commit(OnConflict::Overwrite).unwrap();
                });
            }
        });
        for name in names {
            let content = fs::read(dest.join(name)).unwrap();
            assert_eq!(content.len(), 20_000, "{name}");
            assert!(content.iter().all(|byte| *byte == content[0]), "{name} is mixed");
        }
        let left = listing(home.path()).iter().filter(|line| line.contains(".downriver")).count();
        assert_eq!(left, 0);
    }
}

#[test]
fn files_in_more_directories_than_are_kept_open_are_created() {
    let dest = folder(&[]);
    let staging = Staging::new_in(dest.path(), &Interrupt::default()).unwrap();
    for turn in 0..3 {
        for i in 0..150 {
            staging.create_file(Path::new(&format!("{}/{i}/{turn}", i % 7)), None).unwrap();
        }
    }
    staging.commit(OnConflict::Fail).unwrap();
    let files = listing(dest.path()).into_iter().filter(|line| !line.ends_with('/'));
    assert_eq!(files.count(), 450);
}

#[cfg(unix)]
#[test]
fn the_next_run_removes_stale_temporary_directories_only() {
    let outside = folder(&[("x", "theirs")]);
    let dest = folder(&[
        // Stale: the lock is free, or was given up, or was never taken.
        (".downriver-00000000dead/lock", ""),
        (".downriver-00000000dead/tree/d/x", "half"),
        (".downriver-00000000dead/spool-1", "half"),
        (".downriver-00000000dead/.fuse_hidden0001", ""),
        (".downriver-000000000bad/rubbish", ""),
        (".downriver-000000000bad/tree/x", "half"),
        (".downriver-000000000bee/unlocked", ""),
        (".downriver-000000000e0e/", ""),
        // Killed during a commit.
        (".downriver-00000000fade/lock", ""),
        (".downriver-00000000fade/replaced/d/gone", "old"),
        (".downriver-00000000fade/replaced/d/new", "old"),
        (".downriver-00000000fade/replaced/e/gone", "old"),
        ("d/new", "new"),
        // Other files, or directories that may belong to a running process.
        (".downriver-00000000000a/lock", ""),
        (".downriver-00000000000a/notes", "mine"),
        (".downriver-00000000000b/tree/x", ""),
        (".downriver-00000000000c", "mine"),
        (".downriver-00000000000e/unlocked", ""),
        (".downriver-00000000000e/tree/x", ""),
        (".downriver-other/lock", ""),
    ]);
    let at = |name: &str| dest.path().join(name);
    std::os::unix::fs::symlink(outside.path(), at(".downriver-00000000dead/tree/link")).unwrap();
    std::os::unix::fs::symlink(outside.path(), at(".downriver-00000000000d")).unwrap();
    fill(outside.path(), &[("lock", ""), ("tree/x", "")]);
    let untouched = listing(outside.path());
    let running = staged(dest.path(), &[("a", "1")]);
    let mut names: Vec<_> = fs::read_dir(dest.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !running.first().temp_dir.path().ends_with(name))
        .collect();
    names.sort();
    let digits = ["a", "b", "c", "d", "e"].map(|digit| format!(".downriver-00000000000{digit}"));
    assert_eq!(names[..5], digits);
    assert_eq!(names[5..], [".downriver-other", "d"]);
    assert_eq!(listing(outside.path()), untouched);
    // A file that was out of the way when the run was killed is back; the others are replaced.
    assert_eq!(fs::read(at("d/gone")).unwrap(), b"old");
    assert_eq!(fs::read(at("d/new")).unwrap(), b"new");
    // The directory of a running process stays.
    drop(staged(dest.path(), &[("b", "2")]));
    running.commit(OnConflict::Overwrite).unwrap();
    assert_eq!(fs::read(at("a")).unwrap(), b"1");
}

#[cfg(unix)]
#[test]
fn a_destination_that_a_killed_run_has_made_leads_to_what_it_left_above() {
    let home = folder(&[(".downriver-00000000dead/lock", ""), ("some/new/x", "1")]);
    drop(staged(&home.path().join("some/new"), &[]));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn single_files_of_killed_runs_are_removed_beside_the_destination() {
    let home =
        folder(&[(".downriver-00000000dead/lock", ""), (".downriver-00000000dead/file", "")]);
    let path = home.path().join("it.zip");
    let running = AtomicFile::create_beside(&path, &Interrupt::default()).unwrap();
    AtomicFile::create_beside(&path, &Interrupt::default())
        .unwrap()
        .commit(OnConflict::Overwrite)
        .unwrap();
    running.commit(OnConflict::Overwrite).unwrap();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn parallel_runs_never_remove_what_another_is_about_to_use() {
    let dest = folder(&[]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let staging = Staging::new_in(dest.path(), &Interrupt::default()).unwrap();
                    staging.create_file(Path::new("x"), None).unwrap();
                }
            });
        }
    });
    assert_eq!(fs::read_dir(dest.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn trees_of_any_depth_are_removed_with_few_descriptors() {
    use std::ffi::OsStr;

    use super::super::dir_handle::DirHandle;
    use super::super::remove_tree::remove_tree;
    let home = folder(&[("outside", "mine")]);
    let tree = DirTree::new(Arc::new(DirHandle::open(home.path()).unwrap()));
    let mut deep = std::path::PathBuf::from("top");
    for level in 0..600 {
        deep.push(format!("{level}"));
    }
    tree.create_dir_all(&deep, 0o777).unwrap();
    fill(home.path(), &[("top/a/b/c", ""), ("top/last", ""), ("top/0/1/x", "")]);
    std::os::unix::fs::symlink("../outside", home.path().join("top/link")).unwrap();
    drop(tree);
    let parent = DirHandle::open(home.path()).unwrap();
    let (top, last) = (OsStr::new("top"), Some(OsStr::new("last")));
    let stopped = remove_tree(&parent, top, last, &|| false).unwrap_err();
    assert_eq!(stopped.kind(), std::io::ErrorKind::TimedOut);
    assert!(home.path().join("top/last").exists());
    remove_tree(&parent, top, last, &|| true).unwrap();
    remove_tree(&parent, top, last, &|| true).unwrap();
    assert_eq!(listing(home.path()).len(), 1);
}

#[cfg(unix)]
#[test]
fn a_removal_ends_when_its_time_is_over_and_the_next_run_goes_on() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    for asked in [0, 1, 40] {
        let dest = folder(&[]);
        let interrupt = Interrupt::default();
        let staging = Staging::new_in(dest.path(), &interrupt).unwrap();
        for i in 0..1000 {
            staging.create_file(Path::new(&format!("{}/{i}", i % 7)), None).unwrap();
        }
        let temp_dir = staging.first().temp_dir.path().to_owned();
        let files = || listing(&temp_dir).iter().filter(|line| !line.ends_with('/')).count();
        let (before, calls) = (files(), AtomicUsize::new(0));
        let cleanup = interrupt.clean_up(|| calls.fetch_add(1, Ordering::Relaxed) < asked);
        // Whatever there is to remove: one question for each entry, and no entry after the first no.
        assert_eq!(cleanup.left, std::slice::from_ref(&temp_dir));
        assert!(before - files() <= asked, "{asked}: {before} {}", files());
        drop(cleanup);
        assert!(temp_dir.join("rubbish").exists());
        // The next run removes the rest, whether or not this process has ended.
        drop(staged(dest.path(), &[]));
        assert_eq!(fs::read_dir(dest.path()).unwrap().count(), 0);
    }
}
