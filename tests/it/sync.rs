//! `--sync` and `--on-conflict skip`: what is left alone, what is asked for, and what comes of it.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::fake::{Fake, Fault, World};
use crate::folder::takes_links;
use crate::harness::Run;
use crate::ran::Ran;
use crate::scenes::{LOOKUP, downstream, one_archive};
use crate::zip_builder::{ZipItem, file, folder, link, zip};

const STORE: &str = "store/*";
const ARCHIVE: &str = "GET projects/2/jobs/201/artifacts";

/// Bytes of which no two parts are alike.
pub fn noise(length: usize, seed: u32) -> Vec<u8> {
    let byte = |i: u32| (i.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 24) as u8;
    (0..length as u32).map(byte).collect()
}

/// An archive of some five megabytes in a hundred files.
fn unchanged() -> Vec<u8> {
    zip(&items(1000, 50_000))
}

/// A hundred files of this size, of which one in so many is of another version.
fn items(changed_each: usize, size: usize) -> Vec<ZipItem> {
    let mut items = vec![folder("bin/"), file("bin/run", "run").mode(0o100_755)];
    items.extend((0..100).map(|i| {
        let seed = u32::from((i + 1) % changed_each == 0);
        file(format!("lib/{}/{i}", i % 7), noise(size + i, seed))
    }));
    items.push(link("lib/first", "0/0"));
    items
}

fn served(archive: &[u8], settings: Value) -> Fake {
    let world = one_archive(archive.to_vec()).server(json!({"archives": "redirect"}));
    Fake::start(world.server(settings))
}

/// The statuses of the answers of the store, and the bytes that it sent.
fn store(ran: &Ran) -> (Vec<u16>, usize) {
    let stored: Vec<_> = ran.log.iter().filter(|logged| logged.short.contains("store/")).collect();
    let sent = stored.iter().map(|logged| logged.bytes_sent).sum();
    (stored.iter().map(|logged| logged.status).collect(), sent)
}

/// Dates every file of an earlier run back, and returns the old date.
fn age(ran: &Ran) -> SystemTime {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    for item in ran.items() {
        if !item.path.ends_with('/') && item.target.is_none() {
            let path = ran.place.path().join("work").join(&item.path);
            fs::File::options().append(true).open(path).unwrap().set_modified(old).unwrap();
        }
    }
    old
}

/// The files below a folder that were written since [`age`].
fn written(ran: &Ran, old: SystemTime) -> Vec<String> {
    let modified = |path: &str| {
        fs::symlink_metadata(ran.place.path().join("work").join(path)).unwrap().modified().unwrap()
    };
    let items = ran.items().into_iter().filter(|item| item.target.is_none());
    items.map(|it| it.path).filter(|it| !it.ends_with('/') && modified(it) != old).collect()
}

#[cfg(unix)]
fn inodes(ran: &Ran) -> Vec<(String, u64)> {
    use std::os::unix::fs::MetadataExt;
    let inode = |path: String| {
        let found = fs::symlink_metadata(ran.place.path().join("work").join(&path)).unwrap();
        (path, found.ino())
    };
    ran.items().into_iter().map(|item| inode(item.path)).collect()
}

#[test]
fn an_unchanged_archive_costs_its_directory_and_writes_nothing() {
    let fake = served(&unchanged(), json!({}));
    let first = Run::new(&fake).args("fetch build -D out --sync").succeeds();
    first.says("[4/4] build (201): 0 files the same, 0 changed, 102 new, 0 removed");
    let old = age(&first);
    let second = Run::new(&fake).after(&first).args("fetch build -D out --sync --list").succeeds();
    let (statuses, sent) = store(&second);
    assert!(statuses.len() <= 3 && statuses.iter().all(|status| *status == 206), "{statuses:?}");
    assert!(sent < 200 << 10, "{sent}");
    assert_eq!(written(&second, old), [""; 0]);
    second.prints("").says("102 files the same, 0 changed, 0 new, 0 removed (0 B written) in");
    #[cfg(unix)]
    assert_eq!(inodes(&second), inodes(&first));
}

