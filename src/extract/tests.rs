//! Extraction of valid archives to files, and of bad archives to nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use super::buffer_pool::BUFFER_SIZE;
use super::workers::at_path;
use super::*;
use crate::archive::zip_builder::{ZipItem, file, folder, link, zip};
use crate::disk::listing::listing;
#[cfg(unix)]
use crate::disk::listing::mode;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::model::EntryKind;
use crate::plan::OnConflict;
use crate::select::files::{FileRules, files};
use crate::select::link::Symlinks;
use crate::{archive, disk};

fn extract(bytes: Vec<u8>, dest: &Path, rules: &FileRules) -> Result<(), Error> {
    let mut staging = Staging::new_in(dest, &Interrupt::default())?;
    let mut archive = Archive::open_validated(Cursor::new(bytes), usize::MAX)?;
    let mut targets = BTreeMap::new();
    for index in 0..archive.entries().len() {
        if archive.entries()[index].kind == EntryKind::Link {
            targets.insert(index, archive.link_target(index)?);
        }
    }
    let plan = files(archive.entries(), &targets, rules)?;
    extract_archive(&mut archive, &plan, &mut staging)?;
    assert!(staging.commit(OnConflict::Overwrite)?.skipped.is_empty());
    Ok(())
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/archives/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read(path).unwrap()
}

#[cfg(unix)]
#[test]
fn archives_of_the_runner_are_extracted_with_modes_dates_and_links() {
    for name in ["runner-legacy.zip", "runner-fastzip.zip", "runner-fastzip-level-fastest.zip"] {
        let home = tempfile::tempdir().unwrap();
        let dest = home.path().join("out");
        extract(fixture(name), &dest, &FileRules::default()).unwrap();
        let at = |path: &str| dest.join(path);
        assert_eq!(mode(&at("sharecode/version.json")), "0600");
        assert!(mode(&at("sharecode/bin/run.sh")).starts_with("07"));
        assert_eq!(fs::read_link(at("sharecode/run")).unwrap(), Path::new("bin/run.sh"));
        assert_eq!(fs::read_link(at("current")).unwrap(), Path::new("sharecode"));
        assert_eq!(fs::metadata(at("current/lib/sharecode.dll")).unwrap().len(), 12_000);
        assert!(at("docs/讀我.md").is_file() && at("docs/space name (1).txt").is_file());
        assert!(at("empty-dir").is_dir());
        for dated in ["sharecode/empty", "empty-dir", "sharecode", "docs"] {
            let date = fs::metadata(at(dated)).unwrap().modified().unwrap();
            let since = date.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
            assert_eq!(since.as_secs(), 1_777_629_600, "{name}: {dated}");
        }
    }
}

#[test]
fn archives_of_other_writers_are_extracted() {
    for (name, expect) in [
        ("dot-entries.zip", ["sub/a.txt", "b.txt"]),
        ("zip64-python.zip", ["one.txt", "sub/two.txt"]),
        ("zip64-python-pipe.zip", ["one.txt", "sub/two.txt"]),
        ("zip64-infozip.zip", ["one.txt", "sub/two.txt"]),
    ] {
        let dest = tempfile::tempdir().unwrap();
        extract(fixture(name), dest.path(), &FileRules::default()).unwrap();
        for path in expect {
            assert!(dest.path().join(path).is_file(), "{name}: {path}");
        }
    }
}

#[test]
fn a_hostile_or_damaged_archive_leaves_the_destination_unchanged() {
    let good = || file("good", "x");
    let archives: [(&str, Vec<ZipItem>); 15] = [
        ("leaves", vec![good(), file("../evil", "x")]),
        ("absolute", vec![good(), file("/evil", "x")]),
        ("backslash", vec![good(), file("..\\evil", "x")]),
        ("through a link", vec![good(), link("l", ".."), file("l/evil", "x")]),
        ("link above", vec![good(), link("l", "../evil")]),
        ("link to the root", vec![good(), link("l", "/etc/passwd")]),
        ("links together", vec![link("d/e/x", "../.."), link("l", "d/e/x/../foo")]),
        ("chain", vec![link("a", "."), link("a/b", "..")]),
        ("link with a slash", vec![link("a/", "x")]),
        ("no name", vec![good(), file("", "x")]),
        ("dot", vec![good(), file(".", "x")]),
        ("twice", vec![good(), file("./good", "y")]),
        ("file and folder", vec![good(), file("good/x", "y")]),
        ("wrong checksum", vec![good(), file("late", "x").but(|item| item.crc = 7)]),
        ("too short", vec![good(), file("late", "x").deflated().but(|item| item.size = 2)]),
    ];
    for (what, items) in archives {
        let home = tempfile::tempdir().unwrap();
        let dest = home.path().join("dest");
        fs::create_dir(&dest).unwrap();
        fs::write(dest.join("good"), "mine").unwrap();
        let before = listing(home.path());
        assert!(extract(zip(&items), &dest, &FileRules::default()).is_err(), "{what}");
        assert_eq!(listing(home.path()), before, "{what}");
        assert!(extract(zip(&items), &home.path().join("a/new"), &FileRules::default()).is_err());
        assert_eq!(listing(home.path()), before, "{what}");
    }
}

/// Returns bytes with a long period, so that no two buffers are equal.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

