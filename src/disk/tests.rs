//! Staging and commit: the destination after success, failure and interruption.

#[cfg(unix)]
mod handles;
mod races;
mod sync;

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

/// Creates a directory with these files; a name that ends with `/` is a directory.
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
    let mut staging = Staging::new_in(dest, &Interrupt::default()).unwrap();
    for (name, content) in files {
        match name.strip_suffix('/') {
            Some(name) => staging.add_dir(Path::new(name), None, None),
            None => {
                let file = staging.create_file(Path::new(name), None).unwrap();
                (&file).write_all(content.as_bytes()).unwrap();
                file.finish(None).unwrap();
            }
        }
    }
    staging
}

/// Applies the umask to a mode.
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
fn a_new_destination_is_created_with_its_parents_and_without_temporary_files() {
    let home = folder(&[]);
    let dest = home.path().join("some/where/new");
    let skipped = staged(&dest, &[("b", "2"), ("a/x", "1"), ("e/", "")])
        .commit(OnConflict::Overwrite)
        .unwrap();
    assert!(skipped.skipped.is_empty());
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
    let staging = Staging::new_in(home.path(), &Interrupt::default()).unwrap();
    let private = staging.first().temp_dir.path().to_owned();
    assert_eq!(mode(&private), "0700");
    assert!(private.file_name().unwrap().to_str().unwrap().starts_with(".downriver-"));
    let before = listing(home.path());
    staging.spool().unwrap().write_all(b"zip").unwrap();
    assert_eq!(listing(home.path()), before);
}

#[test]
fn staged_files_merge_into_the_destination_and_other_files_stay() {
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
        assert_eq!(stayed.skipped.len(), skipped);
    }
    let dest = folder(&old);
    let before = listing(dest.path());
    let conflict = staged(dest.path(), &new).commit(OnConflict::Fail).unwrap_err();
    assert!(matches!(&conflict, Error::Conflict { paths } if paths.len() == 2), "{conflict}");
    assert!(conflict.to_string().ends_with("are there already"), "{conflict}");
    assert_eq!(listing(dest.path()), before);
}

#[test]
fn entries_of_another_kind_are_never_replaced() {
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
        let refused = Staging::new_in(&home.path().join(dest), &Interrupt::default()).unwrap_err();
        assert!(refused.to_string().ends_with("something that is no folder is in the way"));
    }
}

#[cfg(unix)]
#[test]
fn existing_symlinks_are_replaced_or_refused_and_never_followed() {
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

    // Another hard link to a replaced file keeps the old content. The destination may be a symlink.
    let dest = folder(&[("real/one", "old")]);
    fs::hard_link(dest.path().join("real/one"), dest.path().join("other")).unwrap();
    symlink("real", dest.path().join("link")).unwrap();
    staged(&dest.path().join("link"), &[("one", "new")]).commit(OnConflict::Overwrite).unwrap();
    assert_eq!(fs::read(dest.path().join("real/one")).unwrap(), b"new");
    assert_eq!(fs::read(dest.path().join("other")).unwrap(), b"old");
}

/// Commits once, with a call of `between` after planning and before the renames.
fn commit_with(
    staging: &Staging,
    on_conflict: OnConflict,
    between: impl FnOnce(&mut Vec<CommitStep>),
) -> Result<(), Error> {
    let at = DirTree::new(Arc::clone(&staging.base));
    let mut steps = staging.plan_commit(&at, on_conflict, &Default::default())?.steps;
    between(&mut steps);
    staging.apply_or_roll_back(&at, &steps)
}

fn step(from: &str, to: &str, replaces: bool) -> CommitStep {
    CommitStep::new(from, to, replaces)
}

#[test]
fn a_failure_in_the_middle_is_rolled_back() {
    let dest = folder(&[("both/shared", "old"), ("top", "old"), ("way/in/", "")]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let odd = fs::Permissions::from_mode(0o4640);
        fs::set_permissions(dest.path().join("both/shared"), odd).unwrap();
    }
    let before = listing(dest.path());
    let new = [("both/shared", "new"), ("fresh/x", "1"), ("top", "new"), ("zest", "2")];
    // A staged file that is missing, a directory that is not empty, a replaced file that is missing.
    type Break<'a> = &'a dyn Fn(&mut Vec<CommitStep>);
    let breaks: [Break<'_>; 3] = [
        &|steps| steps.push(step("tree/gone", "z", false)),
        &|steps| steps.push(step("tree/both", "way", false)),
        &|steps| steps.insert(3, step("tree/both/shared", "missing", true)),
    ];
    for broken in breaks {
        let staging = staged(dest.path(), &new);
        let failed = commit_with(&staging, OnConflict::Overwrite, |steps| {
            assert_eq!(steps.len(), 4);
            broken(steps);
        });
        assert!(matches!(failed, Err(Error::Io { .. })), "{failed:?}");
        drop(staging);
        assert_eq!(listing(dest.path()), before);
    }
    // A destination that did not exist does not exist afterwards.
    let staging = staged(&dest.path().join("not/yet/there"), &new);
    let add = |steps: &mut Vec<CommitStep>| steps.push(step("tree/gone", "z", false));
    assert!(commit_with(&staging, OnConflict::Overwrite, add).is_err());
    drop(staging);
    assert_eq!(listing(dest.path()), before);
}

