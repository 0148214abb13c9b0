//! Archives that the quick check of local headers accepts, leaves to full validation, or refuses.

use std::io::Cursor;

use crate::archive::zip_builder::{ZipItem, crc32, file, folder, link, zip};
use crate::archive::{Archive, Error, entry_reader};

/// Runs the quick check alone, without the full validation that would follow.
fn check(bytes: Vec<u8>) -> Result<(), Error> {
    let layout = Archive::open_directory(Cursor::new(&bytes), usize::MAX).unwrap().into_layout();
    entry_reader::quick_check(Cursor::new(&bytes), &layout.entries, layout.directory_start)
}

fn field(number: u16, content: &[u8]) -> Vec<u8> {
    let length = content.len() as u16;
    [&number.to_le_bytes(), &length.to_le_bytes(), content].concat()
}

fn with_descriptor(item: ZipItem) -> ZipItem {
    item.but(|item| item.flags = 1 << 3)
}

#[test]
fn archives_of_common_writers_pass_the_quick_check() {
    for name in [
        "dot-entries.zip",
        "runner-fastzip-level-fastest.zip",
        "runner-fastzip.zip",
        "runner-legacy.zip",
        "zip64-infozip.zip",
        "zip64-python.zip",
        "zip64-python-pipe.zip",
        "go-names.zip",
        "go-tree.zip",
    ] {
        let path = format!("{}/fixtures/archives/{name}", env!("CARGO_MANIFEST_DIR"));
        let result = check(std::fs::read(path).unwrap());
        assert!(result.is_ok(), "{name}: {result:?}");
    }
    let (a, b) = (file("one", "hello"), file("two", "hello").deflated());
    // An entry whose size is in the ZIP64 field.
    let large = field(1, &[5_u64.to_le_bytes()].concat());
    let zip64 = a.clone().but(|item| {
        (item.size, item.extra, item.local_extra) = (u32::MAX, large.clone(), large.clone());
    });
    let dated = b.clone().but(|item| item.local_extra = field(0x5455, &[1, 0, 0, 0, 0x70]));
    for (what, items) in [
        ("nothing", vec![]),
        ("stored and deflated", vec![a.clone(), b.clone()]),
        ("a folder and a link", vec![folder("d/"), link("l", "one")]),
        ("sizes behind the data", vec![with_descriptor(a.clone()), with_descriptor(b.clone())]),
        ("a size in a field of its own", vec![zip64, b.clone()]),
        ("a field that is there only once", vec![dated, a.clone()]),
        ("less than a header between", vec![a.clone().but(|i| i.behind = vec![0; 29]), b.clone()]),
        ("less than a header at the end", vec![a, b.but(|i| i.behind = vec![0; 29])]),
    ] {
        let result = check(zip(&items));
        assert!(result.is_ok(), "{what}: {result:?}");
    }
}

