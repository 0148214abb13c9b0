//! Conversion of a central directory header into an [`Entry`]: name, kind, mode and date.

use super::central_header::{CentralHeader, UnicodePath};
use super::entry_name;
use super::error::Error;
use super::format::{
    FLAG_PATCH, FLAGS_ENCRYPTED, METHOD_AES, METHOD_DEFLATE, METHOD_STORED, METHOD_ZSTD,
};
use crate::model::{Entry, EntryKind, Method, RawPath};

const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFLNK: u32 = 0o120_000;
/// Writer systems that store a Unix mode in the attributes: Unix and macOS.
const UNIX_SYSTEMS: [u8; 2] = [3, 19];

/// Returns the entry that a header describes.
///
/// # Errors
/// If the Unicode path belongs to another name.
pub fn to_entry(header: &CentralHeader<'_>) -> Result<Entry, Error> {
    let name = name(header)?;
    // The upper half of the attributes is the Unix mode. Zero means that it was not recorded.
    let mode = if UNIX_SYSTEMS.contains(&header.system) { header.attributes >> 16 } else { 0 };
    let kind = match mode & S_IFMT {
        S_IFLNK => EntryKind::Link,
        S_IFDIR => EntryKind::Folder,
        0 | S_IFREG if name.ends_with(b"/") => EntryKind::Folder,
        0 | S_IFREG => EntryKind::File,
        // Info-ZIP gives an entry that it reads from a pipe the type of a pipe.
        _ if header.size > 0 => EntryKind::File,
        _ => EntryKind::Special,
    };
    Ok(Entry {
        name,
        kind,
        size: header.size,
        compressed_size: header.compressed_size,
        crc32: header.crc32,
        method: method(header),
        mode: (mode != 0).then_some(mode & 0o7777),
        modified: header.modified.map(i64::from).or_else(|| unix_time(header.dos_time)),
    })
}

/// Returns the compression method of an entry, or that it is encrypted or a patch.
pub fn method(header: &CentralHeader<'_>) -> Method {
    match header.method {
        METHOD_AES => Method::Encrypted,
        _ if header.flags & FLAGS_ENCRYPTED != 0 => Method::Encrypted,
        _ if header.flags & FLAG_PATCH != 0 => Method::Patch,
        METHOD_STORED => Method::Stored,
        METHOD_DEFLATE => Method::Deflate,
        METHOD_ZSTD => Method::Zstd,
        other => Method::Other(other),
    }
}

/// Returns the Unicode path if there is one, else the decoded name. The path must carry the
/// checksum of the name, and must not replace a name in ASCII by another.
fn name(header: &CentralHeader<'_>) -> Result<RawPath, Error> {
    let plain = entry_name::decode(header.name, header.system);
    let Some(UnicodePath { name, crc32 }) = &header.unicode_path else { return Ok(plain) };
    match String::from_utf8(name.clone()) {
        // A name in ASCII needs no second spelling, so a different one is an attack.
        Ok(name) if crc32fast::hash(header.name) == *crc32 => match header.name.is_ascii() {
            true if plain != *name => Err(foreign_unicode_path(&plain)),
            _ => Ok(name.into()),
        },
        _ => Err(foreign_unicode_path(&plain)),
    }
}

fn foreign_unicode_path(name: &RawPath) -> Error {
    Error::Contradiction(format!("entry `{name}` has a second name that is of another entry"))
}

/// Converts a DOS date and time into seconds since 1970. DOS times have no time zone; they are
/// taken as UTC, so that the result is the same on every machine.
fn unix_time(dos_time: u32) -> Option<i64> {
    let bits = |from: u32, count: u32| (dos_time >> from & ((1 << count) - 1)) as i8;
    let year = 1980 + (dos_time >> 25) as i16;
    let (month, day) = (bits(21, 4), bits(16, 5));
    let (hour, minute, second) = (bits(11, 5), bits(5, 6), bits(0, 5) * 2);
    let time = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0);
    Some(time.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dos_times_are_read_as_utc_and_impossible_ones_are_ignored() {
        let dos_time = |date: u32, time: u32| date << 16 | time;
        let day = (46 << 9) | (5 << 5) | 1;
        assert_eq!(unix_time(dos_time(day, 10 << 11)), Some(1_777_629_600));
        let last_second = dos_time(day, (23 << 11) | (59 << 5) | 29);
        assert_eq!(unix_time(last_second), Some(1_777_679_998));
        for (date, time) in [(0, 0), (day | 15 << 5, 0), (day, 24 << 11), (day, 60 << 5), (day, 30)]
        {
            assert_eq!(unix_time(dos_time(date, time)), None, "{date} {time}");
        }
    }
}
