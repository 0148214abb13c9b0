//! Where the central directory of an archive is, by the record at the end of the file.
//!
//! Everything that could make two readers take two archives out of one file is refused here: two
//! end records, two directories, a zip64 record that tells something else than the short one.

use std::io::{Read, Seek, SeekFrom};

use memchr::memmem;

use super::Error;
use super::directory;
use super::tracked_reader::TrackedReader;

const RECORD: &[u8] = b"PK\x05\x06";
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const ZIP64_RECORD: &[u8] = b"PK\x06\x06";
pub const HEADER: &[u8] = b"PK\x01\x02";

/// The lengths of these, in bytes: of the records without a comment or what may come behind.
const RECORD_LENGTH: usize = 22;
const ZIP64_LOCATOR_LENGTH: usize = 20;
const ZIP64_RECORD_LENGTH: usize = 56;
/// How much of the end of a file can belong to its end records, in bytes.
const TAIL: u64 =
    (ZIP64_RECORD_LENGTH + ZIP64_LOCATOR_LENGTH + RECORD_LENGTH) as u64 + u16::MAX as u64;

/// What the end records say of the central directory. All places are in bytes from the start of
/// the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Eocd {
    pub start: u64,
    /// Where the end records begin: right behind the directory.
    pub end: u64,
    /// Bytes before the archive itself, which its own places do not count.
    pub before: u64,
    pub entries: u64,
    pub size: u64,
}

impl Eocd {
    /// How many entries there can be at the most, whatever it says.
    pub fn most_entries(&self) -> usize {
        let headers = (self.end - self.start) / directory::FIXED as u64;
        self.entries.min(headers) as usize
    }
}

/// What one end record says, the short or the long one.
struct EocdFields {
    at: u64,
    entries: u64,
    size: u64,
    offset: u64,
}

/// Finds the end records; none where the file has not the look of a zip at all.
pub fn find<R: Read + Seek>(reader: &mut TrackedReader<R>) -> Result<Option<Eocd>, Error> {
    let length = reader.seek(SeekFrom::End(0)).map_err(Error::Read)?;
    let from = length.saturating_sub(TAIL);
    let tail = bytes(reader, from, TAIL as usize)?;
    let Some(at) = record(&tail)? else { return Ok(None) };
    let short = &tail[at..at + RECORD_LENGTH];
    let disks = [4, 6].map(|at| u16_at(short, at));
    if disks.iter().any(|disk| ![0, u16::MAX].contains(disk)) {
        return Err(broken("it is one part of several"));
    }
    let told = EocdFields {
        at: from + at as u64,
        entries: u16_at(short, 10).into(),
        size: u32_at(short, 12).into(),
        offset: u32_at(short, 16).into(),
    };
    let told = long(reader, told)?;
    directory(reader, &told).map(Some)
}

/// Where the short end record begins in the end of a file.
fn record(tail: &[u8]) -> Result<Option<usize>, Error> {
    let places = memmem::find_iter(tail, RECORD).filter(|at| at + RECORD_LENGTH <= tail.len());
    let ends = |at: &usize| at + RECORD_LENGTH + usize::from(u16_at(tail, at + 20));
    let places: Vec<usize> = places.collect();
    // Something else may lie behind the archive; what is inside it lies before its end.
    let Some(last) = places.last() else { return Ok(None) };
    if places.iter().any(|at| at != last && ends(at) == tail.len()) {
        return Err(contradiction("it has two end records"));
    }
    match ends(last) <= tail.len() {
        true => Ok(Some(*last)),
        false => Err(broken("it ends too early")),
    }
}

/// What the zip64 record says, where there is one; it must not contradict the short one.
fn long<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    short: EocdFields,
) -> Result<EocdFields, Error> {
    let Some(at) = short.at.checked_sub(ZIP64_LOCATOR_LENGTH as u64) else { return Ok(short) };
    let locator = bytes(reader, at, ZIP64_LOCATOR_LENGTH)?;
    if !locator.starts_with(ZIP64_LOCATOR) {
        return Ok(short);
    }
    let known = u64_at(&locator, 8);
    // It has this length in all archives but those that encrypt their directory.
    let usual = at.checked_sub(ZIP64_RECORD_LENGTH as u64);
    for place in usual.into_iter().chain([known]) {
        let record = bytes(reader, place, ZIP64_RECORD_LENGTH)?;
        let is_record = record.len() == ZIP64_RECORD_LENGTH && record.starts_with(ZIP64_RECORD);
        // Counted from here, because a record can claim a length beyond all numbers.
        let length = at.checked_sub(place).and_then(|length| length.checked_sub(12));
        if !is_record || length != Some(u64_at(&record, 4)) {
            continue;
        }
        let told = EocdFields {
            at: place,
            entries: u64_at(&record, 32),
            size: u64_at(&record, 40),
            offset: u64_at(&record, 48),
        };
        let fits = |short: u64, long: u64, none: u64| short == long || short == none;
        let fit = fits(short.entries, told.entries, u16::MAX.into())
            && fits(short.size, told.size, u32::MAX.into())
            && fits(short.offset, told.offset, u32::MAX.into());
        return match fit {
            true => Ok(told),
            false => Err(contradiction("its two end records do not agree")),
        };
    }
    Err(contradiction("its zip64 end record is not where it should be"))
}

/// The directory lies right before the end records; its own place tells what lies before it all.
fn directory<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    told: &EocdFields,
) -> Result<Eocd, Error> {
    let EocdFields { at: end, entries, size, offset } = *told;
    let early = || broken("its beginning is missing");
    let start = end.checked_sub(size).ok_or_else(early)?;
    let found = Eocd { start, end, before: start.saturating_sub(offset), entries, size };
    let mut begins_at = |place| {
        Ok::<_, Error>(place < end && bytes(reader, place, HEADER.len())?.starts_with(HEADER))
    };
    match (size == 0 || begins_at(start)?, start == offset || !begins_at(offset)?) {
        (true, true) if start < offset => Err(early()),
        (true, true) => Ok(found),
        (true, false) => Err(contradiction("it has two central directories")),
        // Whoever reads this one will say what is wrong with it.
        (false, false) => Ok(Eocd { start: offset, before: 0, ..found }),
        (false, true) => Err(broken("there is no central directory where its end record says")),
    }
}

/// So many bytes from a place on, or fewer where the file ends.
fn bytes<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    at: u64,
    count: usize,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    // A place beyond all numbers is the archive's lie, and nothing is there.
    if reader.seek(SeekFrom::Start(at)).is_ok() {
        reader.by_ref().take(count as u64).read_to_end(&mut bytes).map_err(Error::Read)?;
    }
    Ok(bytes)
}

fn broken(why: &str) -> Error {
    Error::Broken(why.to_owned())
}

fn contradiction(why: &str) -> Error {
    Error::Contradiction(why.to_owned())
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

#[cfg(test)]
mod tests;
