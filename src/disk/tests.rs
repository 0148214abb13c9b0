//! Trees that are put in place, and what is left when that fails.

mod races;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::commit_plan::CommitStep;
use super::dir_tree::DirTree;
use super::listing::listing;
#[cfg(unix)]
use super::listing::mode;
use super::*;
use crate::interrupt::Interrupt;
use crate::plan::OnConflict;

/// A folder for a test, with these files in it; a name that ends with `/` is a folder.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), files);
    folder
}

fn fill(folder: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let path = folder.join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
}

fn staged(dest: &Path, files: &[(&str, &str)]) -> Staging {
    let mut staging = Staging::beside(dest, &Interrupt::default()).unwrap();
    for (name, content) in files {
        match name.strip_suffix('/') {
            Some(name) => staging.folder(Path::new(name), None, None).unwrap(),
            None => {
                let mut file = staging.create(Path::new(name), None).unwrap();
                file.write_all(content.as_bytes()).unwrap();
                file.finish(None).unwrap();
            }
        }
    }
    staging
}

/// What a program gets that asks for these permissions: the umask taken off.
#[cfg(unix)]
fn usual(asked: u32) -> String {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::DirBuilder::new().mode(0o777).create(&path).unwrap();
    let open = fs::metadata(path).unwrap().permissions().mode() & 0o777;
    format!("{:04o}", asked & open)
}

#[test]
fn a_new_destination_appears_with_its_parents_and_no_trace_of_the_staging() {
    let home = folder(&[]);
    let dest = home.path().join("some/where/new");
    let skipped = staged(&dest, &[("b", "2"), ("a/x", "1"), ("e/", "")])
        .commit(OnConflict::Overwrite)
        .unwrap();
    assert!(skipped.is_empty());
    assert_eq!(fs::read(dest.join("a/x")).unwrap(), b"1");
    assert!(dest.join("e").is_dir());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    staged(&home.path().join("empty"), &[]).commit(OnConflict::Fail).unwrap();
    assert!(home.path().join("empty").is_dir());
}

#[test]
fn a_staging_that_is_dropped_leaves_nothing() {
    let home = folder(&[("old", "1")]);
    let before = listing(home.path());
    drop(staged(home.path(), &[("a/x", "1")]));
    drop(staged(&home.path().join("new/er"), &[("a/x", "1")]));
    assert_eq!(listing(home.path()), before);
}

#[cfg(unix)]
#[test]
fn the_staging_is_for_its_owner_alone_and_a_spool_has_no_name() {
    let home = folder(&[]);
    let staging = Staging::beside(home.path(), &Interrupt::default()).unwrap();
    let private = staging.private.path().to_owned();
    assert_eq!(mode(&private), "0700");
    assert!(private.file_name().unwrap().to_str().unwrap().starts_with(".downriver-"));
    let before = listing(home.path());
    staging.spool().unwrap().write_all(b"zip").unwrap();
    assert_eq!(listing(home.path()), before);
}

#[test]
fn files_merge_into_what_is_there_and_all_else_is_left_alone() {
    let old = [("keep/me", "1"), ("both/mine", "2"), ("both/shared", "old"), ("top", "old")];
    let new = [("both/shared", "new"), ("both/theirs/x", "3"), ("top", "new"), ("fresh/y", "4")];
    for (on_conflict, shared, skipped) in
        [(OnConflict::Overwrite, "new", 0), (OnConflict::Skip, "old", 2)]
    {
        let dest = folder(&old);
        let stayed = staged(dest.path(), &new).commit(on_conflict).unwrap();
        let expect = folder(&[
            ("keep/me", "1"),
            ("both/mine", "2"),
            ("both/theirs/x", "3"),
            ("fresh/y", "4"),
            ("both/shared", shared),
            ("top", shared),
        ]);
        assert_eq!(listing(dest.path()), listing(expect.path()));
        assert_eq!(stayed.len(), skipped);
    }
    let dest = folder(&old);
    let before = listing(dest.path());
    let conflict = staged(dest.path(), &new).commit(OnConflict::Fail).unwrap_err();
    assert!(matches!(&conflict, Error::Conflict { paths } if paths.len() == 2), "{conflict}");
    assert!(conflict.to_string().ends_with("are there already"), "{conflict}");
    assert_eq!(listing(dest.path()), before);
}

#[test]
fn what_is_of_another_kind_is_in_the_way_whatever_was_asked_for() {
    let cases = [
        (("x/y", "old"), ("x", "new"), "a folder is in the way"),
        (("x/", ""), ("x", "new"), "a folder is in the way"),
        (("x", "old"), ("x/y", "new"), "a file is in the way"),
    ];
    for (old, new, why) in cases {
        for on_conflict in [OnConflict::Overwrite, OnConflict::Skip, OnConflict::Fail] {
            let dest = folder(&[old, ("z", "old")]);
            let before = listing(dest.path());
            let staging = staged(dest.path(), &[("a", "new"), new, ("zz", "new")]);
            let refused = staging.commit(on_conflict).unwrap_err().to_string();
            assert!(refused.ends_with(why), "{refused}");
            assert_eq!(listing(dest.path()), before);
        }
    }
    let home = folder(&[("file", "x")]);
    for dest in ["file", "file/below"] {
        let refused = Staging::beside(&home.path().join(dest), &Interrupt::default()).unwrap_err();
        assert!(refused.to_string().ends_with("something that is no folder is in the way"));
    }
}

