//! Archives that are read completely, and archives that are refused as a whole.

use std::io::{Cursor, Read, Seek, SeekFrom};

use zip::result::ZipError;

use super::zip_builder::{ZipItem, file, folder, link, zip, zip_claiming};
use super::{Archive, Error, NotZip, validate};
use crate::model::{EntryKind, RawPath};

fn open(bytes: Vec<u8>) -> Result<Archive<Cursor<Vec<u8>>>, Error> {
    Archive::open_validated(Cursor::new(bytes), usize::MAX)
}

fn fixture(name: &str) -> Archive<Cursor<Vec<u8>>> {
    let path = format!("{}/fixtures/archives/{name}", env!("CARGO_MANIFEST_DIR"));
    open(std::fs::read(path).unwrap()).unwrap()
}

fn content(archive: &mut Archive<Cursor<Vec<u8>>>, name: &str) -> Vec<u8> {
    let index = archive.entries().iter().position(|entry| entry.name == name).unwrap();
    let mut bytes = Vec::new();
    archive.copy(index, &mut bytes).unwrap();
    bytes
}

#[test]
fn archives_of_the_runner_are_read_with_modes_dates_and_links() {
    for name in ["runner-legacy.zip", "runner-fastzip.zip", "runner-fastzip-level-fastest.zip"] {
        let mut archive = fixture(name);
        let find = |wanted: &str| {
            let found = archive.entries().iter().position(|entry| entry.name == wanted);
            found.unwrap_or_else(|| panic!("{name}: {wanted}"))
        };
        let (run, current) = (find("sharecode/run"), find("current"));
        let script = archive.entries()[find("sharecode/bin/run.sh")].clone();
        assert_eq!((script.kind, script.mode), (EntryKind::File, Some(0o755)), "{name}");
        assert_eq!(script.modified(), Some(1_777_629_600), "{name}");
        assert_eq!(archive.entries()[find("empty-dir/")].kind, EntryKind::Folder);
        assert_eq!(archive.entries()[find("sharecode/version.json")].mode, Some(0o600));
        assert_eq!(archive.entries()[run].kind, EntryKind::Link);
        assert_eq!(archive.link_target(run).unwrap(), "bin/run.sh");
        assert_eq!(archive.link_target(current).unwrap(), "sharecode");
        assert_eq!(content(&mut archive, "sharecode/lib/sharecode.dll").len(), 12_000);
        assert_eq!(content(&mut archive, "sharecode/empty"), b"");
        for index in 0..archive.entries().len() {
            archive.copy(index, &mut Vec::new()).unwrap();
        }
    }
}

#[test]
fn zip64_fields_of_common_writers_are_read() {
    for name in ["zip64-python.zip", "zip64-python-pipe.zip", "zip64-infozip.zip"] {
        let mut archive = fixture(name);
        assert_eq!(content(&mut archive, "one.txt"), b"one\n".repeat(50), "{name}");
        assert_eq!(content(&mut archive, "sub/two.txt"), b"two\n", "{name}");
    }
}

#[test]
fn an_archive_may_be_empty_or_have_a_prefix() {
    assert!(open(zip(&[])).unwrap().entries().is_empty());
    let mut bytes = b"#!/bin/sh\nexit\n".to_vec();
    bytes.extend(zip(&[file("a", "hello").deflated()]));
    assert_eq!(content(&mut open(bytes).unwrap(), "a"), b"hello");
}

#[test]
fn names_kinds_modes_and_dates_depend_on_the_writer() {
    let time = |flags: u8| [b"UT\x05\0".as_slice(), &[flags], &[0, 0, 0, 0x70]].concat();
    type Facts = (RawPath, EntryKind, Option<u16>, Option<i64>);
    let cases: [(ZipItem, Facts); 9] = {
        let entry = |name: &str, kind, mode, modified| (name.into(), kind, mode, modified);
        let day = Some(1_777_629_600);
        [
            (file("ä".as_bytes(), ""), entry("ä", EntryKind::File, Some(0o644), day)),
            (file(b"\x81", "").but(|i| i.creator = 0), entry("ü", EntryKind::File, None, day)),
            (folder("d/"), entry("d/", EntryKind::Folder, Some(0o755), day)),
            (file("d/", "").mode(0o100_644), entry("d/", EntryKind::Folder, Some(0o644), day)),
            (file("x", "").mode(0o104_755), entry("x", EntryKind::File, Some(0o4755), day)),
            (file("p", "").mode(0o010_644), entry("p", EntryKind::Special, Some(0o644), day)),
            (file("dos", "").but(|i| i.creator = 0), entry("dos", EntryKind::File, None, day)),
            (file("n", "").but(|i| i.dos = (0, 0)), entry("n", EntryKind::File, Some(0o644), None)),
            (
                file("t", "").but(|i| i.extra = time(1)),
                entry("t", EntryKind::File, Some(0o644), Some(0x7000_0000)),
            ),
        ]
    };
    for (item, expect) in cases {
        let archive = open(zip(&[item])).unwrap();
        let [entry] = archive.entries() else { panic!("{expect:?}") };
        assert_eq!((entry.name.clone(), entry.kind, entry.mode, entry.modified()), expect);
    }
    let unset = file("t", "").but(|item| item.extra = time(2));
    assert_eq!(open(zip(&[unset])).unwrap().entries()[0].modified(), Some(1_777_629_600));
}