/// Returns entries around the sizes at which their handling changes.
fn of_all_sizes() -> Vec<ZipItem> {
    let sizes = [
        0,
        1,
        BUFFER_SIZE - 1,
        BUFFER_SIZE,
        BUFFER_SIZE + 1,
        2 * BUFFER_SIZE,
        2 * BUFFER_SIZE + 1,
        7 * BUFFER_SIZE + 5,
    ];
    let large = sizes.iter().map(|size| file(format!("large/{size}"), noise(*size)));
    let small = (0..500).map(|i| file(format!("small/{}/{i}", i % 7), noise(i * 3)));
    let mut items: Vec<ZipItem> = large.chain(small).collect();
    let compressed = items.clone().into_iter().map(|item| {
        item.deflated().but(|item| item.name.extend(b".packed")).but(|item| item.flags = 8)
    });
    items.extend(compressed.collect::<Vec<_>>());
    items
}

#[test]
fn entries_of_all_sizes_are_extracted() {
    let dest = tempfile::tempdir().unwrap();
    let items = of_all_sizes();
    extract(zip(&items), dest.path(), &FileRules::default()).unwrap();
    for item in items {
        let name = String::from_utf8(item.name).unwrap();
        assert!(fs::read(dest.path().join(&name)).unwrap() == item.data, "{name}");
    }
}

#[test]
fn one_damaged_entry_leaves_the_destination_unchanged() {
    for (bad, says) in [
        (file("bad", noise(40)).but(|item| item.crc = 7), "invalid checksum"),
        (file("bad", noise(40 * BUFFER_SIZE)).but(|item| item.crc = 7), "invalid checksum"),
        (
            file("bad", noise(40 * BUFFER_SIZE)).deflated().but(|item| item.crc = 7),
            "invalid checksum",
        ),
        (file("bad", noise(40 * BUFFER_SIZE)).deflated().but(|item| item.size -= 1), "longer than"),
        (
            file("bad", noise(40 * BUFFER_SIZE)).deflated().but(|item| item.size += 1),
            "and declares",
        ),
        (
            file("bad", noise(40 * BUFFER_SIZE)).deflated().but(|item| item.compressed[65_540] = 6),
            "corrupt deflate stream",
        ),
    ] {
        let dest = tempfile::tempdir().unwrap();
        let mut items = of_all_sizes();
        items.insert(4, bad);
        let error = extract(zip(&items), dest.path(), &FileRules::default()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(listing(dest.path()), Vec::<String>::new());
    }
}

#[test]
fn an_interrupted_run_stops_extracting() {
    let dest = tempfile::tempdir().unwrap();
    let interrupt = Interrupt::default();
    let mut staging = Staging::new_in(dest.path(), &interrupt).unwrap();
    let mut archive =
        Archive::open_validated(Cursor::new(zip(&of_all_sizes())), usize::MAX).unwrap();
    let plan = files(archive.entries(), &BTreeMap::new(), &FileRules::default()).unwrap();
    drop(interrupt.clean_up(|| true));
    let error = extract_archive(&mut archive, &plan, &mut staging).unwrap_err();
    assert!(matches!(error, Error::Disk(disk::Error::Interrupted)), "{error}");
}

#[test]
fn unusual_valid_archives_are_extracted() {
    let dest = tempfile::tempdir().unwrap();
    let long = "n".repeat(255);
    let items = [
        folder("ro/").mode(0o040_555),
        file("ro/in", "1"),
        file("zero", "2").mode(0o100_000),
        file("suid", "3").mode(0o104_755),
        file("deep/not/listed", "4").deflated(),
        file("..x", "5"),
        file(&long, "6"),
        file("no-date", "7").but(|item| item.dos = (0, 0)),
        folder("late/").mode(0o040_700),
        file("twice", "8"),
        file("./twice", "8"),
        link("up", "deep/.."),
        file("pipe", "").mode(0o010_644),
    ];
    extract(zip(&items), dest.path(), &FileRules::default()).unwrap();
    assert_eq!(fs::read(dest.path().join("ro/in")).unwrap(), b"1");
    assert_eq!(fs::read(dest.path().join(long)).unwrap(), b"6");
    assert_eq!(fs::read(dest.path().join("zero")).unwrap(), b"2");
    assert!(!dest.path().join("pipe").exists());
    #[cfg(unix)]
    {
        assert_eq!(mode(&dest.path().join("late")), "0700");
        assert!(mode(&dest.path().join("suid")).starts_with('0'));
        assert_ne!(mode(&dest.path().join("zero")), "0000");
    }
}

#[test]
fn a_copied_link_is_a_file_with_the_mode_of_the_original() {
    let dest = tempfile::tempdir().unwrap();
    let items = [file("bin/run", "#!").mode(0o100_700), link("run", "bin/run")];
    let rules = FileRules { symlinks: Symlinks::Copy, ..FileRules::default() };
    extract(zip(&items), dest.path(), &rules).unwrap();
    let run = dest.path().join("run");
    assert!(fs::symlink_metadata(&run).unwrap().is_file());
    assert_eq!(fs::read(&run).unwrap(), b"#!");
    #[cfg(unix)]
    assert_eq!(mode(&run), "0700");
}

#[test]
fn a_write_error_is_reported_as_a_disk_error() {
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let error = at_path(archive::Error::Write(full), Path::new("a"));
    assert_eq!(error.to_string(), "cannot write `a`: no space left on the disk");
    assert!(matches!(error, Error::Disk(_)));
}
