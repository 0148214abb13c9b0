//! Deflated entries in memory, each decompressed by one call.
//!
//! libdeflate needs half the instructions of a streaming decompressor, but its safe interface does
//! not return the position at which the compressed data ended. The entry is therefore put into the
//! frame of a gzip file (RFC 1952): libdeflate then checks that the trailer, which is known from
//! the central directory, follows the data directly.

use std::io::{self, Read};

use libdeflater::Decompressor;
use memchr::memmem;

use crate::model::Entry;

/// The header of a gzip file without a name: deflate, no flags, no time, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// Length of the trailer in bytes: CRC-32 and size.
const TRAILER_LENGTH: usize = 8;
/// The number of bytes that a frame adds to the compressed data.
pub const FRAME_LENGTH: usize = HEADER.len() + TRAILER_LENGTH;

/// The compressed data of an entry, of any method, in the frame of a gzip file.
#[derive(Clone, Copy)]
pub struct Framed<'a> {
    frame: &'a [u8],
    data: &'a [u8],
}

impl<'a> Framed<'a> {
    /// Returns a reader that puts the compressed data of an entry into a frame.
    pub fn reader(entry: &Entry, data: impl Read) -> impl Read {
        // A gzip file holds the size modulo 2^32.
        let trailer = (u64::from(entry.crc32) | entry.size << 32).to_le_bytes();
        let header: &[u8] = &HEADER;
        header.chain(data).chain(io::Cursor::new(trailer))
    }

    /// Returns the frame that consists of these bytes, which [`Framed::reader`] has read.
    pub fn new(frame: &'a [u8]) -> Framed<'a> {
        let end = frame.len().saturating_sub(TRAILER_LENGTH);
        Framed { frame, data: frame.get(HEADER.len()..end).unwrap_or_default() }
    }

    /// Returns the compressed data.
    pub fn data(self) -> &'a [u8] {
        self.data
    }

    /// Decompresses deflated data. Returns true if they fill `out` exactly and end directly before
    /// the trailer; after false, another decompressor must find the reason. The checksum of the
    /// output still has to be compared with that of the entry.
    pub fn inflate(self, decompressor: &mut Decompressor, out: &mut [u8]) -> bool {
        let Some(trailer) = self.frame.last_chunk::<TRAILER_LENGTH>() else { return false };
        // libdeflate accepts a trailer anywhere. If the bytes of the real one occur only once, an
        // earlier end of the data has another checksum.
        let first = memmem::find(self.frame, trailer);
        first == Some(HEADER.len() + self.data.len())
            && decompressor.gzip_decompress(self.frame, out) == Ok(out.len())
    }
}