#[test]
fn a_failed_rollback_keeps_and_names_the_backup() {
    let dest = folder(&[("file", "old")]);
    let staging = staged(dest.path(), &[("file", "new")]);
    let backup = staging.first().temp_dir.path().to_owned();
    let at = DirTree::new(Arc::clone(&staging.base));
    let failed = staging.in_transaction(&at, |transaction| {
        transaction.apply(Path::new(""), &[step("tree/file", "file", true)]).unwrap();
        // Make the rollback fail.
        fs::remove_file(backup.join("replaced/file")).unwrap();
        Err((Error::Interrupted, transaction.roll_back().err()))
    });
    let failed = failed.unwrap_err();
    assert!(
        matches!(&failed, Error::RollbackFailed { backup: kept, .. } if *kept == backup),
        "{failed}"
    );
    let restored =
        format!("then could not go back: cannot restore `{}`", dest.path().join("file").display());
    assert!(failed.to_string().contains(&restored), "{failed}");
    let left = |error: &Error| {
        let mut staging = staged(dest.path(), &[("file", "new")]);
        let backup = staging.first().temp_dir.path().to_owned();
        fs::create_dir_all(backup.join("replaced")).unwrap();
        staging.keep_backups(error);
        backup
    };
    let kept = left(&failed);
    // The next run does not take it for a stale one.
    assert!(!left(&Error::Interrupted).exists() && kept.exists());
}

#[test]
fn an_interrupted_run_commits_nothing() {
    let dest = folder(&[("old", "1")]);
    let before = listing(dest.path());
    let interrupt = Interrupt::default();
    let staging = Staging::new_in(dest.path(), &interrupt).unwrap();
    staging.create_file(Path::new("new"), None).unwrap().finish(None).unwrap();
    drop(interrupt.clean_up(|| true));
    assert_eq!(listing(dest.path()), before);
    assert!(staging.commit(OnConflict::Overwrite).is_err());
    assert_eq!(listing(dest.path()), before);

    let interrupt = Interrupt::default();
    let staging = Staging::new_in(dest.path(), &interrupt).unwrap();
    staging.create_file(Path::new("new"), None).unwrap().finish(None).unwrap();
    let stopped =
        commit_with(&staging, OnConflict::Overwrite, |_| drop(interrupt.clean_up(|| true)));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    drop(staging);
    assert_eq!(listing(dest.path()), before);
}

#[cfg(target_os = "linux")]
#[test]
fn what_surely_does_not_fit_is_refused() {
    let home = folder(&[]);
    let interrupt = Interrupt::default();
    let staging = Staging::new_in(home.path(), &interrupt).unwrap();
    let mut file = AtomicFile::create_beside(&home.path().join("it.zip"), &interrupt).unwrap();
    assert!(staging.require_free_space(0).is_ok() && file.require_free_space(0).is_ok());
    if free_space::is_known(&fs::File::open(home.path()).unwrap()) {
        for refused in [staging.require_free_space(u128::MAX), file.require_free_space(u128::MAX)] {
            let Err(Error::NoSpace { needed, path, .. }) = refused else { panic!("{refused:?}") };
            assert_eq!(needed, u128::MAX);
            assert!(path.starts_with(home.path()));
        }
    }
}

#[cfg(unix)]
#[test]
fn recorded_modes_apply_without_dangerous_bits() {
    let dest = folder(&[]);
    let mut staging = Staging::new_in(dest.path(), &Interrupt::default()).unwrap();
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
        staging.create_file(Path::new(name), asked).unwrap();
    }
    let folders =
        [("f-plain", None, 0o777), ("f-read-only", Some(0o555), 0o755), ("f-0", Some(0), 0o777)];
    for (name, asked, _) in folders {
        staging.add_dir(Path::new(name), asked, Some(1_000_000_000));
    }
    staging.create_file(Path::new("f-read-only/x"), None).unwrap();
    staging.commit(OnConflict::Overwrite).unwrap();
    for (name, _, expect) in cases.into_iter().chain(folders) {
        assert_eq!(mode(&dest.path().join(name)), usual(expect), "{name}");
    }
    let dated = fs::metadata(dest.path().join("f-read-only")).unwrap().modified().unwrap();
    let since = dated.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(since.as_secs(), 1_000_000_000);
}

#[test]
fn an_atomic_file_appears_on_commit_only() {
    let home = folder(&[("old.zip", "old"), ("dir/", "")]);
    let before = listing(home.path());
    let interrupt = Interrupt::default();
    let old = home.path().join("old.zip");
    let mut file = AtomicFile::create_beside(&old, &interrupt).unwrap();
    file.write_all(b"half").unwrap();
    assert_eq!(fs::read(&old).unwrap(), b"old");
    drop(file);
    assert_eq!(listing(home.path()), before);
    for path in [old, home.path().join("new.zip")] {
        let mut file = AtomicFile::create_beside(&path, &interrupt).unwrap();
        file.write_all(b"whole").unwrap();
        file.commit(OnConflict::Overwrite).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        #[cfg(unix)]
        assert_eq!(mode(&path), usual(0o666));
    }
    assert_eq!(listing(home.path()).len(), 3);
    for (name, why) in [("dir", "a folder is in the way"), ("no/such", "cannot write")] {
        let refused = AtomicFile::create_beside(&home.path().join(name), &interrupt).unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
}
