//! Where the bytes of an entry lie in its archive, and whether the header before them agrees.

use std::io::{self, Read};
use std::ops::Range;

use super::directory::{CentralHeader, UNICODE_PATH, ZIP64, enlarge, field};
use super::eocd::{self, u16_at, u32_at};
use super::{Error, metadata};

/// The fixed part of the header before an entry, in bytes.
pub const FIXED: usize = 30;
/// Such a header says that sizes follow the data.
const DESCRIPTOR: u16 = 1 << 3;
/// The extra fields that writers put before an entry are hardly longer, in bytes.
const LONGEST_EXTRA: u64 = 256;

/// An entry as it lies in its archive, by the central directory.
#[derive(Debug, Clone)]
pub struct EntryLocation {
    /// Its index in the archive.
    pub entry: usize,
    /// Where the header before it begins, in bytes from the start of the file.
    pub at: u64,
    pub size: u64,
    pub compressed_size: u64,
    pub crc32: u32,
    /// By deflate; else it lies there as it is.
    pub deflated: bool,
    flags: u16,
    method: u16,
    dos: u32,
    raw_name: Box<[u8]>,
    /// Its name is there twice, which takes a closer look.
    pub(super) renamed: bool,
}

/// What was found before the data of an entry.
#[derive(Debug)]
pub struct LocalHeader {
    /// Bytes, up to where the data begin.
    pub length: u64,
    /// It is a header at all.
    pub header: bool,
    /// It tells nothing else than the central directory, and nothing more.
    pub agrees: bool,
}

impl EntryLocation {
    pub fn new(entry: usize, header: CentralHeader) -> EntryLocation {
        EntryLocation {
            entry,
            at: header.at,
            size: header.size,
            compressed_size: header.compressed_size,
            crc32: header.crc32,
            deflated: header.method == super::validate::DEFLATE,
            flags: header.flags,
            method: header.method,
            dos: header.dos,
            renamed: header.unicode.is_some(),
            raw_name: header.name.into_boxed_slice(),
        }
    }

    /// Where its bytes are at least, the header before it among them, and the most that writers
    /// put there besides.
    pub fn extent(&self) -> Range<u64> {
        // The header repeats the name, with extra fields of its own.
        let header = (FIXED + self.raw_name.len()) as u64 + LONGEST_EXTRA;
        self.at..self.at.saturating_add(header).saturating_add(self.compressed_size)
    }

    /// Reads the header before the entry.
    pub fn header(&self, from: &mut dyn Read) -> io::Result<LocalHeader> {
        let mut fixed = [0; FIXED];
        from.read_exact(&mut fixed)?;
        let [name_length, extra_length] = [26, 28].map(|at| usize::from(u16_at(&fixed, at)));
        let mut rest = vec![0; name_length + extra_length];
        from.read_exact(&mut rest)?;
        let (name, extra) = rest.split_at(name_length);
        let agrees = u16_at(&fixed, 6) == self.flags
            && u16_at(&fixed, 8) == self.method
            && u32_at(&fixed, 10) == self.dos
            && *name == *self.raw_name
            && !self.renamed
            && field(extra, UNICODE_PATH).is_none()
            && self.sizes_agree(&fixed, extra);
        let (length, header) = ((FIXED + rest.len()) as u64, fixed.starts_with(b"PK\x03\x04"));
        Ok(LocalHeader { length, header, agrees: header && agrees })
    }

    /// Refuses what is written behind its data, if that has the look of sizes and they are others.
    pub fn check_data_descriptor(&self, behind: &[u8]) -> Result<(), Error> {
        if self.flags & DESCRIPTOR == 0 {
            return Ok(());
        }
        let told = behind.strip_prefix(b"PK\x07\x08").unwrap_or(behind);
        let long = |at| eocd::u64_at(told, at);
        let sizes = match told.len() {
            12 => [4, 8].map(|at| u32_at(told, at).into()),
            20 => [4, 12].map(long),
            _ => return Ok(()),
        };
        if u32_at(told, 0) == self.crc32 && sizes == [self.compressed_size, self.size] {
            return Ok(());
        }
        let entry = metadata::text(&self.raw_name);
        let why = format!("entry `{entry}` has other sizes behind its data than in the directory");
        Err(Error::Contradiction(why))
    }

    /// Where its data end at the least.
    pub fn least_end(&self) -> u64 {
        let header = (FIXED + self.raw_name.len()) as u64;
        self.at.saturating_add(header).saturating_add(self.compressed_size)
    }

    pub fn damaged(&self, why: &str) -> Error {
        let entry = metadata::text(&self.raw_name);
        Error::Damaged { entry, why: why.to_owned() }
    }

    pub fn needs_full_check(&self) -> Error {
        Error::NeedsFullCheck { near: self.at }
    }

    fn sizes_agree(&self, fixed: &[u8], extra: &[u8]) -> bool {
        let behind = self.flags & DESCRIPTOR != 0;
        let [mut size, mut compressed_size] = [22, 18].map(|at| u64::from(u32_at(fixed, at)));
        let large = field(extra, ZIP64).unwrap_or_default();
        enlarge([&mut size, &mut compressed_size], large);
        let told = [(size, self.size), (compressed_size, self.compressed_size)];
        let crc = (u64::from(u32_at(fixed, 14)), u64::from(self.crc32));
        let agrees = |(here, there): &(u64, u64)| here == there || behind && *here == 0;
        agrees(&crc) && told.iter().all(agrees)
    }
}

#[cfg(test)]
mod tests;