#[test]
fn a_local_header_that_differs_needs_a_full_check() {
    let a = file("one", "hello");
    // One bit of any field, except the version needed, which no reader compares.
    let fields = [0, 3, 6, 7, 8, 10, 11, 12, 13, 14, 17, 18, 21, 22, 25, 26, 28, 30, 32];
    for at in fields {
        let mut bytes = zip(&[a.clone(), a.clone().but(|item| item.name = b"two".to_vec())]);
        bytes[at] ^= 1;
        let result = check(bytes);
        assert!(matches!(result, Err(Error::NeedsFullCheck { .. })), "{at}: {result:?}");
    }
    let unicode =
        || field(0x7075, &[&[1], crc32(b"one").to_le_bytes().as_slice(), b"one"].concat());
    let large = |sizes: [u64; 2]| field(1, &sizes.map(u64::to_le_bytes).concat());
    for (what, item) in [
        ("a name that is there twice", a.clone().but(|i| i.extra = unicode())),
        ("a second name that the directory lacks", a.clone().but(|i| i.local_extra = unicode())),
        (
            "no sizes at all",
            a.clone().but(|i| (i.local_compressed, i.local_size) = (Some(0), Some(0))),
        ),
        ("no size", a.clone().but(|i| (i.local_compressed, i.local_size) = (Some(5), Some(0)))),
        ("no checksum", a.clone().but(|i| i.local_crc = Some(0))),
        ("sizes behind the data and others before", {
            with_descriptor(a.clone())
                .but(|i| (i.local_compressed, i.local_size) = (Some(5), Some(4)))
        }),
        ("sizes in the wrong order", {
            let item = a
                .clone()
                .but(|i| (i.local_compressed, i.local_size) = (Some(u32::MAX), Some(u32::MAX)));
            item.deflated().but(|i| i.local_extra = large([10, 5]))
        }),
        ("a header's room between", a.clone().but(|i| i.behind = vec![0; 30])),
        ("much between", a.clone().but(|i| i.behind = vec![0; 300])),
    ] {
        for items in [vec![item.clone()], vec![item, file("two", "")]] {
            let result = check(zip(&items));
            assert!(matches!(result, Err(Error::NeedsFullCheck { .. })), "{what}: {result:?}");
        }
    }
    let right =
        a.clone().but(|i| (i.local_compressed, i.local_size) = (Some(u32::MAX), Some(u32::MAX)));
    let right = right.deflated().but(|i| i.local_extra = large([5, 10]));
    assert!(check(zip(&[right])).is_ok());
    let shared = file("two", "hello").but(|item| item.shares_local_header = true);
    for items in [[a.clone(), shared], [a, file("two", "a".repeat(9)).but(|i| i.hidden = true)]] {
        let result = check(zip(&items));
        assert!(matches!(result, Err(Error::NeedsFullCheck { .. })), "{result:?}");
    }
}

#[test]
fn an_entry_that_begins_at_the_end_of_the_file_is_damaged() {
    let mut bytes = zip(&[file("a", "one")]);
    let (at, end) = (bytes.len() - 22 - 47 + 42, bytes.len() as u32);
    bytes[at..at + 4].copy_from_slice(&(end - 10).to_le_bytes());
    let layout = Archive::open_directory(Cursor::new(&bytes), usize::MAX).unwrap().into_layout();
    let body = entry_reader::SeekReader::new(Cursor::new(&bytes), 512);
    let result = entry_reader::EntryReader::selected(body).next(&layout.entries[0]).map(|_| ());
    assert!(matches!(result, Err(Error::Damaged { .. })), "{result:?}");
}

#[test]
fn a_data_descriptor_must_match_the_directory() {
    let item = file("one", "hello").deflated();
    let (crc, compressed, size) = (item.crc, item.compressed.len() as u32, item.size);
    assert_eq!((compressed, size), (10, 5));
    let short = |crc: u32, sizes: [u32; 2]| {
        [crc.to_le_bytes().as_slice(), &sizes.map(u32::to_le_bytes).concat()].concat()
    };
    let long = |crc: u32, sizes: [u32; 2]| {
        let sizes = sizes.map(|size| u64::from(size).to_le_bytes());
        [crc.to_le_bytes().as_slice(), &sizes.concat()].concat()
    };
    let matches = |behind: Vec<u8>, flags: u16| {
        let item = item.clone().but(|i| (i.flags, i.descriptor) = (flags, Some(behind)));
        match check(zip(&[item])) {
            Ok(()) => true,
            Err(Error::Contradiction(why)) => {
                assert!(why.starts_with("entry `one` has other sizes behind"), "{why}");
                false
            }
            Err(other) => panic!("{other:?}"),
        }
    };
    for (crc, sizes, right) in [
        (crc, [compressed, size], true),
        (crc, [size, compressed], false),
        (crc, [compressed, size + 1], false),
        (crc, [compressed + 1, size], false),
        (crc ^ 1, [compressed, size], false),
    ] {
        for behind in [short(crc, sizes), long(crc, sizes)] {
            let signed = [b"PK\x07\x08".as_slice(), &behind].concat();
            for behind in [behind, signed] {
                assert_eq!(matches(behind.clone(), 1 << 3), right, "{behind:?}");
                assert!(matches(behind, 0), "not announced");
            }
        }
    }
    for length in [1, 11, 13, 19, 21] {
        assert!(matches(vec![7; length], 1 << 3), "{length} bytes are no sizes");
    }
}
