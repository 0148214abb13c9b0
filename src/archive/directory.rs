//! The headers of the central directory as they stand there, for what the `zip` crate keeps to
//! itself: dates to the second, headers of one name, headers beyond those the end record claims.

use std::io::{self, Read, Seek, SeekFrom};

/// The fixed part of a header behind its signature, in bytes.
const FIXED: usize = 42;

/// The extra field that gives a name in Unicode.
pub const UNICODE_PATH: u16 = 0x7075;

/// One header of the central directory.
#[derive(Debug)]
pub struct Header {
    /// Where it begins, in bytes from the start of the file.
    pub at: u64,
    pub name: Vec<u8>,
    pub flags: u16,
    /// The compression method as a number.
    pub method: u16,
    /// What must be alike in two headers for them to mean the same: checksum, length and
    /// attributes as they are written.
    pub content: [u32; 3],
    /// Date and time as DOS writes them.
    pub dos: u32,
    /// Seconds since 1970, from Info-ZIP's extended timestamp.
    pub modified: Option<u32>,
    /// The name is there a second time, in a field of its own.
    pub renamed: bool,
}

/// The central directory as it lies there.
#[derive(Debug)]
pub struct Directory {
    pub headers: Vec<Header>,
    /// Bytes of all headers together.
    pub size: u64,
    /// What the end record right behind them says; none where something else follows.
    pub end: Option<End>,
}

/// What an end record claims.
#[derive(Debug)]
pub struct End {
    pub entries: u64,
    pub size: u64,
}

/// Reads every header from `start` on, and the end record behind them.
pub fn read<R: Read + Seek>(reader: &mut R, start: u64) -> io::Result<Directory> {
    reader.seek(SeekFrom::Start(start))?;
    let (mut headers, mut size) = (Vec::new(), 0);
    let end = loop {
        let mut signature = Vec::new();
        reader.by_ref().take(4).read_to_end(&mut signature)?;
        match signature.as_slice() {
            b"PK\x01\x02" => {
                let (header, length) = one(reader, start + size)?;
                headers.push(header);
                size += length;
            }
            b"PK\x05\x06" => {
                let mut end = [0; 18];
                reader.read_exact(&mut end)?;
                let (entries, size) = (u16_at(&end, 6).into(), u32_at(&end, 8).into());
                break Some(End { entries, size });
            }
            b"PK\x06\x06" => {
                let mut end = [0; 52];
                reader.read_exact(&mut end)?;
                break Some(End { entries: u64_at(&end, 28), size: u64_at(&end, 36) });
            }
            _ => break None,
        }
    };
    Ok(Directory { headers, size, end })
}

fn one<R: Read>(reader: &mut R, at: u64) -> io::Result<(Header, u64)> {
    let mut fixed = [0; FIXED];
    reader.read_exact(&mut fixed)?;
    let [name_length, extra_length, comment_length] =
        [24, 26, 28].map(|at| usize::from(u16_at(&fixed, at)));
    let mut rest = vec![0; name_length + extra_length + comment_length];
    reader.read_exact(&mut rest)?;
    let extra = &rest[name_length..name_length + extra_length];
    let header = Header {
        at,
        name: rest[..name_length].to_vec(),
        flags: u16_at(&fixed, 4),
        method: u16_at(&fixed, 6),
        content: [12, 20, 34].map(|at| u32_at(&fixed, at)),
        dos: u32_at(&fixed, 8),
        modified: extended_timestamp(extra),
        renamed: field(extra, UNICODE_PATH).is_some(),
    };
    Ok((header, (4 + FIXED + rest.len()) as u64))
}

fn extended_timestamp(extra: &[u8]) -> Option<u32> {
    // A byte of flags, of which the lowest says that the time of change is there.
    match field(extra, 0x5455)? {
        [flags, time @ ..] if flags & 1 == 1 => time.first_chunk().map(le),
        _ => None,
    }
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

fn le(bytes: &[u8; 4]) -> u32 {
    u32::from_le_bytes(*bytes)
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
