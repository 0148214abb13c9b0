//! The packed bytes of one entry become the bytes that were packed, or an error.

use std::io::{BufRead, ErrorKind, Write};

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

use super::Error;
use super::local_header::EntryLocation;

/// So many bytes are unpacked before they are handed on: most files are one write.
const WINDOW: usize = 256 << 10;

/// Unpacks one entry after the other, with memory that does not grow with them.
pub struct Inflater {
    inflate: Decompress,
    window: Vec<u8>,
}

/// One entry on its way.
struct Copy<'a> {
    location: &'a EntryLocation,
    to: &'a mut dyn Write,
    crc: Hasher,
    written: u64,
}

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater { inflate: Decompress::new(false), window: vec![0; WINDOW] }
    }
}

impl Inflater {
    /// Unpacks an entry, of which `from` holds the packed bytes and no others. What was written
    /// is right only when this returns `Ok`, and is never more than the entry declares.
    ///
    /// # Errors
    /// When checksum or length are not what the central directory says, and when `from` or `to`
    /// fail.
    pub fn copy(
        &mut self,
        location: &EntryLocation,
        from: &mut dyn BufRead,
        to: &mut dyn Write,
    ) -> Result<(), Error> {
        let mut copy = Copy { location, to, crc: Hasher::new(), written: 0 };
        match location.deflated {
            true => self.inflate(&mut copy, from)?,
            false => store(&mut copy, from)?,
        }
        copy.finish()
    }

    fn inflate(&mut self, copy: &mut Copy<'_>, from: &mut dyn BufRead) -> Result<(), Error> {
        self.inflate.reset(false);
        let mut filled = 0;
        loop {
            let input = fill(from)?;
            let end = input.is_empty();
            // One byte of room is left where none may come, to see that none does.
            let room = copy.left(filled).max(1).min((self.window.len() - filled) as u64) as usize;
            let output = &mut self.window[filled..filled + room];
            let before = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(input, output, FlushDecompress::None);
            let used = (self.inflate.total_in() - before.0) as usize;
            let made = (self.inflate.total_out() - before.1) as usize;
            from.consume(used);
            if made as u64 > copy.left(filled) {
                return Err(copy.damaged("it is longer than declared"));
            }
            filled += made;
            let over = match status {
                Ok(Status::StreamEnd) => true,
                Ok(Status::Ok | Status::BufError) if end && made == 0 => {
                    return Err(copy.damaged("it ends too early"));
                }
                Ok(Status::Ok | Status::BufError) => false,
                Err(_) => return Err(copy.damaged("corrupt deflate stream")),
            };
            if over || filled == self.window.len() {
                copy.write(&self.window[..filled])?;
                filled = 0;
            }
            if over {
                return match fill(from)? {
                    [] => Ok(()),
                    _ => Err(copy.damaged("something lies behind its data")),
                };
            }
        }
    }
}

/// What lies there as it is goes through no window.
fn store(copy: &mut Copy<'_>, from: &mut dyn BufRead) -> Result<(), Error> {
    loop {
        let input = fill(from)?;
        if input.is_empty() {
            return Ok(());
        }
        if input.len() as u64 > copy.left(0) {
            return Err(copy.damaged("it is longer than declared"));
        }
        copy.write(input)?;
        let used = input.len();
        from.consume(used);
    }
}

fn fill(from: &mut dyn BufRead) -> Result<&[u8], Error> {
    while let Err(error) = from.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(Error::Read(error));
        }
    }
    // The bytes are there now; asked for again, because the loop may not lend them out.
    from.fill_buf().map_err(Error::Read)
}

impl Copy<'_> {
    /// How many bytes may still come when so many are unpacked and not written.
    fn left(&self, unwritten: usize) -> u64 {
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
