//! Deflated entries that lie in memory, decompressed by one call.
//!
//! libdeflate does this with half the instructions of a decompressor that can pause anywhere, but its
//! safe interface does not tell where the compressed data ended. The frame of a gzip file (RFC 1952)
//! does: its trailer, which is known before, must follow the data directly.

use libdeflater::Decompressor;
use memchr::memmem;

use crate::model::Entry;

/// The header of a gzip file without a name: deflate, no flags, no time, unknown system.
pub const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// Length of the trailer in bytes: CRC-32 and size.
const TRAILER_LENGTH: usize = 8;
/// Bytes that a frame adds.
pub const FRAME_LENGTH: usize = HEADER.len() + TRAILER_LENGTH;

/// Returns the trailer of an entry.
pub fn trailer(entry: &Entry) -> [u8; TRAILER_LENGTH] {
    // The size modulo 2^32, as gzip has it.
    let fields = u64::from(entry.crc32) | entry.size << 32;
    fields.to_le_bytes()
}

/// Compressed data in the frame of a gzip file, whatever their method.
#[derive(Clone, Copy)]
pub struct Framed<'a>(&'a [u8]);

impl<'a> Framed<'a> {
    /// Takes [`HEADER`], the compressed data of an entry and its [`trailer`].
    pub fn new(frame: &'a [u8]) -> Framed<'a> {
        Framed(frame)
    }

    /// Returns the compressed data.
    pub fn data(self) -> &'a [u8] {
        self.behind_header().split_last_chunk::<TRAILER_LENGTH>().map_or(&[], |(data, _)| data)
    }

    fn behind_header(self) -> &'a [u8] {
        self.0.get(HEADER.len()..).unwrap_or_default()
    }

    /// Decompresses deflated data. Returns true if they end with their last byte and fill `out`, with
    /// the checksum of the entry; false does not tell why.
    pub fn inflate(self, decompressor: &mut Decompressor, out: &mut [u8]) -> bool {
        let rest = self.behind_header();
        let Some((data, trailer)) = rest.split_last_chunk::<TRAILER_LENGTH>() else { return false };
        // Without a second trailer, the one that is found is the one behind the data.
        memmem::find(rest, trailer) == Some(data.len())
            && decompressor.gzip_decompress(self.0, out) == Ok(out.len())
    }
}
