//! The verified output of an entry: its size and checksum must be those of the central directory.

use std::io::{BufRead, ErrorKind, Write};

use crc32fast::Hasher;

use super::error::Error;
use crate::model::Entry;

/// Verified output of one entry: counts and checksums the bytes that are written.
pub struct Output<'a> {
    entry: &'a Entry,
    to: &'a mut dyn Write,
    crc: Hasher,
    written: u64,
}

impl<'a> Output<'a> {
    /// Returns an output that writes to `to`.
    pub fn new(entry: &'a Entry, to: &'a mut dyn Write) -> Output<'a> {
        Output { entry, to, crc: Hasher::new(), written: 0 }
    }

    /// Returns how many more bytes the entry may have, when `unwritten` bytes are decompressed
    /// and not written yet.
    pub fn remaining(&self, unwritten: usize) -> u64 {
        self.entry.size - self.written - unwritten as u64
    }

    /// Writes bytes, of which there must be at most [`Output::remaining`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.crc.update(bytes);
        self.written += bytes.len() as u64;
        self.to.write_all(bytes).map_err(Error::Write)
    }

    /// Compares size and checksum with those of the central directory.
    pub fn finish(self) -> Result<(), Error> {
        let (size, written) = (self.entry.size, self.written);
        if written != size {
            return Err(self.damaged(&format!("it has {written} bytes and declares {size}")));
        }
        match self.crc.clone().finalize() == self.entry.crc32 {
            true => Ok(()),
            false => Err(self.damaged("invalid checksum")),
        }
    }

    /// Returns the error that the entry is damaged.
    pub fn damaged(&self, why: &str) -> Error {
        self.entry.damaged(why)
    }

    /// Returns the entry.
    pub fn entry(&self) -> &Entry {
        self.entry
    }
}

/// Fills the buffer of a reader, retrying when the read is interrupted.
pub fn fill_buf(from: &mut dyn BufRead) -> Result<&[u8], Error> {
    while let Err(error) = from.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(Error::Read(error));
        }
    }
    // The buffer is filled now. The second call is needed because the borrow checker does not let
    // the loop return its borrow.
    from.fill_buf().map_err(Error::Read)
}
