//! The headers of the central directory, one after the other, as they stand there.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::eocd::{Eocd, HEADER, u16_at, u32_at, u64_at};
use super::tracked_reader::TrackedReader;
use super::{AHEAD, Error, metadata};

/// The fixed part of a header, in bytes.
pub const FIXED: usize = 46;
/// The extra field for what does not fit into the fixed part.
pub const ZIP64: u16 = 1;
/// The extra field that gives a name in Unicode.
pub const UNICODE_PATH: u16 = 0x7075;

/// One header of the central directory.
#[derive(Debug, Default)]
pub struct CentralHeader {
    pub name: Vec<u8>,
    pub flags: u16,
    /// The compression method as a number.
    pub method: u16,
    pub crc32: u32,
    /// Bytes when unpacked.
    pub size: u64,
    pub compressed_size: u64,
    /// Where the header before the entry begins, in bytes from the start of the file.
    pub at: u64,
    /// The system of the writer, which says how to read the attributes.
    pub system: u8,
    pub attributes: u32,
    /// Date and time as DOS writes them.
    pub dos: u32,
    /// Seconds since 1970, from Info-ZIP's extended timestamp.
    pub modified: Option<u32>,
    /// The name a second time, in a field of its own.
    pub unicode: Option<Unicode>,
}

/// A name in Unicode, and the checksum of the name it stands for.
#[derive(Debug)]
pub struct Unicode {
    pub name: Vec<u8>,
    pub crc32: u32,
}

/// Reads every header, and compares what the end record says of them all.
pub fn read<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    end: &Eocd,
    mut each: impl FnMut(CentralHeader) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut reader = BufReader::with_capacity(AHEAD, reader);
    reader.seek(SeekFrom::Start(end.start)).map_err(Error::Read)?;
    let (mut at, mut count) = (end.start, 0);
    while at < end.end {
        let mut fixed = [0; FIXED];
        let begin = (end.end - at).min(FIXED as u64) as usize;
        reader.read_exact(&mut fixed[..begin]).map_err(Error::Read)?;
        if !fixed.starts_with(HEADER) {
            break;
        }
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(&fixed, at)));
        let mut rest = vec![0; lengths.iter().sum()];
        if at + (FIXED + rest.len()) as u64 > end.end {
            return Err(Error::Broken("its central directory ends too early".to_owned()));
        }
        reader.read_exact(&mut rest).map_err(Error::Read)?;
        at += (FIXED + rest.len()) as u64;
        count += 1;
        each(header(&fixed, rest, lengths[0], lengths[1], end.before)?)?;
    }
    agree(end, at, count)
}

/// What was read is what the end record says.
fn agree(end: &Eocd, at: u64, count: u64) -> Result<(), Error> {
    let size = at - end.start;
    if at != end.end && size == end.size {
        let between = "something lies between the central directory and its end";
        return Err(Error::Contradiction(between.to_owned()));
    }
    if count != end.entries {
        return Err(Error::Entries { claimed: end.entries, found: count });
    }
    if size != end.size {
        let other = format!("its directory has {size} bytes, its end record says {}", end.size);
        return Err(Error::Contradiction(other));
    }
    Ok(())
}

fn header(
    fixed: &[u8; FIXED],
    mut rest: Vec<u8>,
    name: usize,
    extra: usize,
    before: u64,
) -> Result<CentralHeader, Error> {
    let extra = &rest[name..name + extra];
    if are_cut(extra) {
        let name = metadata::text(&rest[..name]);
        return Err(Error::Broken(format!("the extra fields of entry `{name}` are cut short")));
    }
    let mut header = CentralHeader {
        flags: u16_at(fixed, 8),
        method: u16_at(fixed, 10),
        crc32: u32_at(fixed, 16),
        size: u32_at(fixed, 24).into(),
        compressed_size: u32_at(fixed, 20).into(),
        at: u32_at(fixed, 42).into(),
        system: fixed[5],
        attributes: u32_at(fixed, 38),
        dos: u32_at(fixed, 12),
        modified: extended_timestamp(extra),
        unicode: unicode(extra),
        name: Vec::new(),
    };
    let large = field(extra, ZIP64).unwrap_or_default();
    let short = [&mut header.size, &mut header.compressed_size, &mut header.at];
    enlarge(short, large);
    rest.truncate(name);
    header.name = rest;
    header.at = header.at.checked_add(before).ok_or_else(|| {
        let entry = metadata::text(&header.name);
        Error::Damaged { entry, why: "it lies beyond the end".to_owned() }
    })?;
    Ok(header)
}

/// What does not fit into 32 bits is all ones there, and stands in the zip64 field in this order.
pub fn enlarge<const N: usize>(short: [&mut u64; N], mut large: &[u8]) {
    for value in short {
        if *value == u64::from(u32::MAX)
            && let Some((long, rest)) = large.split_at_checked(8)
        {
            *value = u64_at(long, 0);
            large = rest;
        }
    }
}

fn extended_timestamp(extra: &[u8]) -> Option<u32> {
    // A byte of flags, of which the lowest says that the time of change is there.
    match field(extra, 0x5455)? {
        [flags, time @ ..] if flags & 1 == 1 => time.first_chunk::<4>().map(|time| u32_at(time, 0)),
        _ => None,
    }
}

fn unicode(extra: &[u8]) -> Option<Unicode> {
    match field(extra, UNICODE_PATH)? {
        // A version, of which there is one, then the checksum.
        [_, a, b, c, d, name @ ..] => {
            Some(Unicode { name: name.to_vec(), crc32: u32_at(&[*a, *b, *c, *d], 0) })
        }
        // Too short to be right, which no checksum of a name will agree with.
        _ => Some(Unicode { name: Vec::new(), crc32: 0 }),
    }
}

/// Whether a field claims more bytes than there are. Fewer than one has are padding.
fn are_cut(mut extra: &[u8]) -> bool {
    while let [_, _, len0, len1, rest @ ..] = extra {
        match rest.get(usize::from(u16::from_le_bytes([*len0, *len1]))..) {
            Some(next) => extra = next,
            None => return true,
        }
    }
    false
}

/// The extra field with this number, if the fields before it can be read.
pub fn field(mut extra: &[u8], wanted: u16) -> Option<&[u8]> {
    while let [id0, id1, len0, len1, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*len0, *len1]));
        let field = rest.get(..length)?;
        if u16::from_le_bytes([*id0, *id1]) == wanted {
            return Some(field);
        }
        extra = &rest[length..];
    }
    None
}

#[cfg(test)]
mod tests;
