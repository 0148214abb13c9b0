//! Archives with false end records, with bytes around them, and files of other kinds.

use crate::archives::{Case, case, each, no_archive};
use crate::zip_builder::{Zip64, ZipBuilder, file, zip};

const CONTRADICTS: &str = "contradicts itself";

fn ends(what: &str, change: impl Fn(&mut ZipBuilder) + 'static) -> Case {
    case(what, &[file("a", "one"), file("b", "two")]).whole(change)
}

fn lies(what: &str, says: &'static str, change: impl Fn(&mut ZipBuilder) + 'static) -> Case {
    ends(what, change).refused(says)
}

fn holds(what: &str, change: impl Fn(&mut ZipBuilder) + 'static) -> Case {
    ends(what, change).taken_as_it_is()
}

fn long(change: fn(&mut Zip64)) -> impl Fn(&mut ZipBuilder) {
    move |whole| {
        let mut zip64 = Zip64::default();
        change(&mut zip64);
        whole.zip64 = Some(zip64);
    }
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        lies("one entry fewer", "claims", |whole| whole.count = Some(2)),
        lies("one entry more", "claims", |whole| whole.count = Some(9)),
        lies("no entries", CONTRADICTS, |whole| whole.count = Some(0)),
        lies("as many entries as can be", "claims", |whole| whole.count = Some(u16::MAX)),
        lies("the second of two disks", "one part of several", |whole| whole.disk = 1),
        lies("a directory of another size", "its end record says 200", |whole| {
            whole.size = Some(200)
        }),
        lies("a directory of nothing", "two central directories", |whole| whole.size = Some(0)),
        lies("a directory of four gigabytes", "beginning is missing", |whole| {
            whole.size = Some(u32::MAX);
        }),
        lies("a directory further on", "beginning is missing", |whole| whole.start = Some(1 << 30)),
        lies("a comment that is not there", "ends too early", |whole| {
            whole.comment_length = Some(100);
        }),
        lies("something behind the directory", "something lies between", |whole| {
            whole.after_directory = b"junk".to_vec();
        }),
        lies("an archive in the comment", CONTRADICTS, |whole| {
            whole.comment = zip(&[file("evil", "x")]);
        }),
        holds("a comment", |whole| whole.comment = b"built today".to_vec()),
        holds("the longest comment", |whole| whole.comment = vec![b'c'; 65_535]),
        holds("a script before it", |whole| whole.prefix = b"#!/bin/sh\nexit\n".to_vec()),
        holds("a script before it that it counts", |whole| {
            (whole.prefix, whole.offsets_count_prefix) = (b"#!/bin/sh\nexit\n".to_vec(), true);
        }),
        holds("something behind it", |whole| whole.suffix = b"\r\n\r\n".to_vec()),
        holds("zeros behind it", |whole| whole.suffix = vec![0; 1000]),
        holds("the long end record", long(|_| ())),
        holds("both end records", long(|long| long.eocd_has_values = true)),
        lies(
            "a long record with other entries",
            "claims 2 entries",
            long(|long| long.entries = Some(2)),
        ),
        lies(
            "a long record with 2^60 entries",
            "claims 1152921504606846976",
            long(|long| {
                long.entries = Some(1 << 60);
            }),
        ),
        lies(
            "two records that disagree on entries",
            "do not agree",
            long(|long| {
                (long.entries, long.eocd_has_values) = (Some(9), true);
            }),
        ),
        lies(
            "two records that disagree on size",
            "do not agree",
            long(|long| {
                (long.size, long.eocd_has_values) = (Some(9), true);
            }),
        ),
        lies(
            "two records that disagree on place",
            "do not agree",
            long(|long| {
                (long.start, long.eocd_has_values) = (Some(9), true);
            }),
        ),
        lies(
            "a long record of 8 EiB",
            "beginning is missing",
            long(|long| {
                long.size = Some(1 << 63);
            }),
        ),
        lies(
            "a long record far away",
            "beginning is missing",
            long(|long| long.start = Some(u64::MAX)),
        ),
        holds(
            "a long record that is told elsewhere and is here",
            long(|long| long.locator_error = 9),
        ),
    ];
    cases.extend(around());
    cases.extend(others());
    cases
}

/// Files with more than one archive, or with a part of one.
fn around() -> Vec<Case> {
    let cut = |what: &str, says, cut: fn(&mut Vec<u8>)| case(what, &[]).bytes(cut).refused(says);
    let inner = zip(&[file("inner", "x")]);
    let inner_too = inner.clone();
    vec![
        cut("its first ten bytes", "begins like one", |all| all.truncate(10)),
        cut("all but its last byte", "its end is missing", |all| all.truncate(all.len() - 1)),
        cut("all but its end record", "its end is missing", |all| all.truncate(all.len() - 22)),
        cut("all but its first byte", "beginning is missing", |all| drop(all.drain(..1))),
        cut("all but its first forty bytes", "beginning is missing", |all| drop(all.drain(..40))),
        cut("a hole in its middle", "beginning is missing", |all| drop(all.drain(10..14))),
        cut("zeros where its first header was", CONTRADICTS, |all| all[..4].fill(0)),
        cut("itself twice", "two central directories", |all| all.extend(all.clone())),
        case("an archive before it", &[])
            .bytes(move |all| all.splice(..0, inner.clone()).for_each(drop))
            .refused(CONTRADICTS),
        case("an entry hidden before the directory", &[file("a", "x")])
            .whole(|whole| whole.before_directory = zip(&[file("evil", "x")])[..35].to_vec())
            .refused(CONTRADICTS),
        case("an archive in it", &[file("in.zip", inner_too)]).taken_as_it_is(),
        case("a gap before the directory", &[file("a", "x")])
            .whole(|whole| whole.before_directory = vec![0; 100])
            .taken_as_it_is(),
        case("an archive without entries", &[]).whole(|whole| whole.items.clear()).empty(),
    ]
}

/// Files that are not zip archives.
fn others() -> Vec<Case> {
    let mut tar = vec![b'a'; 257];
    tar.extend(b"ustar\x0000");
    tar.resize(1024, 0);
    let and_zip = [tar.as_slice(), &zip(&[file("a", "x")])].concat();
    vec![
        no_archive("nothing", b"", "it is empty"),
        no_archive("zeros", &[0; 1000], "does not look like any archive"),
        no_archive("noise", b"\x9d\x01\xfe?;noise", "does not look like any archive"),
        no_archive("gzip", b"\x1f\x8b\x08 a gzip, perhaps of a report", "it is gzip data"),
        no_archive("zstd", b"\x28\xb5\x2f\xfd\x04\0 a tar.zst", "it is zstd data"),
        no_archive("bzip2", b"BZh91AY&SY", "it is bzip2 data"),
        no_archive("xz", b"\xfd7zXZ\0\0\x04", "it is xz data"),
        no_archive("7z", b"7z\xbc\xaf\x27\x1c\0\x04", "it is a 7z archive"),
        no_archive("JSON", b"{\"message\":\"no archive\"}", "it is JSON"),
        no_archive("XML", b"<?xml version=\"1.0\"?><Error/>", "it is an XML document"),
        no_archive("tar", &tar, "it is a tar archive"),
        no_archive("a tar that ends as a zip", &and_zip, "it is a tar archive"),
        no_archive(
            "an end record alone, that lies",
            b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2e\0\0\0\0\0\0\0\0\0",
            "beginning is missing",
        ),
    ]
}

#[test]
fn ends_tell_one_archive_or_nothing_is_taken() {
    each(cases());
}