#[cfg(unix)]
#[test]
fn links_that_are_there_are_replaced_or_refused_and_never_followed() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("target", "theirs"), ("dir/", "")]);
    let untouched = listing(outside.path());

    let dest = folder(&[]);
    symlink(outside.path().join("target"), dest.path().join("file")).unwrap();
    staged(dest.path(), &[("file", "new")]).commit(OnConflict::Overwrite).unwrap();
    assert!(dest.path().join("file").symlink_metadata().unwrap().is_file());

    symlink(outside.path().join("dir"), dest.path().join("dir")).unwrap();
    symlink(outside.path().join("gone"), dest.path().join("gone")).unwrap();
    let before = listing(dest.path());
    for name in ["dir/x", "gone/x"] {
        let staging = staged(dest.path(), &[("a", "1"), (name, "2")]);
        let refused = staging.commit(OnConflict::Overwrite).unwrap_err().to_string();
        assert!(refused.ends_with("a link is in the way"), "{refused}");
        assert_eq!(listing(dest.path()), before);
    }
    assert_eq!(listing(outside.path()), untouched);

    // A second name of a file keeps the bytes of old; the destination itself may be a link.
    let dest = folder(&[("real/one", "old")]);
    fs::hard_link(dest.path().join("real/one"), dest.path().join("other")).unwrap();
    symlink("real", dest.path().join("link")).unwrap();
    staged(&dest.path().join("link"), &[("one", "new")]).commit(OnConflict::Overwrite).unwrap();
    assert_eq!(fs::read(dest.path().join("real/one")).unwrap(), b"new");
    assert_eq!(fs::read(dest.path().join("other")).unwrap(), b"old");
}

/// What comes between a look at the destination and the renames.
fn renamed_after(
    staging: &Staging,
    on_conflict: OnConflict,
    between: impl FnOnce(&mut Vec<CommitStep>),
) -> Result<(), Error> {
    staging.make_backup()?;
    let at = DirTree::new(Arc::clone(&staging.at));
    let mut steps = staging.survey(&at, on_conflict)?.steps;
    between(&mut steps);
    staging.rename(&at, &steps)
}

fn step(from: &str, to: &str, replaces: bool) -> CommitStep {
    CommitStep { from: from.into(), to: to.into(), replaces }
}

#[test]
fn a_failure_in_the_middle_is_undone() {
    let dest = folder(&[("both/shared", "old"), ("top", "old"), ("way/in/", "")]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let odd = fs::Permissions::from_mode(0o4640);
        fs::set_permissions(dest.path().join("both/shared"), odd).unwrap();
    }
    let before = listing(dest.path());
    let new = [("both/shared", "new"), ("fresh/x", "1"), ("top", "new"), ("zest", "2")];
    // A file that is gone, a folder with something in it, a file that is not there to give way.
    type Break<'a> = &'a dyn Fn(&mut Vec<CommitStep>);
    let breaks: [Break<'_>; 3] = [
        &|steps| steps.push(step("tree/gone", "z", false)),
        &|steps| steps.push(step("tree/both", "way", false)),
        &|steps| steps.insert(3, step("tree/both/shared", "missing", true)),
    ];
    for broken in breaks {
        let staging = staged(dest.path(), &new);
        let failed = renamed_after(&staging, OnConflict::Overwrite, |steps| {
            assert_eq!(steps.len(), 4);
            broken(steps);
        });
        assert!(matches!(failed, Err(Error::Io { .. })), "{failed:?}");
        drop(staging);
        assert_eq!(listing(dest.path()), before);
    }
    // A destination that is not there is not there after.
    let staging = staged(&dest.path().join("not/yet/there"), &new);
    let add = |steps: &mut Vec<CommitStep>| steps.push(step("tree/gone", "z", false));
    assert!(renamed_after(&staging, OnConflict::Overwrite, add).is_err());
    drop(staging);
    assert_eq!(listing(dest.path()), before);
}

#[test]
fn what_cannot_be_put_back_is_kept_and_named() {
    let dest = folder(&[("file", "old")]);
    let staging = staged(dest.path(), &[("file", "new")]);
    let backup = staging.private.path().join("backup");
    staging.make_backup().unwrap();
    let at = DirTree::new(Arc::clone(&staging.at));
    let failed = staging.renamed(&at, |renames| {
        renames.all(Path::new(""), &[step("tree/file", "file", true)]).unwrap();
        // Somebody else cuts off the way back.
        fs::remove_file(backup.join("0")).unwrap();
        Err((Error::Interrupted, renames.undo().err()))
    });
    let failed = failed.unwrap_err();
    assert!(matches!(&failed, Error::NotUndone { kept, .. } if *kept == backup), "{failed}");
    assert!(failed.to_string().contains("then could not go back: cannot restore"), "{failed}");
}

