//! What the quick look at the headers before the entries passes, what it leaves to a closer look,
//! and what it refuses at once.

use std::io::Cursor;

use crate::archive::zip_builder::{ZipItem, crc32, file, folder, link, zip};
use crate::archive::{Archive, Error, entry_reader};

/// The quick look alone, which nobody takes again.
fn quick(bytes: Vec<u8>) -> Result<(), Error> {
    let layout = Archive::list(Cursor::new(&bytes)).unwrap().into_layout();
    entry_reader::headers(Cursor::new(&bytes), &layout.locations, layout.directory)
}

fn field(number: u16, content: &[u8]) -> Vec<u8> {
    let length = content.len() as u16;
    [&number.to_le_bytes(), &length.to_le_bytes(), content].concat()
}

fn check_data_descriptor(item: ZipItem) -> ZipItem {
    item.but(|item| item.flags = 1 << 3)
}

#[test]
fn what_writers_make_needs_no_closer_look() {
    for name in [
        "dot-entries.zip",
        "runner-fastzip-level-fastest.zip",
        "runner-fastzip.zip",
        "runner-legacy.zip",
        "zip64-infozip.zip",
        "zip64-python.zip",
    ] {
        let path = format!("{}/fixtures/archives/{name}", env!("CARGO_MANIFEST_DIR"));
        let looked = quick(std::fs::read(path).unwrap());
        assert!(looked.is_ok(), "{name}: {looked:?}");
    }
    let (a, b) = (file("one", "hello"), file("two", "hello").deflated());
    // An entry that is larger than it says in 32 bits, as far as headers go.
    let large = field(1, &[5_u64.to_le_bytes()].concat());
    let zip64 = a.clone().but(|item| {
        (item.size, item.extra, item.local_extra) = (u32::MAX, large.clone(), large.clone());
    });
    let dated = b.clone().but(|item| item.local_extra = field(0x5455, &[1, 0, 0, 0, 0x70]));
    for (what, items) in [
        ("nothing", vec![]),
        ("stored and deflated", vec![a.clone(), b.clone()]),
        ("a folder and a link", vec![folder("d/"), link("l", "one")]),
        (
            "sizes behind the data",
            vec![check_data_descriptor(a.clone()), check_data_descriptor(b.clone())],
        ),
        ("a size in a field of its own", vec![zip64, b.clone()]),
        ("a field that is there only once", vec![dated, a.clone()]),
        ("less than a header between", vec![a.clone().but(|i| i.behind = vec![0; 29]), b.clone()]),
        ("less than a header at the end", vec![a, b.but(|i| i.behind = vec![0; 29])]),
    ] {
        let looked = quick(zip(&items));
        assert!(looked.is_ok(), "{what}: {looked:?}");
    }
}

#[test]
fn a_header_that_tells_anything_else_is_a_surprise() {
    let a = file("one", "hello");
    // One bit of any field, its length and the name included, but for the version needed.
    let fields = [0, 3, 6, 7, 8, 10, 11, 12, 13, 14, 17, 18, 21, 22, 25, 26, 28, 30, 32];
    for at in fields {
        let mut bytes = zip(&[a.clone(), a.clone().but(|item| item.name = b"two".to_vec())]);
        bytes[at] ^= 1;
        let looked = quick(bytes);
        assert!(matches!(looked, Err(Error::NeedsFullCheck { .. })), "{at}: {looked:?}");
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
            check_data_descriptor(a.clone())
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
            let looked = quick(zip(&items));
            assert!(matches!(looked, Err(Error::NeedsFullCheck { .. })), "{what}: {looked:?}");
        }
    }
    let right =
        a.clone().but(|i| (i.local_compressed, i.local_size) = (Some(u32::MAX), Some(u32::MAX)));
    let right = right.deflated().but(|i| i.local_extra = large([5, 10]));
    assert!(quick(zip(&[right])).is_ok());
    let shared = file("two", "hello").but(|item| item.shares = true);
    for items in [[a.clone(), shared], [a, file("two", "a".repeat(9)).but(|i| i.hidden = true)]] {
        let looked = quick(zip(&items));
        assert!(matches!(looked, Err(Error::NeedsFullCheck { .. })), "{looked:?}");
    }
}

#[test]
fn an_entry_that_begins_at_the_end_of_its_archive_is_damaged() {
    let mut bytes = zip(&[file("a", "one")]);
    let (at, end) = (bytes.len() - 22 - 47 + 42, bytes.len() as u32);
    bytes[at..at + 4].copy_from_slice(&(end - 10).to_le_bytes());
    let layout = Archive::list(Cursor::new(&bytes)).unwrap().into_layout();
    let body = entry_reader::Seeking::new(Cursor::new(&bytes), 512);
    let looked = entry_reader::EntryReader::apart(body).next(&layout.locations[0]).map(|_| ());
    assert!(matches!(looked, Err(Error::Damaged { .. })), "{looked:?}");
}

#[test]
fn sizes_behind_the_data_are_those_of_the_directory_or_no_sizes() {
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
    let tell = |behind: Vec<u8>, flags: u16| {
        let item = item.clone().but(|i| (i.flags, i.descriptor) = (flags, Some(behind)));
        match quick(zip(&[item])) {
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
                assert_eq!(tell(behind.clone(), 1 << 3), right, "{behind:?}");
                assert!(tell(behind, 0), "not announced");
            }
        }
    }
    for length in [1, 11, 13, 19, 21] {
        assert!(tell(vec![7; length], 1 << 3), "{length} bytes are no sizes");
    }
}
