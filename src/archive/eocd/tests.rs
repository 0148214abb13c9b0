//! Valid, unusual and contradictory end records.

use std::io::Cursor;

use super::*;
use crate::archive::zip_builder::{file, zip};

/// Returns an EOCD record; `offset` is that of the directory.
fn short(entries: u16, size: u32, offset: u32, comment: &[u8]) -> Vec<u8> {
    let mut record = b"PK\x05\x06\0\0\0\0".to_vec();
    record.extend([entries.to_le_bytes(), entries.to_le_bytes()].concat());
    record.extend([size.to_le_bytes(), offset.to_le_bytes()].concat());
    record.extend((comment.len() as u16).to_le_bytes());
    record.extend(comment);
    record
}

/// Returns a ZIP64 EOCD record for this position and its locator. `own` is optional data at the end
/// of the record.
fn long(at: u64, entries: u64, size: u64, offset: u64, own: &[u8]) -> Vec<u8> {
    let mut record = b"PK\x06\x06".to_vec();
    record.extend((44 + own.len() as u64).to_le_bytes());
    record.extend([0; 12]);
    for field in [entries, entries, size, offset] {
        record.extend(field.to_le_bytes());
    }
    record.extend(own);
    record.extend(b"PK\x06\x07\0\0\0\0");
    record.extend(at.to_le_bytes());
    record.extend([1, 0, 0, 0]);
    record
}

/// Returns an archive without its EOCD record, and the size of its directory.
fn body() -> (Vec<u8>, u32) {
    let mut bytes = zip(&[file("a", "one")]);
    bytes.truncate(bytes.len() - EOCD_LENGTH);
    (bytes, 47)
}

fn ended(records: &[Vec<u8>]) -> Vec<u8> {
    [body().0, records.concat()].concat()
}

fn found(bytes: Vec<u8>) -> Result<Option<Eocd>, String> {
    find(&mut TrackedReader::new(Cursor::new(bytes))).map_err(|error| error.to_string())
}

#[test]
fn the_directory_is_found_with_comment_prefix_suffix_or_zip64() {
    let (body, size) = body();
    let (start, end) = (body.len() as u64 - 47, body.len() as u64);
    let offset = start as u32;
    let plain = Eocd {
        directory_start: start,
        directory_end: end,
        prefix: 0,
        entries: 1,
        size: size.into(),
    };
    let usual = short(1, size, offset, b"");
    let full = short(u16::MAX, u32::MAX, u32::MAX, b"");
    let known = |at| long(at, 1, size.into(), start, b"");
    for (what, records) in [
        ("plain", vec![usual.clone()]),
        ("with a comment", vec![short(1, size, offset, b"said about it")]),
        ("with the longest comment", vec![short(1, size, offset, &[b'x'; 65_535])]),
        ("with something behind", vec![usual.clone(), b"\n<!-- proxy -->".to_vec()]),
        ("long", vec![known(end), full.clone()]),
        ("long, and the short says the same", vec![known(end), usual.clone()]),
        ("long, with fields of its own", vec![long(end, 1, size.into(), start, b"own"), full]),
    ] {
        assert_eq!(found(ended(&records)).unwrap().as_ref(), Some(&plain), "{what}");
    }
    let behind_a_script = [b"#!/bin/sh\n".to_vec(), ended(&[usual])].concat();
    let moved = Eocd { directory_start: start + 10, directory_end: end + 10, prefix: 10, ..plain };
    assert_eq!(found(behind_a_script).unwrap(), Some(moved));
    // A wrong size with a right offset is refused later, when the headers are read.
    let longer =
        Eocd { directory_start: start, directory_end: end, prefix: 0, entries: 1, size: 46 };
    assert_eq!(found(ended(&[short(1, 46, offset, b"")])).unwrap(), Some(longer));
    assert_eq!(found(b"no zip at all".to_vec()).unwrap(), None);
    assert_eq!(found(Vec::new()).unwrap(), None);
}

#[test]
fn an_archive_stored_in_the_last_entry_is_ignored() {
    let inner = zip(&[file("inner", "x")]);
    for behind in [b"".as_slice(), b"\n"] {
        let outer = [zip(&[file("a.zip", &inner)]), behind.to_vec()].concat();
        let end = found(outer).unwrap().unwrap();
        assert_eq!((end.entries, end.size), (1, 46 + 5));
    }
}

#[test]
fn ambiguous_or_incomplete_end_records_are_refused() {
    let (body, size) = body();
    let (start, end) = (body.len() as u64 - 47, body.len() as u64);
    let offset = start as u32;
    let usual = short(1, size, offset, b"");
    let full = short(u16::MAX, u32::MAX, u32::MAX, b"");
    let with = |record: Vec<u8>| ended(&[record, full.clone()]);
    let disagree = "the archive contradicts itself: its two end records do not agree";
    let astray = "the archive contradicts itself: its zip64 end record is not where it should be";
    let nowhere = "the archive is broken: there is no central directory where its end record says";
    let second = zip(&[file("b", "two")]);
    let whole = ended(std::slice::from_ref(&usual));
    let twice = [whole.clone(), whole.clone()].concat();
    let (mut split, mut unsigned) = (usual.clone(), long(end, 1, size.into(), start, b""));
    split[4] = 1;
    unsigned[3] = 0;
    let mut endless = long(end, 1, size.into(), start, b"");
    endless[4..12].fill(0xff);
    for (bytes, says) in [
        (
            ended(&[short(1, size, offset, &second)]),
            "the archive contradicts itself: it has two end records",
        ),
        (twice, "the archive contradicts itself: it has two central directories"),
        (ended(&[long(end, 2, size.into(), start, b""), usual.clone()]), disagree),
        (ended(&[long(end, 1, 48, start, b""), usual.clone()]), disagree),
        (ended(&[long(end, 1, size.into(), start - 1, b""), usual.clone()]), disagree),
        (with(long(end + 1, 1, size.into(), start, b"own")), astray),
        (with(unsigned), astray),
        (with(endless), astray),
        (with(long(u64::MAX, 1, size.into(), start, b"own")), astray),
        (with(long(end, 1, 9, start + 5, b"")), nowhere),
        (with(long(end, 1, u64::MAX, start, b"")), "the archive is broken: its beginning is"),
        (ended(&[short(1, 7, 3, b"")]), nowhere),
        (whole[20..].to_vec(), "the archive is broken: its beginning is missing"),
        (whole[..end as usize + 21].to_vec(), ""),
        (
            ended(&[short(1, size, offset, b"cut")])[..end as usize + 24].to_vec(),
            "the archive is broken: it ends too early",
        ),
        (ended(&[split]), "the archive is broken: it is one part of several"),
    ] {
        match found(bytes) {
            Ok(None) => assert_eq!(says, ""),
            Ok(Some(end)) => panic!("not refused: {says}, {end:?}"),
            Err(error) => assert!(error.starts_with(says), "{error}\nis not\n{says}"),
        }
    }
}
