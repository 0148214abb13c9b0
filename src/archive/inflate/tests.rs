//! Entries larger than the window, input in small pieces, and data of the wrong length.

use std::io::{self, BufReader, Cursor, ErrorKind, Read, Write};

use flate2::{Compress, Compression, FlushCompress};

use super::{Inflater, WINDOW_LENGTH};
use crate::archive::zip_builder::{ZipItem, file, zip};
use crate::archive::{Archive, Error};

/// A writer that records the bytes and the length of each write.
#[derive(Default)]
struct Written(Vec<u8>, Vec<usize>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend(bytes);
        self.1.push(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Decompresses an item from a reader with a buffer of `pieces` bytes.
fn inflate(item: &ZipItem, pieces: usize) -> (Result<(), Error>, Written) {
    let archive = Archive::open_directory(Cursor::new(zip(std::slice::from_ref(item))), 9).unwrap();
    let mut from = BufReader::with_capacity(pieces, item.compressed.as_slice());
    let mut written = Written::default();
    let result = Inflater::default().copy(&archive.entries()[0], &mut from, &mut written);
    (result, written)
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8).collect()
}

/// Compresses an item with the best ratio, so that few bytes become many.
fn well_compressed(item: ZipItem) -> ZipItem {
    item.but(|item| {
        let mut compressed = vec![0; 64 + item.data.len()];
        let mut compress = Compress::new(Compression::best(), false);
        compress.compress(&item.data, &mut compressed, FlushCompress::Finish).unwrap();
        compressed.truncate(compress.total_out() as usize);
        (item.method, item.compressed) = (8, compressed);
    })
}

#[test]
fn entries_of_any_size_are_written_one_window_at_a_time() {
    for count in [
        0,
        1,
        WINDOW_LENGTH - 1,
        WINDOW_LENGTH,
        WINDOW_LENGTH + 1,
        2 * WINDOW_LENGTH,
        2 * WINDOW_LENGTH + 7,
    ] {
        let item = file("a", bytes(count));
        for item in [item.clone().deflated(), well_compressed(item.clone())] {
            for pieces in [1, 1000, 1 << 20] {
                let (result, Written(bytes, lengths)) = inflate(&item, pieces);
                assert!(result.is_ok(), "{count} by {pieces}: {result:?}");
                assert!(bytes == item.data, "{count} by {pieces}");
                let (last, before) = lengths.split_last().unwrap_or((&0, &[]));
                assert!(before.iter().all(|length| *length == WINDOW_LENGTH), "{lengths:?}");
                assert!(*last <= WINDOW_LENGTH, "{lengths:?}");
            }
        }
        let (result, Written(bytes, _)) = inflate(&item, 1000);
        assert!(result.is_ok() && bytes == item.data, "{count}");
    }
}

#[test]
fn data_of_the_wrong_length_or_checksum_are_damaged() {
    let large = file("a", bytes(2 * WINDOW_LENGTH + 7));
    let declaring = |item: &ZipItem, size: usize| item.clone().but(|item| item.size = size as u32);
    let cut = |item: &ZipItem, by: usize| {
        item.clone().but(|item| item.compressed.truncate(item.compressed.len() - by))
    };
    for compressed in [large.clone().deflated(), well_compressed(large.clone())] {
        for (item, why) in [
            (cut(&compressed, 1), "it ends too early"),
            (cut(&compressed, compressed.compressed.len() / 2), "it ends too early"),
            (cut(&compressed, compressed.compressed.len()), "it ends too early"),
            (
                compressed.clone().but(|item| item.compressed.push(0)),
                "something lies behind its data",
            ),
            (declaring(&compressed, 2 * WINDOW_LENGTH + 6), "it is longer than declared"),
            (declaring(&compressed, WINDOW_LENGTH + 1), "it is longer than declared"),
            (declaring(&compressed, WINDOW_LENGTH), "it is longer than declared"),
            (declaring(&compressed, 0), "it is longer than declared"),
            (
                declaring(&compressed, 2 * WINDOW_LENGTH + 8),
                "it has 524295 bytes and declares 524296",
            ),
            (compressed.clone().but(|item| item.crc ^= 1), "invalid checksum"),
        ] {
            refused(&item, why);
        }
    }
    for (item, why) in [
        (declaring(&large, 2 * WINDOW_LENGTH + 6), "it is longer than declared"),
        (declaring(&large, 1000), "it is longer than declared"),
        (declaring(&large, 2 * WINDOW_LENGTH + 8), "it has 524295 bytes and declares 524296"),
        (large.but(|item| item.crc ^= 1), "invalid checksum"),
    ] {
        refused(&item, why);
    }
}

fn refused(item: &ZipItem, why: &str) {
    for pieces in [100, 1 << 20] {
        let (result, Written(bytes, _)) = inflate(item, pieces);
        assert_eq!(result.unwrap_err().to_string(), format!("entry `a` is damaged: {why}"));
        assert!(bytes.len() <= item.size as usize);
    }
}

#[test]
fn interrupted_reads_are_retried_and_failed_ones_are_not() {
    /// A reader that fails before each byte it returns.
    struct Stuttering<'a>(&'a [u8], ErrorKind, bool);
    impl Read for Stuttering<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.2 = !self.2;
            match self.2 && !self.0.is_empty() {
                true => Err(self.1.into()),
                false => self.0.read(&mut buffer[..1]),
            }
        }
    }
    for item in [file("a", "hello"), file("a", "hello").deflated()] {
        let archive =
            Archive::open_directory(Cursor::new(zip(std::slice::from_ref(&item))), 9).unwrap();
        let inflate = |kind| {
            let mut from = BufReader::new(Stuttering(&item.compressed, kind, false));
            let mut written = Vec::new();
            let result = Inflater::default().copy(&archive.entries()[0], &mut from, &mut written);
            result.map(|()| written)
        };
        assert_eq!(inflate(ErrorKind::Interrupted).unwrap(), b"hello");
        let failed = inflate(ErrorKind::TimedOut).unwrap_err();
        assert!(matches!(failed, Error::Read(_)), "{failed}");
    }
}
