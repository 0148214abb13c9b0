//! Single operations at a destination: on the entries of a directory, and on one file.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;
use std::process::Command;

use super::{folder, staged, step};
use crate::disk::dir_handle::DirHandle;
use crate::disk::dir_tree::DirTree;
use crate::disk::listing::listing;
use crate::disk::remove_tree::remove_tree;
use crate::disk::{AtomicFile, Error, Staging};
use crate::interrupt::Interrupt;
use crate::model::EntryKind;
use crate::plan::OnConflict;

/// Creates a directory with a file, a folder, links to both, and a named pipe.
fn one_of_each() -> tempfile::TempDir {
    let home = folder(&[("file", "1"), ("dir/x", "2")]);
    symlink("file", home.path().join("link")).unwrap();
    symlink("dir", home.path().join("dir-link")).unwrap();
    assert!(Command::new("mkfifo").arg(home.path().join("pipe")).status().unwrap().success());
    home
}

#[test]
fn nothing_is_opened_through_a_link_or_created_in_place_of_another() {
    let home = one_of_each();
    let dir = DirHandle::open(home.path()).unwrap();
    assert!(DirHandle::open(&home.path().join("file")).is_err());
    for name in ["file", "link", "dir-link", "pipe", "gone"] {
        assert!(dir.open_dir(OsStr::new(name)).is_err(), "{name}");
        assert!(dir.open_beneath(Path::new(name)).is_none(), "{name}");
    }
    for name in ["link", "dir-link", "gone"] {
        assert!(dir.open_file(OsStr::new(name)).is_err(), "{name}");
        assert!(dir.open_for_lock(OsStr::new(name)).is_err(), "{name}");
    }
    // Without a wait for somebody to write to it.
    dir.open_file(OsStr::new("pipe")).unwrap();
    for name in ["file", "link", "dir-link", "dir", "pipe"] {
        let created = [
            dir.create_file(OsStr::new(name), 0o600),
            dir.create_readable(OsStr::new(name), 0o600),
        ];
        for created in created {
            assert_eq!(created.unwrap_err().kind(), ErrorKind::AlreadyExists, "{name}");
        }
        assert!(dir.create_beneath(Path::new(name), 0o600).is_none(), "{name}");
    }
    assert!(dir.create_beneath(Path::new("dir-link/new"), 0o600).is_none());
    fs::remove_file(home.path().join("pipe")).unwrap();
    let expect = one_of_each();
    fs::remove_file(expect.path().join("pipe")).unwrap();
    assert_eq!(listing(home.path()), listing(expect.path()));
}

#[test]
fn the_state_of_an_entry_tells_its_kind() {
    let home = one_of_each();
    let dir = DirHandle::open(home.path()).unwrap();
    for (name, kind) in [
        ("file", Some(EntryKind::File)),
        ("dir", Some(EntryKind::Folder)),
        ("link", Some(EntryKind::Link)),
        ("dir-link", Some(EntryKind::Link)),
        ("pipe", Some(EntryKind::Special)),
        ("gone", None),
    ] {
        let state = dir.state(OsStr::new(name)).unwrap();
        assert_eq!(state.map(|state| state.kind), kind, "{name}");
    }
    assert_eq!(dir.link_target(OsStr::new("dir-link")).unwrap(), "dir");
}

#[test]
fn a_destination_tells_its_links_and_if_it_is_empty() {
    let home = one_of_each();
    let staging = |dest: &str| Staging::new_in(&home.path().join(dest), &Interrupt::default());
    let there = staging("").unwrap();
    assert!(there.supports_symlinks() && there.supports_symlinks());
    for (at, target) in [("dir-link", Some("dir")), ("file", None), ("gone/x", None)] {
        assert_eq!(there.link_on_disk(Path::new(at)), target.map(Into::into), "{at}");
    }
    assert!(!there.dest_is_empty().unwrap());
    assert!(staging("new").unwrap().dest_is_empty().unwrap());
    fs::create_dir(home.path().join("empty")).unwrap();
    assert!(staging("empty").unwrap().dest_is_empty().unwrap());
    symlink("loop", home.path().join("loop")).unwrap();
    let refused = staging("loop/x").unwrap_err().to_string();
    assert!(refused.starts_with("cannot look at"), "{refused}");
}

