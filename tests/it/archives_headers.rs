//! Archives whose headers contradict each other, overlap, or declare unsupported features.

use crate::archives::{Case, case, each};
use crate::zip_builder::{
    ZipItem, crc32, extra, file, folder, link, unicode_extra, zip, zip64_extra,
};

const CONTRADICTS: &str = "contradicts itself";
const OTHER_SIZES: &str = "entry `x` has other sizes behind its data";

fn x() -> ZipItem {
    file("x", "x")
}

/// Returns a data descriptor of `x`, in one of the four forms, true or false.
fn described(signature: bool, long: bool, lie: u64) -> ZipItem {
    let mut descriptor = if signature { b"PK\x07\x08".to_vec() } else { Vec::new() };
    descriptor.extend(crc32(b"x").to_le_bytes());
    for size in [1, 1 + lie] {
        match long {
            true => descriptor.extend(size.to_le_bytes()),
            false => descriptor.extend((size as u32).to_le_bytes()),
        }
    }
    x().but(|item| (item.flags, item.descriptor) = (8, Some(descriptor)))
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (flags, says) in [
        (1, "entry `x` is encrypted"),
        (1 << 6, "entry `x` is encrypted"),
        (1 << 13, "entry `x` is encrypted"),
        (1 << 5, "entry `x` is a patch"),
    ] {
        let title = format!("flags {flags}");
        cases.push(case(&title, &[x().but(|item| item.flags = flags)]).refused(says));
    }
    for (method, says) in [
        (1, "compression method 1 (shrink)"),
        (6, "compression method 6 (implode)"),
        (9, "compression method 9 (deflate64)"),
        (12, "compression method 12 (bzip2)"),
        (14, "compression method 14 (lzma)"),
        (93, "corrupt zstd data"),
        (95, "compression method 95 (xz)"),
        (98, "entry `x` uses compression method 98 (ppmd), where only"),
        (99, "entry `x` is encrypted"),
    ] {
        let title = format!("method {method}");
        cases.push(case(&title, &[x().but(|item| item.method = method)]).refused(says));
    }
    for (signature, long) in [(true, false), (false, false), (true, true), (false, true)] {
        let how = format!("behind the data, signature {signature}, long {long}");
        cases.push(
            case(&format!("sizes {how}"), &[described(signature, long, 0)]).taken(&[("x", "x")]),
        );
        let lie = case(&format!("other sizes {how}"), &[described(signature, long, 1)]);
        cases.push(lie.refused(OTHER_SIZES));
    }
    cases.extend(local());
    cases.extend(places());
    cases.extend(fields());
    cases.extend(kinds());
    cases
}

/// Cases in which a local header contradicts the directory.
fn local() -> Vec<Case> {
    let lies = |what: &str, lie: fn(&mut ZipItem)| case(what, &[x().but(lie)]).refused(CONTRADICTS);
    vec![
        lies("another name", |item| item.local_name = Some(b"y".to_vec())),
        lies("another name that leaves", |item| item.local_name = Some(b"../x".to_vec())),
        lies("a longer name", |item| item.local_name = Some(b"xx".to_vec())),
        lies("another method", |item| item.local_method = Some(8)),
        lies("another checksum", |item| item.local_crc = Some(7)),
        lies("another size", |item| item.local_size = Some(9)),
        lies("another packed size", |item| item.local_compressed = Some(9)),
        lies("another flag", |item| item.local_flags = Some(1)),
        case(
            "another Unicode name",
            &[x().but(|item| {
                item.local_extra = unicode_extra(b"x", "y");
            })],
        )
        .refused(CONTRADICTS),
        case(
            "another size that is long",
            &[x().but(|item| {
                item.local_size = Some(u32::MAX);
                item.local_compressed = Some(u32::MAX);
                item.local_extra = zip64_extra(&[9, 1]);
            })],
        )
        .refused(CONTRADICTS),
        case(
            "a size that is long for no reason",
            &[x().but(|item| {
                item.local_size = Some(u32::MAX);
                item.local_compressed = Some(u32::MAX);
                item.local_extra = zip64_extra(&[1, 1]);
            })],
        )
        .taken(&[("x", "x")]),
        case("other fields there", &[x().but(|item| item.local_extra = extra(0x7875, b"ids"))])
            .taken(&[("x", "x")]),
        case(
            "sizes promised and not there",
            &[x().but(|item| {
                (item.flags, item.descriptor) = (8, Some(Vec::new()));
            })],
        )
        .taken(&[("x", "x")]),
    ]
}

/// Cases of entries that overlap, are elsewhere, or are not in the directory.
fn places() -> Vec<Case> {
    let quoted = {
        let inner = zip(&[file("y", "inner")]);
        file("x", &inner[..30 + 1 + 5])
    };
    vec![
        case(
            "one body for two",
            &[x(), file("y", "x").but(|item| item.shares_local_header = true)],
        )
        .refused(CONTRADICTS),
        case(
            "one body for many",
            &[&[x()][..], &vec![file("y", "x").but(|item| item.shares_local_header = true); 50]]
                .concat(),
        )
        .refused(CONTRADICTS),
        case("one entry that is not listed", &[x().but(|item| item.hidden = true)])
            .refused(CONTRADICTS),
        case("one not listed between others", &[x().but(|item| item.hidden = true), file("y", "")])
            .refused(CONTRADICTS),
        case("an entry one byte further", &[x().but(|item| item.claimed_offset = Some(1))])
            .refused(CONTRADICTS),
        case(
            "an entry at the end of all",
            &[x().but(|item| item.claimed_offset = Some(u32::MAX - 9))],
        )
        .refused("it ends too early"),
        case("an entry that is the first", &[x().but(|item| item.claimed_offset = Some(0))])
            .refused(CONTRADICTS),
        case("a header quoted in a file", std::slice::from_ref(&quoted)).taken_as_it_is(),
        case(
            "a header quoted in a file, listed too",
            &[
                quoted,
                // Behind the honest file, the header of its own and its name.
                file("y", "inner").but(|item| {
                    (item.claimed_offset, item.shares_local_header) =
                        (Some(30 + 8 + 4 + 30 + 1), true);
                }),
            ],
        )
        .refused(CONTRADICTS),
        case(
            "packed bytes up to the next header",
            &[x().but(|item| item.claimed_compressed = Some(40)), file("y", "y")],
        )
        .refused("overlapping entries"),
        case(
            "packed bytes beyond the end",
            &[x().but(|item| item.claimed_compressed = Some(1 << 30))],
        )
        .refused("overlapping entries"),
    ]
}