#[test]
fn invalid_archives_are_refused_when_they_are_opened() {
    let (a, b) = (file("a", "one"), file("b", "two"));
    let cases = [
        (zip_claiming(&[a.clone(), b.clone()], 1), "the archive claims 1 entries and lists 2"),
        (
            zip_claiming(std::slice::from_ref(&a), 0),
            "the archive contradicts itself: it lists no entries and begins with one",
        ),
        (zip_claiming(std::slice::from_ref(&a), 2), "the archive claims 2 entries and lists 1"),
        (zip(&[a.clone(), file("a", "two")]), "entry `a` is there twice with different contents"),
        (zip(&[a.clone(), link("a", "one")]), "entry `a` is there twice with different contents"),
        (
            zip(&[
                a.clone(),
                a.clone().but(|i| i.name = b"b".to_vec()).but(|i| i.shares_local_header = true),
            ]),
            "the archive contradicts itself: ",
        ),
        (
            zip(&[a.clone().but(|i| i.local_name = Some(b"z".to_vec()))]),
            "the archive contradicts itself: ",
        ),
        (zip(&[a.clone().but(|i| i.local_method = Some(8))]), "the archive contradicts itself: "),
        (zip(&[a.clone().but(|i| i.local_crc = Some(7))]), "the archive contradicts itself: "),
        (zip(&[a, b.but(|i| i.hidden = true)]), "the archive contradicts itself: "),
        (vec![], "not a zip archive: it is empty"),
        (b"<html><body>Sign in".to_vec(), "not a zip archive: it is an HTML page"),
    ];
    for (bytes, expect) in cases {
        match open(bytes) {
            Ok(_) => panic!("not refused: {expect}"),
            Err(error) => {
                assert!(error.to_string().starts_with(expect), "{error}\nis not\n{expect}");
            }
        }
    }
}

#[test]
fn the_directory_ends_where_the_end_records_start() {
    let whole = zip(&[file("a", "one")]);
    let end = whole.len() - 22;
    let mut larger = whole.clone();
    larger[end + 12] += 1;
    let mut apart = whole.clone();
    apart.splice(end..end, *b"junk");
    let early = "the archive is broken: its central directory ends too early";
    // A header whose name reaches into the end record.
    let mut named = whole.clone();
    named[end - 47 + 28] += 1;
    let mut cut = whole.clone();
    cut[end + 12] -= 2;
    cut.splice(end - 2..end, []);
    let mut commented = whole.clone();
    commented[end - 47 + 32] = 255;
    for (bytes, expect) in [
        (named, early),
        (cut, early),
        (commented, early),
        (
            larger,
            "the archive contradicts itself: its directory has 47 bytes, its end record says 48",
        ),
        (apart, "the archive contradicts itself: something lies between"),
    ] {
        let error = open(bytes).err().unwrap().to_string();
        assert!(error.starts_with(expect), "{error}");
    }
}

#[test]
fn duplicate_entries_with_equal_contents_are_listed_once() {
    let twice = [file("a", "one"), file("b", "two"), file("a", "one"), file("c", "three")];
    let mut archive = open(zip(&twice)).unwrap();
    assert_eq!(archive.entries().len(), 3);
    for (name, bytes) in [("a", "one"), ("b", "two"), ("c", "three")] {
        assert_eq!(content(&mut archive, name), bytes.as_bytes());
    }
    assert!(matches!(
        open(zip_claiming(&twice, 3)),
        Err(Error::EntryCount { claimed: 3, found: 4 })
    ));
}

#[test]
fn an_archive_truncated_at_any_byte_is_refused() {
    let whole = zip(&[file("a", "hello").deflated(), folder("d/"), link("l", "a")]);
    for length in 0..whole.len() {
        let cut = whole[..length].to_vec();
        assert!(open(cut).is_err(), "cut at {length}");
    }
    let cut = open(whole[..whole.len() - 22].to_vec()).err().unwrap();
    assert!(matches!(cut, Error::NotZip(NotZip::Truncated)), "{cut}");
}

