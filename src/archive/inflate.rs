//! Decompression of one entry, with its size and checksum verified.

use std::io::{BufRead, ErrorKind, Write};

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

use super::error::Error;
use super::local_header::EntryLocation;

/// Greatest size of the output buffer, in bytes: large enough that most files are one write.
const WINDOW_LENGTH: usize = 256 << 10;
/// Room behind the end of an entry, in bytes, with which the decompressor need not check for the end
/// of the buffer at every byte.
const SLACK: u64 = 1 << 10;

/// Decompressor of entries, one after the other. Its memory does not grow with their sizes.
pub struct Inflater {
    decompress: Decompress,
    window: Vec<u8>,
}

/// Verified output of one entry: counts and checksums the bytes that are written.
struct Output<'a> {
    location: &'a EntryLocation,
    to: &'a mut dyn Write,
    crc: Hasher,
    written: u64,
}

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater { decompress: Decompress::new(false), window: Vec::new() }
    }
}

impl Inflater {
    /// Decompresses an entry. `from` must end where the compressed data end. The output is valid
    /// only if this returns `Ok`, and is never longer than the entry declares.
    ///
    /// # Errors
    /// If size or checksum differ from the central directory, and if `from` or `to` fail.
    pub fn copy(
        &mut self,
        location: &EntryLocation,
        from: &mut dyn BufRead,
        to: &mut dyn Write,
    ) -> Result<(), Error> {
        let mut output = Output { location, to, crc: Hasher::new(), written: 0 };
        match location.deflated {
            true => self.inflate(&mut output, from)?,
            false => copy_stored(&mut output, from)?,
        }
        output.finish()
    }

    /// Enlarges the output buffer for an entry of this size, up to the greatest size.
    fn make_room(&mut self, size: u64) {
        let needed = usize::try_from(size.saturating_add(SLACK)).unwrap_or(WINDOW_LENGTH);
        if self.window.len() < needed.min(WINDOW_LENGTH) {
            let room = needed.checked_next_power_of_two().unwrap_or(WINDOW_LENGTH);
            self.window.resize(room.min(WINDOW_LENGTH), 0);
        }
    }

    fn inflate(&mut self, output: &mut Output<'_>, from: &mut dyn BufRead) -> Result<(), Error> {
        self.decompress.reset(false);
        self.make_room(output.location.size);
        let (length, room) = (output.location.compressed_size, self.window.len() as u64);
        let mut filled = 0;
        loop {
            let input = fill_buf(from)?;
            let end = input.is_empty();
            let before = (self.decompress.total_in(), self.decompress.total_out());
            // An entry that is complete here and fits is decompressed by one call, without a copy of
            // its last bytes for a next one.
            let flush = match input.len() as u64 == length && output.location.size < room {
                true => FlushDecompress::Finish,
                false => FlushDecompress::None,
            };
            // More room than the entry needs: excess data are detected, and the end is faster.
            let window = &mut self.window[filled..];
            let status = self.decompress.decompress(input, window, flush);
            let consumed = (self.decompress.total_in() - before.0) as usize;
            let produced = (self.decompress.total_out() - before.1) as usize;
            from.consume(consumed);
            if produced as u64 > output.remaining(filled) {
                return Err(output.damaged("it is longer than declared"));
            }
            filled += produced;
            let finished = match status {
                Ok(Status::StreamEnd) => true,
                Ok(Status::Ok | Status::BufError) if end && produced == 0 => {
                    return Err(output.damaged("it ends too early"));
                }
                Ok(Status::Ok | Status::BufError) => false,
                Err(_) => return Err(output.damaged("corrupt deflate stream")),
            };
            if finished || filled == self.window.len() {
                output.write(&self.window[..filled])?;
                filled = 0;
            }
            if finished {
                return match fill_buf(from)? {
                    [] => Ok(()),
                    _ => Err(output.damaged("something lies behind its data")),
                };
            }
        }
    }
}

/// Copies an entry that is stored without compression.
fn copy_stored(output: &mut Output<'_>, from: &mut dyn BufRead) -> Result<(), Error> {
    loop {
        let input = fill_buf(from)?;
        if input.is_empty() {
            return Ok(());
        }
        if input.len() as u64 > output.remaining(0) {
            return Err(output.damaged("it is longer than declared"));
        }
        output.write(input)?;
        let consumed = input.len();
        from.consume(consumed);
    }
}

/// Fills the buffer of a reader, retrying when the read is interrupted.
fn fill_buf(from: &mut dyn BufRead) -> Result<&[u8], Error> {
    while let Err(error) = from.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(Error::Read(error));
        }
    }
    // The buffer is filled now. The second call is needed because the borrow checker does not let
    // the loop return its borrow.
    from.fill_buf().map_err(Error::Read)
}

impl Output<'_> {
    /// Returns how many more bytes the entry may have, when `unwritten` bytes are decompressed
    /// and not written yet.
    fn remaining(&self, unwritten: usize) -> u64 {
        self.location.size - self.written - unwritten as u64
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.crc.update(bytes);
        self.written += bytes.len() as u64;
        self.to.write_all(bytes).map_err(Error::Write)
    }

    fn finish(self) -> Result<(), Error> {
        let (size, written) = (self.location.size, self.written);
        if written != size {
            return Err(self.damaged(&format!("it has {written} bytes and declares {size}")));
        }
        match self.crc.clone().finalize() == self.location.crc32 {
            true => Ok(()),
            false => Err(self.damaged("invalid checksum")),
        }
    }

    fn damaged(&self, why: &str) -> Error {
        self.location.damaged(why)
    }
}

#[cfg(test)]
mod tests;
