//! Where the bytes of an entry lie in its archive, and whether the header before them agrees.

use std::io::{self, Read};
use std::ops::Range;

use super::Error;
use super::directory::{Header, UNICODE_PATH, field, u16_at, u32_at, u64_at};

/// The fixed part of the header before an entry, in bytes.
pub const FIXED: usize = 30;
/// Such a header says that sizes follow the data.
const DESCRIPTOR: u16 = 1 << 3;
/// The extra fields that writers put before an entry are hardly longer, in bytes.
const LONGEST_EXTRA: u64 = 256;
/// Sizes that do not fit stand in this extra field.
const ZIP64: u16 = 1;

/// An entry as it lies in its archive, by the central directory.
#[derive(Debug, Clone)]
pub struct Packed {
    /// Its index in the archive.
    pub entry: usize,
    /// For messages.
    pub name: String,
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
    renamed: bool,
}

/// What was found before the data of an entry.
#[derive(Debug)]
pub struct Local {
    /// Bytes, up to where the data begin.
    pub length: u64,
    /// It is a header at all.
    pub header: bool,
    /// It tells nothing else than the central directory, and nothing more.
    pub agrees: bool,
}

impl Packed {
    pub fn new(entry: usize, found: &zip::read::ZipFileEntry<'_>, header: &Header) -> Packed {
        Packed {
            entry,
            name: super::entry::name(found),
            at: found.header_start(),
            size: found.size(),
            compressed_size: found.compressed_size(),
            crc32: found.crc32(),
            deflated: header.method == super::judge::DEFLATE,
            flags: header.flags,
            method: header.method,
            dos: header.dos,
            raw_name: header.name.as_slice().into(),
            renamed: header.renamed,
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
    pub fn header(&self, from: &mut dyn Read) -> io::Result<Local> {
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
        Ok(Local { length, header, agrees: header && agrees })
    }

    pub fn damaged(&self, why: &str) -> Error {
        Error::Damaged { entry: self.name.clone(), why: why.to_owned() }
    }

    pub fn surprise(&self) -> Error {
        Error::Surprise { near: self.at }
    }

    fn sizes_agree(&self, fixed: &[u8], extra: &[u8]) -> bool {
        let behind = self.flags & DESCRIPTOR != 0;
        let mut large = field(extra, ZIP64).unwrap_or_default();
        let mut size = |at: usize| {
            let short = u32_at(fixed, at);
            match large.split_at_checked(8).filter(|_| short == u32::MAX) {
                Some((long, rest)) => {
                    large = rest;
                    u64_at(long, 0)
                }
                None => u64::from(short),
            }
        };
        let told = [(size(22), self.size), (size(18), self.compressed_size)];
        let crc = (u64::from(u32_at(fixed, 14)), u64::from(self.crc32));
        let agrees = |(here, there): &(u64, u64)| here == there || behind && *here == 0;
        agrees(&crc) && told.iter().all(agrees)
    }
}
