//! Entries larger than the window, input in small pieces, and data of the wrong length.

use std::io::{self, BufReader, Cursor, ErrorKind, Read, Write};

use flate2::{Compress, Compression, FlushCompress};

use super::{Inflater, MAX_WHOLE, WINDOW_LENGTH};
use crate::archive::framed::Framed;
use crate::archive::zip_builder::{ZipItem, file, zip};
use crate::archive::{Archive, Error};
use crate::model::Entry;

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

/// Decompresses an item that lies in memory.
fn inflate_framed(item: &ZipItem) -> (Result<(), Error>, Written) {
    let archive = Archive::open_directory(Cursor::new(zip(std::slice::from_ref(item))), 9).unwrap();
    let entry = &archive.entries()[0];
    let frame = frame(entry, &item.compressed);
    let mut written = Written::default();
    let result = Inflater::default().copy_framed(entry, Framed::new(&frame), &mut written);
    (result, written)
}

fn frame(entry: &Entry, data: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    Framed::reader(entry, data).read_to_end(&mut frame).unwrap();
    frame
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
fn entries_in_memory_are_written_at_once() {
    for count in [0, 1, WINDOW_LENGTH + 1, MAX_WHOLE as usize, MAX_WHOLE as usize + 1] {
        let item = file("a", bytes(count));
        for item in [item.clone(), item.clone().deflated(), well_compressed(item.clone())] {
            let (result, Written(bytes, lengths)) = inflate_framed(&item);
            assert!(result.is_ok() && bytes == item.data, "{count}: {result:?}");
            let at_once = lengths.len() == 1;
            assert_eq!(at_once, count > 0 && (item.method == 0 || count as u64 <= MAX_WHOLE));
        }
    }
}

#[test]
fn bytes_between_the_data_and_their_frame_are_found() {
    for item in [file("a", ""), file("a", "hello hello"), file("a", bytes(100_000))] {
        let item = item.deflated();
        let archive =
            Archive::open_directory(Cursor::new(zip(std::slice::from_ref(&item))), 9).unwrap();
        let frame = frame(&archive.entries()[0], &[]);
        let end = *frame.last_chunk::<8>().unwrap();
        let longer = [&end[..], b"and more"].concat();
        let twice = [end, end].concat();
        for hidden in [&[0][..], &end[..1], &end[..7], &end, &longer, &twice] {
            let item = item.clone().but(|item| item.compressed.extend(hidden));
            let (result, _) = inflate_framed(&item);
            let why = "entry `a` is damaged: something lies behind its data";
            assert_eq!(result.unwrap_err().to_string(), why, "{hidden:?}");
        }
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
    for (result, Written(bytes, _)) in
        [inflate(item, 100), inflate(item, 1 << 20), inflate_framed(item)]
    {
        assert_eq!(result.unwrap_err().to_string(), format!("entry `a` is damaged: {why}"));
        assert!(bytes.len() <= item.size as usize);
    }
}

#[test]
fn any_wrong_bit_has_one_result_in_memory_and_from_a_reader() {
    let item = file("a", "some text, and some more text, and some text again").deflated();
    for at in 0..item.compressed.len() * 8 {
        let item = item.clone().but(|item| item.compressed[at / 8] ^= 1 << (at % 8));
        let ((framed, bytes), (read, _)) = (inflate_framed(&item), inflate(&item, 100));
        assert_eq!(format!("{framed:?}"), format!("{read:?}"), "bit {at}");
        // Some bits have no effect.
        assert!(framed.is_err() || bytes.0 == item.data, "bit {at}");
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