#[test]
fn of_a_changed_archive_only_the_changed_files_come() {
    let fake = served(&unchanged(), json!({}));
    let first = Run::new(&fake).args("fetch build -D out --sync").succeeds();
    let old = age(&first);
    let fake = served(&zip(&items(30, 50_000)), json!({}));
    let second = Run::new(&fake).after(&first).args("fetch build -D out --sync --json").succeeds();
    assert_eq!(written(&second, old), ["out/lib/1/29", "out/lib/3/59", "out/lib/5/89"]);
    let (statuses, sent) = store(&second);
    assert!(statuses.iter().all(|status| *status == 206) && statuses.len() <= 8, "{statuses:?}");
    assert!(sent < 600 << 10, "{sent}");
    let told = &second.json()["fetched"][0];
    assert_eq!((&told["unchanged"], &told["removed"]), (&json!(99), &json!([])));
    let paths: Vec<_> = told["files"].as_array().unwrap().iter().map(|it| &it["path"]).collect();
    assert_eq!(paths, ["lib/1/29", "lib/3/59", "lib/5/89"]);
    second.says("99 files the same, 3 changed, 0 new, 0 removed");
    let fresh = Run::new(&fake).args("fetch build -D out").succeeds();
    assert!(fresh.items() == second.items());
}

#[test]
fn where_most_of_it_changed_the_whole_comes_and_the_rest_is_left_alone() {
    let mut changed = items(1, 25_000);
    // The one that is the same lies between others.
    changed[52] = items(1000, 25_000).swap_remove(52);
    let (before, changed) = (zip(&items(1000, 25_000)), zip(&changed));
    for settings in [json!({}), json!({"etag": "none"}), json!({"ranges": false})] {
        let fake = served(&before, settings.clone());
        let first = Run::new(&fake).args("fetch build -D out").succeeds();
        let old = age(&first);
        let fake = served(&changed, settings.clone());
        let ran = Run::new(&fake).after(&first).args("fetch build -D out --sync").succeeds();
        assert_eq!(store(&ran).0.iter().filter(|status| **status == 200).count(), 1, "{settings}");
        let same = ["out/bin/run".to_owned(), format!("out/lib/{}/50", 50 % 7)];
        let written = written(&ran, old);
        // Without links, a copy of a changed file takes the place of the one that there is.
        let changed = if takes_links() { 99 } else { 100 };
        assert!(
            written.len() == changed && same.iter().all(|it| !written.contains(it)),
            "{written:?}"
        );
        let fresh = Run::new(&fake).args("fetch build -D out").succeeds();
        assert!(fresh.items() == ran.items(), "{settings}");
    }
}

#[test]
fn without_ranges_nothing_that_is_the_same_is_written_either() {
    let archive = zip(&items(1000, 25_000));
    for settings in [
        json!({"archives": "direct"}),
        json!({"etag": "weak"}),
        json!({"ranges": "416"}),
        json!({"ranges": "suffix-ignored"}),
    ] {
        let fake = served(&archive, settings);
        let first = Run::new(&fake).args("fetch build -D out").succeeds();
        let old = age(&first);
        let ran = Run::new(&fake).after(&first).args("fetch build -D out --sync").succeeds();
        assert_eq!(written(&ran, old), [""; 0]);
    }
}

/// One job with a small tree.
fn world() -> World {
    let files = json!({
        "top.txt": "top", "docs/": "", "docs/a.md": "a", "docs/deep/b.md": "b",
        "bin/run": {"text": "run", "mode": "0755"}, "to-run": {"link": "bin/run"},
    });
    downstream(&[json!({"id": 201, "name": "build", "archive": {"files": files}})])
}