#[test]
fn an_interrupted_run_puts_nothing_in_place() {
    let dest = folder(&[("old", "1")]);
    let before = listing(dest.path());
    let interrupt = Interrupt::default();
    let staging = Staging::beside(dest.path(), &interrupt).unwrap();
    staging.create(Path::new("new"), None).unwrap().finish(None).unwrap();
    drop(interrupt.clean_up());
    assert_eq!(listing(dest.path()), before);
    assert!(staging.commit(OnConflict::Overwrite).is_err());
    assert_eq!(listing(dest.path()), before);

    let interrupt = Interrupt::default();
    let staging = Staging::beside(dest.path(), &interrupt).unwrap();
    staging.create(Path::new("new"), None).unwrap().finish(None).unwrap();
    let stopped = renamed_after(&staging, OnConflict::Overwrite, |_| drop(interrupt.clean_up()));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    drop(staging);
    assert_eq!(listing(dest.path()), before);
}

#[cfg(unix)]
#[test]
fn modes_are_those_asked_for_without_what_is_dangerous_or_in_the_way() {
    let dest = folder(&[]);
    let mut staging = Staging::beside(dest.path(), &Interrupt::default()).unwrap();
    let cases = [
        ("plain", None, 0o666),
        ("zero", Some(0), 0o666),
        ("script", Some(0o755), 0o755),
        ("secret", Some(0o600), 0o600),
        ("setuid", Some(0o6755), 0o755),
        ("sticky", Some(0o1000), 0o666),
        ("write-only", Some(0o200), 0o600),
        ("open", Some(0o777), 0o777),
    ];
    for (name, asked, _) in cases {
        staging.create(Path::new(name), asked).unwrap();
    }
    let folders =
        [("f-plain", None, 0o777), ("f-read-only", Some(0o555), 0o755), ("f-0", Some(0), 0o777)];
    for (name, asked, _) in folders {
        staging.folder(Path::new(name), asked, Some(1_000_000_000)).unwrap();
    }
    staging.create(Path::new("f-read-only/x"), None).unwrap();
    staging.commit(OnConflict::Overwrite).unwrap();
    for (name, _, expect) in cases.into_iter().chain(folders) {
        assert_eq!(mode(&dest.path().join(name)), usual(expect), "{name}");
    }
    let dated = fs::metadata(dest.path().join("f-read-only")).unwrap().modified().unwrap();
    let since = dated.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(since.as_secs(), 1_000_000_000);
}

#[test]
fn one_whole_file_appears_when_it_is_kept_and_never_before() {
    let home = folder(&[("old.zip", "old"), ("dir/", "")]);
    let before = listing(home.path());
    let interrupt = Interrupt::default();
    let old = home.path().join("old.zip");
    let mut file = AtomicFile::beside(&old, &interrupt).unwrap();
    file.write_all(b"half").unwrap();
    assert_eq!(fs::read(&old).unwrap(), b"old");
    drop(file);
    assert_eq!(listing(home.path()), before);
    for path in [old, home.path().join("new.zip")] {
        let mut file = AtomicFile::beside(&path, &interrupt).unwrap();
        file.write_all(b"whole").unwrap();
        file.keep(OnConflict::Overwrite).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        #[cfg(unix)]
        assert_eq!(mode(&path), usual(0o666));
    }
    assert_eq!(listing(home.path()).len(), 3);
    for (name, why) in [("dir", "a folder is in the way"), ("no/such", "cannot write")] {
        let refused = AtomicFile::beside(&home.path().join(name), &interrupt).unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
}

#[cfg(unix)]
#[test]
fn a_device_is_written_to_and_stays_one() {
    use std::os::unix::fs::FileTypeExt;
    let null = Path::new("/dev/null");
    let mut file = AtomicFile::beside(null, &Interrupt::default()).unwrap();
    file.write_all(b"gone").unwrap();
    file.keep(OnConflict::Overwrite).unwrap();
    assert!(fs::metadata(null).unwrap().file_type().is_char_device());
}

#[test]
fn an_error_says_what_was_done_to_what_in_plain_words() {
    use std::io::{Error as Io, ErrorKind};
    for (kind, why) in [
        (ErrorKind::StorageFull, "no space left on the disk"),
        (ErrorKind::QuotaExceeded, "the disk quota is used up"),
        (ErrorKind::CrossesDevices, "it is on another file system"),
    ] {
        let error = Error::doing("write", Path::new("a\u{1b}b"))(Io::from(kind));
        assert_eq!(error.to_string(), format!("cannot write `a\\u{{1b}}b`: {why}"));
    }
}
