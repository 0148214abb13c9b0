//! Streamable archives, and messages about entries that cannot be read.

use std::io::Cursor;

use crate::archive::zip_builder::{ZipItem, crc32, file, zip};
use crate::archive::{Archive, Error};

fn listed(bytes: Vec<u8>) -> Archive<Cursor<Vec<u8>>> {
    Archive::open_directory(Cursor::new(bytes), usize::MAX).unwrap()
}

#[test]
fn archives_without_large_gaps_and_second_names_are_streamable() {
    let large = |name: &str| file(name, vec![1; 5000]);
    let hidden = || large("hidden").but(|item| item.hidden = true);
    // An entry of this size, its header and name included.
    let between = |count: usize| file("ab", vec![1; count - 32]).but(|item| item.hidden = true);
    let renamed = |name: &str| {
        let checksum = crc32(name.as_bytes()).to_le_bytes();
        let second = [&[1], checksum.as_slice(), name.as_bytes()].concat();
        let field = [&[0x75, 0x70, second.len() as u8, 0], second.as_slice()].concat();
        large(name).but(|item| item.extra = field)
    };
    let behind = |junk: usize, items: &[ZipItem]| [vec![b'#'; junk], zip(items)].concat();
    for (what, bytes, expect) in [
        ("nothing", zip(&[]), true),
        ("two entries", zip(&[large("a"), large("b")]), true),
        ("little before it", behind(1024, &[large("a")]), true),
        ("much before it", behind(1025, &[large("a")]), false),
        ("little before the directory", zip(&[large("a"), between(1024)]), true),
        ("more before the directory", zip(&[large("a"), between(1025)]), false),
        ("little before an entry", zip(&[large("a"), between(1024), large("b")]), true),
        ("more before an entry", zip(&[large("a"), between(1025), large("b")]), false),
        ("much before an entry", zip(&[large("a"), hidden(), large("b")]), false),
        ("much before the directory", zip(&[large("a"), hidden()]), false),
        ("a name that is there twice", zip(&[large("a"), large("b"), large("a")]), false),
        ("a second name", zip(&[large("a"), renamed("b")]), false),
    ] {
        assert_eq!(listed(bytes).is_streamable(), expect, "{what}");
    }
}

#[test]
fn an_entry_at_the_very_end_ends_too_early() {
    let mut bytes = zip(&[file("a", "one")]);
    let (at, end) = (bytes.len() - 22 - 47 + 42, bytes.len() as u32);
    bytes[at..at + 4].copy_from_slice(&(end - 10).to_le_bytes());
    let cut = listed(bytes).copy(0, &mut Vec::new()).unwrap_err();
    assert_eq!(cut.to_string(), "entry `a` is damaged: it ends too early");
}

#[test]
fn io_errors_have_sources() {
    use std::error::Error as _;
    let failure = || std::io::Error::other("wire cut");
    for error in [Error::Read(failure()), Error::Write(failure())] {
        assert_eq!(error.source().unwrap().to_string(), "wire cut");
    }
    assert!(Error::Broken(String::new()).source().is_none());
}