#[test]
fn a_staged_folder_may_be_there_already_and_a_file_in_its_place_may_not() {
    for is_folder in [true, false] {
        let dest = folder(&[]);
        let mut staging = staged(dest.path(), &[("a", "1")]);
        let at = staging.first().temp_dir.path().join("tree/d");
        if is_folder {
            fs::create_dir(at).unwrap();
        } else {
            fs::write(at, "").unwrap();
        }
        staging.add_dir(Path::new("d"), None, None);
        assert_eq!(staging.commit(OnConflict::Overwrite).is_ok(), is_folder);
        assert_eq!(dest.path().join("d").exists(), is_folder);
    }
}

#[test]
fn what_cannot_be_removed_is_an_error_and_leaves_the_last_entry() {
    let home =
        folder(&[("top/last", ""), ("top/sub/last", ""), ("top/sub/x", ""), ("top/zest", "")]);
    let top = home.path().join("top");
    // Another process fills a folder after its entries were listed.
    let fill = || fs::write(top.join("sub/late"), "").is_ok() || !top.join("sub").exists();
    let parent = DirHandle::open(home.path()).unwrap();
    let remove = |go_on: &dyn Fn() -> bool| {
        remove_tree(&parent, OsStr::new("top"), Some(OsStr::new("last")), go_on)
    };
    assert_eq!(remove(&fill).unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
    let left = listing(&top).into_iter().map(|line| line.split(' ').nth(1).unwrap().to_owned());
    assert_eq!(left.collect::<Vec<_>>(), ["last", "sub/", "sub/late"]);
    remove(&|| true).unwrap();
    assert!(!top.exists());
}

#[test]
fn a_pipe_is_written_to_and_stays_one() {
    // No device of the machine: a defect would replace it, where the tests run as root.
    let home = one_of_each();
    let pipe = home.path().join("pipe");
    for durable in [false, true] {
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        let file = AtomicFile::create_beside(&pipe, &Interrupt::default()).unwrap();
        let mut file = file.durable(durable);
        file.write_all(b"content").unwrap();
        file.commit(OnConflict::Overwrite).unwrap();
        assert_eq!(reader.join().unwrap(), b"content");
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    }
}

#[test]
fn a_file_that_cannot_be_put_in_place_is_an_error_whatever_is_done_with_existing_ones() {
    for on_conflict in [OnConflict::Overwrite, OnConflict::Skip, OnConflict::Fail] {
        let home = folder(&[("dir/", "")]);
        let dest = home.path().join("dir/it.zip");
        let file = AtomicFile::create_beside(&dest, &Interrupt::default()).unwrap();
        for entry in fs::read_dir(home.path().join("dir")).unwrap() {
            fs::remove_file(entry.unwrap().path().join("file")).unwrap();
        }
        let failed = file.commit(on_conflict).unwrap_err();
        assert!(matches!(failed, Error::Io { .. }), "{failed:?}");
    }
}

#[test]
fn a_rollback_restores_a_file_unless_another_process_put_one_there() {
    type Meanwhile<'a> = &'a dyn Fn(&Path);
    let cases: [(Meanwhile<'_>, &str); 3] = [
        (&|_| {}, "old"),
        (&|file| fs::remove_file(file).unwrap(), "old"),
        (&|file| fs::rename(file.with_file_name("other"), file).unwrap(), "theirs"),
    ];
    for (meanwhile, left) in cases {
        let dest = folder(&[("file", "old"), ("other", "theirs")]);
        let staging = staged(dest.path(), &[("file", "new")]);
        let at = DirTree::new(staging.base.clone());
        let failed = staging.in_transaction(&at, |transaction| {
            transaction.apply(Path::new(""), &[step("tree/file", "file", true)]).unwrap();
            assert_eq!(fs::read(dest.path().join("file")).unwrap(), b"new");
            meanwhile(&dest.path().join("file"));
            Err((Error::Interrupted, transaction.roll_back().err()))
        });
        assert!(matches!(failed, Err(Error::Interrupted)), "{failed:?}");
        assert_eq!(fs::read_to_string(dest.path().join("file")).unwrap(), left);
    }
    // A folder that another process has made again is filled again.
    for made_again in [false, true] {
        let dest = folder(&[("d/x", "old"), ("d/e/y", "old")]);
        let before = listing(dest.path());
        let staging = staged(dest.path(), &[]);
        let at = DirTree::new(staging.base.clone());
        let failed = staging.in_transaction(&at, |transaction| {
            transaction.move_contents_away(Path::new("d"), 0).unwrap();
            assert!(!dest.path().join("d").exists());
            if made_again {
                fs::create_dir(dest.path().join("d")).unwrap();
            }
            Err((Error::Interrupted, transaction.roll_back().err()))
        });
        assert!(matches!(failed, Err(Error::Interrupted)), "{failed:?}");
        drop(staging);
        assert_eq!(listing(dest.path()), before);
    }
}