/// Cases of extra fields and comments.
fn fields() -> Vec<Case> {
    let with = |what: &str, extra: Vec<u8>| case(what, &[x().but(|item| item.extra = extra)]);
    let large = |item: &mut ZipItem, sizes: &[u64]| {
        (item.size, item.claimed_compressed) = (u32::MAX, Some(u32::MAX));
        item.extra = zip64_extra(sizes);
        item.local_extra = item.extra.clone();
    };
    vec![
        with("a field cut short", vec![9, 9, 5, 0, 1]).refused("of entry `x` are cut short"),
        with("a field of nothing", extra(0x9999, b"")).taken(&[("x", "x")]),
        with("padding", vec![0, 0, 0]).taken(&[("x", "x")]),
        with(
            "owners and times",
            [extra(0x7875, b"\x01\x04\0\0\0\0\x04\0\0\0\0"), extra(0x5455, b"\x01\0\0\0\x80")]
                .concat(),
        )
        .taken(&[("x", "x")]),
        with("a field of 60,000 bytes", extra(0x9999, &[7; 60_000])).taken(&[("x", "x")]),
        case("a comment on an entry", &[x().but(|item| item.comment = b"../evil\x1b[2J".to_vec())])
            .taken(&[("x", "x")]),
        case("sizes in the long field", &[x().but(|item| large(item, &[1, 1]))])
            .taken(&[("x", "x")]),
        case(
            "long sizes that are not there",
            &[x().but(|item| {
                (item.size, item.claimed_compressed) = (u32::MAX, Some(u32::MAX));
            })],
        )
        .refused("overlapping entries"),
        case("eight exbibytes", &[x().but(|item| large(item, &[1 << 63, 1]))])
            .refused("bytes, and 68719476736 are allowed"),
        case("eight exbibytes of packed bytes", &[x().but(|item| large(item, &[1, 1 << 63]))])
            .refused("overlapping entries"),
        case(
            "a place in the long field",
            &[x().but(|item| {
                item.claimed_offset = Some(u32::MAX);
                item.extra = zip64_extra(&[u64::MAX - 1]);
            })],
        )
        .refused("archive header is too large"),
    ]
}

/// Cases of modes, types and dates.
fn kinds() -> Vec<Case> {
    let mode =
        |what: &str, mode: u32| case(what, &[file("m", "x").mode(mode)]).taken(&[("m", "x")]);
    let dated =
        |what: &str, dos| case(what, &[x().but(|item| item.dos = dos)]).taken(&[("x", "x")]);
    let special = |what: &str, mode: u32| case(what, &[file("s", "").mode(mode)]).taken(&[]);
    vec![
        mode("setuid", 0o104_755),
        mode("setgid and sticky", 0o103_777),
        mode("no permission", 0o100_000),
        mode("no mode", 0),
        special("a character device", 0o020_666),
        special("a block device", 0o060_666),
        special("a pipe", 0o010_666),
        special("a socket", 0o140_666),
        case("what Info-ZIP read from a pipe", &[file("-", "piped").mode(0o010_600)])
            .taken(&[("-", "piped")]),
        case("a device with content", &[file("s", "x").mode(0o020_666).deflated()])
            .taken(&[("s", "x")]),
        case("a socket with content", &[file("s", "x").mode(0o140_666)]).taken(&[("s", "x")]),
        case("what DOS says of a file", &[x().but(|item| (item.creator, item.mode) = (0, 0x27))])
            .taken(&[("x", "x")]),
        case("a Mac's file", &[x().but(|item| item.creator = 19)]).taken(&[("x", "x")]),
        case(
            "a folder that may not be written",
            &[folder("d/").mode(0o040_555), file("d/in", "x")],
        )
        .taken(&[("d/in", "x")]),
        case(
            "a folder that may not be entered",
            &[folder("d/").mode(0o040_000), file("d/in", "x")],
        )
        .taken(&[("d/in", "x")]),
        dated("no date", (0, 0)),
        dated("a month of fifteen", ((46 << 9) | (15 << 5) | 1, 0)),
        dated("the last of all dates", (u16::MAX, u16::MAX)),
        case("one bad entry among many", &{
            let mut many: Vec<ZipItem> = (0..500).map(|i| file(format!("f{i}"), "")).collect();
            many.insert(250, x().but(|item| item.flags = 1));
            many.push(link("l", "f1"));
            many
        })
        .refused("entry `x` is encrypted"),
    ]
}

#[test]
fn headers_agree_or_nothing_is_taken() {
    each(cases());
}