#[test]
fn a_listing_reads_only_the_directory_and_a_copy_only_the_extent_of_its_entry() {
    /// A reader that records the lowest and the highest position that was read.
    struct Recording(Cursor<Vec<u8>>, u64, u64);
    impl Read for Recording {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1 = self.1.min(self.0.position());
            let count = self.0.read(buffer)?;
            self.2 = self.2.max(self.0.position());
            Ok(count)
        }
    }
    impl Seek for Recording {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.0.seek(to)
        }
    }
    let items = [("a", 1), ("bb", 2), ("c", 3)].map(|(name, byte)| file(name, [byte; 90_000]));
    let [a, bb, c] = items;
    let items = [a, bb.deflated(), c];
    let bytes = zip(&items);
    let mut archive =
        Archive::open_directory(Recording(Cursor::new(bytes), u64::MAX, 0), usize::MAX).unwrap();
    assert!(archive.reader().1 > 200_000, "{}", archive.reader().1);
    (archive.reader().1, archive.reader().2) = (u64::MAX, 0);
    let extent = archive.extent(1);
    assert_eq!(extent, 90_031..90_031 + 30 + 2 + 256 + 90_010);
    archive.copy(1, &mut Vec::new()).unwrap();
    let Recording(_, from, to) = archive.reader();
    assert_eq!((*from, *to), (extent.start, extent.end - 256));
    assert_eq!(archive.extent(3), 0..0);
}

#[test]
fn errors_of_the_zip_crate_become_clauses() {
    let early = std::io::ErrorKind::UnexpectedEof.into();
    for (error, words) in [
        (ZipError::Io(early), "it ends too early"),
        (ZipError::Io(std::io::Error::other("Wire cut")), "wire cut"),
        (ZipError::InvalidArchive("Unexpected end of it".into()), "it ends too early"),
        (ZipError::InvalidArchive("header inconsistency detected: Name".into()), "name"),
        (ZipError::InvalidArchive("CRC of it".into()), "CRC of it"),
        (ZipError::InvalidArchive("".into()), ""),
    ] {
        assert_eq!(validate::to_clause(&error), words);
    }
}

#[test]
fn a_tar_file_that_ends_with_a_zip_archive_is_refused() {
    let mut tar = vec![0; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    let behind = |zip: Vec<u8>| open([tar.clone(), zip].concat());
    assert!(matches!(behind(zip(&[file("a", "x")])), Err(Error::NotZip(NotZip::Tar))));
    // Also if the offsets of the zip count the tar as part of it.
    let mut empty = zip(&[]);
    empty[16..20].copy_from_slice(&1024_u32.to_le_bytes());
    assert!(matches!(behind(empty), Err(Error::NotZip(NotZip::Tar))));
}

#[test]
fn data_that_differ_from_size_or_checksum_are_refused() {
    let lies: [(ZipItem, &str); 5] = [
        (file("a", "hello").but(|i| i.crc = 1), "entry `a` is damaged: invalid checksum"),
        (file("a", "hello").deflated().but(|i| i.size = 3), "entry `a` is damaged: "),
        (file("a", "hello").deflated().but(|i| i.size = 9), "entry `a` is damaged: it has 5 bytes"),
        (file("a", "hello").but(|i| i.size = u32::MAX - 1), "entry `a` is damaged: it has 5 bytes"),
        (
            file("a", "hello").deflated().but(|i| i.compressed[0] = 0xff),
            "entry `a` is damaged: corrupt deflate stream",
        ),
    ];
    for (item, expect) in lies {
        let declared = item.size as usize;
        let mut archive = open(zip(&[item])).unwrap();
        let mut written = Vec::new();
        let error = archive.copy(0, &mut written).unwrap_err().to_string();
        assert!(error.starts_with(expect), "{error}");
        assert!(written.len() <= declared);
    }
}

#[test]
fn link_targets_are_short_and_keep_their_bytes() {
    let cases = [
        (link("l", ""), "link `l` has no target"),
        (link("l", "a\0b"), "link `l` has a NUL in its target"),
        (link("l", "a".repeat(4097)), "link `l` has a target of more than 4096 bytes"),
        (
            link("l", "a").but(|i| i.size = u32::MAX - 1),
            "link `l` has a target of more than 4096 bytes",
        ),
    ];
    for (item, expect) in cases {
        assert_eq!(open(zip(&[item])).unwrap().link_target(0).unwrap_err().to_string(), expect);
    }
    let bytes = open(zip(&[link("l", [0xff])])).unwrap().link_target(0).unwrap();
    assert_eq!(&*bytes, [0xff]);
    let longest = "a".repeat(4096);
    assert_eq!(open(zip(&[link("l", &longest)])).unwrap().link_target(0).unwrap(), *longest);
}

#[test]
fn io_errors_are_distinguished_from_bad_data() {
    struct Failing(Cursor<Vec<u8>>, bool);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.1 { Err(std::io::Error::other("wire cut")) } else { self.0.read(buffer) }
        }
    }
    impl Seek for Failing {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.0.seek(to)
        }
    }
    let bytes = zip(&[file("a", "hello").deflated()]);
    let failed =
        Archive::open_validated(Failing(Cursor::new(bytes.clone()), true), 9).err().unwrap();
    assert!(matches!(&failed, Error::Read(error) if error.to_string() == "wire cut"), "{failed}");

    let mut archive = Archive::open_validated(Failing(Cursor::new(bytes), false), 9).unwrap();
    let full = archive.copy(0, &mut [0_u8; 2].as_mut_slice()).unwrap_err();
    assert!(matches!(full, Error::Write(_)), "{full}");
    *archive.reader() = Failing(Cursor::new(Vec::new()), true);
    let failed = archive.copy(0, &mut Vec::new()).unwrap_err();
    assert!(matches!(&failed, Error::Read(error) if error.to_string() == "wire cut"), "{failed}");
}