#[cfg(unix)]
#[test]
fn modes_and_links_are_put_right_without_a_download() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let fake = Fake::start(world());
    let first = Run::new(&fake).args("fetch build").succeeds();
    let old = age(&first);
    let spoil = |work: &Path| {
        let mode = |path: &str, mode| {
            fs::set_permissions(work.join(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        mode("bin/run", 0o644);
        mode("top.txt", 0o4777);
        mode("docs", 0o700);
        fs::remove_file(work.join("to-run")).unwrap();
        symlink("nowhere", work.join("to-run")).unwrap();
    };
    let ran = Run::new(&fake).after(&first).prepared(spoil).args("fetch build --sync --list");
    let ran = ran.succeeds();
    assert_eq!(ran.tree(), first.tree());
    assert_eq!(written(&ran, old), [""; 0]);
    ran.prints("to-run\n").says("4 files the same (2 modes corrected), 1 changed, 0 new");

    let fake = served(&unchanged(), json!({}));
    let first = Run::new(&fake).args("fetch build -D out").succeeds();
    let spoil = |work: &Path| {
        fs::remove_file(work.join("out/lib/first")).unwrap();
        symlink("1/1", work.join("out/lib/first")).unwrap();
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(work.join("out/lib/1/1"), mode).unwrap();
    };
    let ran = Run::new(&fake).after(&first).prepared(spoil).args("fetch build -D out --sync");
    let ran = ran.succeeds();
    let (statuses, sent) = store(&ran);
    assert!(statuses.len() <= 3 && sent < 200 << 10, "{statuses:?} {sent}");
    assert_eq!(ran.tree(), first.tree());
}

#[test]
fn what_is_of_another_kind_is_replaced() {
    let fake = Fake::start(world());
    let fresh = Run::new(&fake).args("fetch build").succeeds();
    let run = || Run::new(&fake).args("fetch build --sync --json");
    let ran = run().file("docs", "a file").file("bin", "another").succeeds();
    assert_eq!(ran.json()["fetched"][0]["removed"], json!(["bin", "docs"]));
    assert!(ran.items() == fresh.items());
    let ran = run().file("top.txt/in/it", "").file("top.txt/more", "").file("to-run/x", "");
    let ran = ran.succeeds();
    assert!(ran.items() == fresh.items());
    let removed = json!(["to-run/x", "top.txt/in/it", "top.txt/in", "top.txt/more"]);
    assert_eq!(ran.json()["fetched"][0]["removed"], removed);
    if takes_links() {
        #[cfg(unix)]
        let links = |work: &Path| {
            use std::os::unix::fs::symlink;
            fs::create_dir(work.join("elsewhere")).unwrap();
            symlink("elsewhere", work.join("docs")).unwrap();
            symlink("elsewhere", work.join("top.txt")).unwrap();
        };
        #[cfg(unix)]
        let ran = run().prepared(links).succeeds();
        #[cfg(unix)]
        assert_eq!(ran.items().len(), fresh.items().len() + 1);
    }
}

#[test]
fn the_flags_about_files_choose_what_is_made_equal() {
    let fake = Fake::start(world());
    for line in [
        "--path docs",
        "--exclude docs",
        "--strip-components 1",
        "--separate",
        "--separate=bridge",
        "--separate=id --path top.txt",
        "--symlinks skip",
        "--symlinks copy",
        "--symlinks all",
        "--path '**/*.md' --strip-components 1",
    ] {
        let fetch = format!("fetch build -D out {line}");
        let fresh = Run::new(&fake).args(&fetch).succeeds();
        let old = age(&fresh);
        let before = fresh.items();
        let again = Run::new(&fake).after(&fresh).args(&fetch).args("--sync").succeeds();
        assert!(again.items() == before, "{line}");
        assert_eq!(written(&again, old), [""; 0], "{line}");
        let spoil = |work: &Path| {
            for path in ["out/top.txt", "out/a.md", "out/docs/a.md", "out/build/top.txt"] {
                let _ = fs::metadata(work.join(path)).map(|_| fs::write(work.join(path), "?"));
            }
        };
        let ran = Run::new(&fake).after(&again).prepared(spoil).args(&fetch).args("--sync");
        assert!(ran.succeeds().items() == before, "{line}");
    }
}

#[test]
fn of_two_jobs_with_one_path_the_one_that_wins_is_compared() {
    let archive = |id: u64, name: &str| json!({"id": id, "name": name, "archive": {"files": {"both": name, name: name}}});
    let fake = Fake::start(downstream(&[archive(201, "one"), archive(202, "two")]));
    let first = Run::new(&fake).args("fetch one two").succeeds();
    let old = age(&first);
    let ran = Run::new(&fake).after(&first).args("fetch one two --sync").succeeds();
    assert_eq!((ran.read("both"), written(&ran, old)), ("two".to_owned(), vec![]));
    ran.says("one (201): 1 file the same").says("two (202): 2 files the same");
    let ran = Run::new(&fake).after(&first).args("fetch two one --sync").succeeds();
    assert_eq!((ran.read("both"), written(&ran, old)), ("one".to_owned(), vec!["both".to_owned()]));
}

#[test]
fn only_what_is_written_is_dated() {
    let fake = Fake::start(world());
    let first = Run::new(&fake).args("fetch build").succeeds();
    let old = age(&first);
    let ran = Run::new(&fake).after(&first).file("extra", "");
    let spoil = |work: &Path| fs::write(work.join("top.txt"), "another").unwrap();
    drop(ran);
    let run = Run::new(&fake).after(&first).prepared(spoil).args("fetch build --sync --mtime now");
    let ran = run.succeeds();
    assert_eq!(written(&ran, old), ["extra", "top.txt"]);
    let date = fs::metadata(ran.place.path().join("work/top.txt")).unwrap().modified().unwrap();
    assert!(date > SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    for line in [
        "--sync --on-conflict skip",
        "--sync --on-conflict overwrite",
        "--sync -o it.zip",
        "--sync --report junit",
        "--delete -D out",
        "--delete --sync",
    ] {
        Run::new(world()).args("fetch build").args(line).fails(2).asks(&[]);
    }
}

#[test]
fn a_failure_at_any_step_leaves_everything_as_it_was() {
    let (before, after) = (zip(&items(1000, 25_000)), zip(&items(30, 25_000)));
    let fake = served(&before, json!({}));
    let spoil = |work: &Path| {
        fs::write(work.join("out/extra"), "").unwrap();
        fs::remove_file(work.join("out/bin/run")).unwrap();
        fs::create_dir_all(work.join("out/bin/run/in")).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let shut = fs::Permissions::from_mode(0o600);
            fs::set_permissions(work.join("out/lib/1/1"), shut).unwrap();
        }
    };
    let clean = served(&after, json!({}));
    let sync = "fetch build -D out --sync --delete --retries 0";
    let prepared = || {
        let first = Run::new(&fake).args("fetch build -D out").succeeds();
        Run::new(&fake).after(&first).prepared(spoil).args("completions bash").succeeds()
    };
    let ran = Run::new(&clean).after(&prepared()).args(sync).succeeds();
    let fresh = Run::new(&clean).args("fetch build -D out").succeeds();
    assert!(ran.items() == fresh.items());
    let requests = store(&ran).0.len();
    assert!(requests > 3, "{requests}");
    let spoilt = prepared();
    for at in 0..requests {
        for twist in [
            |fault: Fault| fault.status(404),
            |fault: Fault| fault.status(500),
            |fault: Fault| fault.cut(1000),
            |fault: Fault| fault.storage_refuses(),
        ] {
            let fake = served(&after, json!({}));
            fake.fault(twist(Fault::on(STORE)).always().after(at));
            let ran = Run::new(&fake).after(&spoilt).args(sync).runs();
            ran.check(ran.exit != Some(0), "it fails");
            ran.changes_nothing();
        }
    }
}

#[test]
fn another_archive_in_the_meantime_is_fetched_whole() {
    let fake = served(&zip(&items(1000, 25_000)), json!({}));
    let first = Run::new(&fake).args("fetch build -D out").succeeds();
    let fake = served(&zip(&items(30, 25_000)), json!({}));
    let other = || Fault::on(STORE).without_header("ETag").header("ETag", "\"other\"");
    fake.fault(other().after(1));
    let ran = Run::new(&fake).after(&first).args("fetch build -D out --sync").succeeds();
    assert_eq!(store(&ran).0.last(), Some(&200));
    let fresh = Run::new(&fake).args("fetch build -D out").succeeds();
    assert!(fresh.items() == ran.items());
}

#[test]
fn skip_downloads_only_what_is_missing() {
    let fake = served(&unchanged(), json!({}));
    let first = Run::new(&fake).args("fetch build -D out").succeeds();
    let old = age(&first);
    let run = || Run::new(&fake).after(&first).args("fetch build -D out --on-conflict skip");
    let ran = run().succeeds();
    let (statuses, sent) = store(&ran);
    assert!(statuses.len() <= 3 && sent < 200 << 10, "{statuses:?} {sent}");
    assert_eq!(written(&ran, old), [""; 0]);
    let change = |work: &Path| {
        fs::remove_file(work.join("out/lib/5/40")).unwrap();
        fs::write(work.join("out/lib/1/1"), "mine").unwrap();
    };
    let ran = run().prepared(change).args("--list").succeeds();
    ran.prints("lib/5/40\n");
    assert_eq!(ran.read("out/lib/1/1"), "mine");
    let (statuses, sent) = store(&ran);
    assert!(statuses.len() <= 4 && sent < 300 << 10, "{statuses:?} {sent}");
    // Where nothing is there, the directory is not read first.
    let direct = Fake::start(world());
    let asked = [&LOOKUP[..], &[ARCHIVE]].concat();
    Run::new(&direct).args("fetch build -D out --on-conflict skip").succeeds().asks(&asked);
    Run::new(&direct).args("fetch build -D out --sync").succeeds().asks(&asked);
}
