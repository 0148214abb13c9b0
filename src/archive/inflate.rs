//! Decompression of one entry, with its size and checksum verified.

use std::io::{BufRead, Write};

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::Decompressor;

use super::error::Error;
use super::framed::Framed;
use super::output::{Output, fill_buf};
use super::zstd::ZstdDecoder;
use crate::model::{Entry, Method};

/// Maximum size in bytes of an entry that is decompressed by one call.
const MAX_WHOLE: u64 = 1 << 20;
/// Size in bytes of the output buffer for larger entries: large enough that most files are one write.
const WINDOW_LENGTH: usize = 256 << 10;
/// Room in bytes behind the end of an entry. With it, the decompressor does not check for the end of
/// the buffer at every byte.
const SLACK: u64 = 1 << 10;

/// Decompressor of entries, one after the other. Its memory does not grow with their sizes.
pub struct Inflater {
    decompress: Decompress,
    /// The decompressor of entries that are complete in memory.
    whole: Decompressor,
    zstd: ZstdDecoder,
    window: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater {
            decompress: Decompress::new(false),
            whole: Decompressor::new(),
            zstd: ZstdDecoder::default(),
            window: Vec::new(),
        }
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
        entry: &Entry,
        from: &mut dyn BufRead,
        to: &mut dyn Write,
    ) -> Result<(), Error> {
        self.make_room(entry.size, WINDOW_LENGTH);
        let mut output = Output::new(entry, to);
        match entry.method {
            Method::Stored => copy_stored(&mut output, from)?,
            Method::Deflate => self.inflate(&mut output, from)?,
            Method::Zstd => self.zstd.copy(&mut output, from, &mut self.window)?,
            method @ (Method::Encrypted | Method::Patch | Method::Other(_)) => {
                return Err(Error::Unreadable { entry: entry.name.to_string(), method });
            }
        }
        output.finish()
    }

    /// Decompresses an entry that is complete in memory, as [`Inflater::copy`] does.
    pub fn copy_framed(
        &mut self,
        entry: &Entry,
        from: Framed<'_>,
        to: &mut dyn Write,
    ) -> Result<(), Error> {
        if entry.method == Method::Deflate && entry.size <= MAX_WHOLE {
            self.make_room(entry.size, MAX_WHOLE as usize);
            let whole = &mut self.window[..entry.size as usize];
            if from.inflate(&mut self.whole, whole) {
                let mut output = Output::new(entry, to);
                output.write(whole)?;
                return output.finish();
            }
        }
        // Entries that libdeflate does not accept are decompressed again, to return the exact error.
        self.copy(entry, &mut from.data(), to)
    }

    /// Enlarges the output buffer for an entry of this size, up to `most` bytes.
    fn make_room(&mut self, size: u64, most: usize) {
        let needed = usize::try_from(size.saturating_add(SLACK)).unwrap_or(most).min(most);
        if self.window.len() < needed {
            self.window.resize(needed.next_power_of_two(), 0);
        }
    }

    fn inflate(&mut self, output: &mut Output<'_>, from: &mut dyn BufRead) -> Result<(), Error> {
        self.decompress.reset(false);
        let window_length = self.window.len().min(WINDOW_LENGTH);
        let window = &mut self.window[..window_length];
        let mut filled = 0;
        loop {
            let input = fill_buf(from)?;
            let end = input.is_empty();
            let before = (self.decompress.total_in(), self.decompress.total_out());
            // More room than the entry needs: excess data are detected, and the end is faster.
            let status =
                self.decompress.decompress(input, &mut window[filled..], FlushDecompress::None);
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
            if finished || filled == window.len() {
                output.write(&window[..filled])?;
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

#[cfg(test)]
mod tests;