#[test]
fn a_second_archive_in_the_comment_is_refused() {
    // The byte behind the inner archive makes only the outer one end with the file.
    let mut bytes = zip(&[file("a", "one")]);
    let inner = [zip(&[file("b", "two")]), b"#".to_vec()].concat();
    bytes.truncate(bytes.len() - 2);
    bytes.extend((inner.len() as u16).to_le_bytes());
    bytes.extend(inner);
    let refused = open(bytes).err().unwrap().to_string();
    assert_eq!(refused, "the archive contradicts itself: it has two end records");
}

#[test]
fn entries_that_cannot_be_read_are_listed_and_refused_by_name() {
    for (method, flags, expect) in [
        (0, 1, "entry `a` is encrypted"),
        (8, 1 << 6, "entry `a` is encrypted"),
        (0, 1 << 13, "entry `a` is encrypted"),
        (99, 0, "entry `a` is encrypted"),
        (8, 1 << 5, "entry `a` is a patch for something else"),
        (12, 0, "entry `a` uses compression method 12 (bzip2), where only"),
        (5, 0, "entry `a` uses compression method 5, where only"),
    ] {
        let item = file("a", "one").but(|i| (i.method, i.flags) = (method, flags));
        let mut archive = open(zip(&[item, file("b", "two")])).unwrap();
        assert_eq!(archive.entries().len(), 2);
        let error = archive.copy(0, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().starts_with(expect), "{error}");
        assert!(error.hint().unwrap().contains("-o FILE"), "{error}");
        assert_eq!(content(&mut archive, "b"), b"two");
    }
}

#[test]
fn the_number_of_entries_is_limited_before_and_while_they_are_read() {
    let items = [file("a", "x"), file("b", "x"), file("c", "x")];
    for (bytes, max) in [(zip(&items), 2), (zip_claiming(&items, 1), 1), (zip(&items), 0)] {
        let refused = Archive::open_directory(Cursor::new(bytes), max).err().unwrap();
        assert!(
            matches!(refused, Error::TooManyEntries { max: found, .. } if found == max),
            "{refused}"
        );
    }
    assert!(Archive::open_directory(Cursor::new(zip(&items)), 3).is_ok());
}

#[test]
fn an_entry_of_a_special_type_is_a_file_if_it_has_content() {
    for mode in [0o010_600, 0o020_600, 0o060_600, 0o140_600] {
        let archive =
            open(zip(&[file("-", "piped").mode(mode), file("x", "").mode(mode)])).unwrap();
        let kinds = archive.entries().iter().map(|entry| (entry.kind, entry.mode));
        let expect = [(EntryKind::File, Some(0o600)), (EntryKind::Special, Some(0o600))];
        assert!(kinds.eq(expect), "{mode:o}");
    }
}

#[test]
fn names_keep_the_bytes_that_a_unix_writer_stored() {
    for (creator, name) in [(3, b"\xfcber".as_slice()), (19, b"\xfcber"), (0, "ⁿber".as_bytes())]
    {
        let items = [file(b"\xfcber", "x").but(|i| (i.creator, i.flags) = (creator, 1 << 11))];
        let mut archive = open(zip(&items)).unwrap();
        assert_eq!(&*archive.entries()[0].name, name);
        archive.copy(0, &mut Vec::new()).unwrap();
    }
}
