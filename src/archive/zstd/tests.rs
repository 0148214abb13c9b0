//! Frames of every window size, in sequence, damaged, and from readers that fail.

use std::io::{self, BufReader, Cursor, Read};

use crate::archive::zip_builder::{ZipItem, file, zip};
use crate::archive::{Archive, Error, Inflater};

/// Returns an entry with this Zstandard data.
fn packed(data: &[u8], compressed: Vec<u8>) -> ZipItem {
    file("a", data).but(|item| (item.method, item.compressed) = (93, compressed))
}

fn copy(item: ZipItem) -> Result<Vec<u8>, Error> {
    let mut archive = Archive::open_validated(Cursor::new(zip(&[item])), 9)?;
    let mut bytes = Vec::new();
    archive.copy(0, &mut bytes).map(|_| bytes)
}

/// Returns a frame without compression whose window has this size, as a power of two.
fn raw_frame(window: u8, data: &[u8]) -> Vec<u8> {
    let block = (data.len() as u32) << 3 | 1;
    [b"\x28\xb5\x2f\xfd\0", [(window - 10) << 3].as_slice(), &block.to_le_bytes()[..3], data]
        .concat()
}

#[test]
fn frames_of_the_reference_implementation_are_read() {
    let bytes = include_bytes!("../../../fixtures/archives/zstd.zip").as_slice();
    let mut archive = Archive::open_validated(Cursor::new(bytes), 9).unwrap();
    let text: String = (0..3000).map(|i| format!("line {i} of a file that packs well\n")).collect();
    for (index, length) in [(0, text.len()), (1, text.len()), (2, 2000), (3, text.len()), (4, 0)] {
        let mut bytes = Vec::new();
        archive.copy(index, &mut bytes).unwrap();
        assert!(bytes == text.as_bytes()[..length], "{index}");
    }
}

#[test]
fn windows_above_128_mib_are_refused_with_their_size() {
    for window in [10, 23, 24, 27] {
        assert_eq!(copy(packed(b"hello", raw_frame(window, b"hello"))).unwrap(), b"hello");
    }
    for (window, mib) in [(28, 256), (31, 2048), (40, 1 << 20)] {
        let error = copy(packed(b"hello", raw_frame(window, b"hello"))).unwrap_err().to_string();
        let expect = format!(
            "unpacking entry `a` takes a zstd window of {mib} MiB, and 128 MiB are allowed"
        );
        assert_eq!(error, expect);
    }
}

#[test]
fn short_frames_follow_each_other_and_skippable_ones_hold_nothing() {
    let skippable = |length: u32| [b"\x50\x2a\x4d\x18".as_slice(), &length.to_le_bytes()].concat();
    let [one, two] = [raw_frame(10, b"a"), raw_frame(24, b"bc")];
    let frames = [one.clone(), skippable(0), two.clone(), [skippable(3), vec![7; 3]].concat(), one];
    assert_eq!(copy(packed(b"abca", frames.concat())).unwrap(), b"abca");
    assert_eq!(copy(packed(b"", Vec::new())).unwrap(), b"");
    let error = copy(packed(b"bc", [two, skippable(9)].concat())).unwrap_err();
    assert_eq!(error.to_string(), "entry `a` is damaged: it ends too early");
}

#[test]
fn damaged_data_are_refused() {
    let whole = raw_frame(10, b"hello");
    for (data, compressed, why) in [
        (b"hello".as_slice(), whole[..whole.len() - 1].to_vec(), "corrupt zstd data"),
        (b"hello", whole[..5].to_vec(), "corrupt zstd data"),
        (b"hello", b"not a frame".to_vec(), "corrupt zstd data"),
        (b"hello", [whole.clone(), b"junk".to_vec()].concat(), "corrupt zstd data"),
        (b"hell", whole.clone(), "it is longer than declared"),
        (b"hello!", whole.clone(), "it has 5 bytes and declares 6"),
        (b"hallo", whole, "invalid checksum"),
        (b"hello", Vec::new(), "it has 0 bytes and declares 5"),
    ] {
        let error = copy(packed(data, compressed)).unwrap_err().to_string();
        assert_eq!(error, format!("entry `a` is damaged: {why}"));
    }
}

#[test]
fn failures_of_the_reader_are_passed_on() {
    struct Failing<'a>(&'a [u8]);
    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::Error::other("wire cut")),
                count => Ok(count),
            }
        }
    }
    let item = packed(&[1; 1000], raw_frame(10, &[1; 1000]));
    for length in [0, 10, 500] {
        let archive = Archive::open_directory(Cursor::new(zip(std::slice::from_ref(&item))), 9);
        let mut from = BufReader::with_capacity(64, Failing(&item.compressed[..length]));
        let entry = &archive.unwrap().entries()[0].clone();
        let error = Inflater::default().copy(entry, &mut from, &mut io::sink()).unwrap_err();
        assert!(matches!(&error, Error::Read(error) if error.to_string() == "wire cut"), "{error}");
    }
}
