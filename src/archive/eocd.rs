//! Location of the central directory by the end of central directory record (EOCD) and its ZIP64
//! counterpart.
//!
//! Two readers must not see two different archives in one file. So everything that allows this is
//! refused: two EOCD records, two central directories, a ZIP64 record that contradicts the EOCD.

use std::io::{Read, Seek, SeekFrom};

use memchr::memmem;

use super::error::Error;
use super::format::{
    CENTRAL_HEADER_LENGTH, CENTRAL_HEADER_SIGNATURE, EOCD_LENGTH, EOCD_SIGNATURE,
    ZIP64_EOCD_LENGTH, ZIP64_EOCD_SIGNATURE, ZIP64_LOCATOR_LENGTH, ZIP64_LOCATOR_SIGNATURE, u16_at,
    u32_at, u64_at,
};
use super::tracked_reader::TrackedReader;

/// Length of the end of a file that can hold its end records, the longest comment included.
const TAIL_LENGTH: u64 =
    (ZIP64_EOCD_LENGTH + ZIP64_LOCATOR_LENGTH + EOCD_LENGTH) as u64 + u16::MAX as u64;

/// Position and claimed content of the central directory. Positions are in bytes from the start
/// of the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Eocd {
    pub directory_start: u64,
    /// Start of the end records, which follow the directory.
    pub directory_end: u64,
    /// Bytes before the archive, which its own offsets do not count.
    pub prefix: u64,
    pub entries: u64,
    /// Size of the directory in bytes, as claimed.
    pub size: u64,
}

impl Eocd {
    /// Returns an upper bound of the number of entries, limited by the room for their headers, so
    /// that a false claim cannot reserve memory.
    pub fn max_entries(&self) -> usize {
        let headers = (self.directory_end - self.directory_start) / CENTRAL_HEADER_LENGTH as u64;
        self.entries.min(headers) as usize
    }
}

/// Fields of one end record, EOCD or ZIP64 EOCD.
struct EocdFields {
    /// Position of the record itself, in bytes from the start of the file.
    position: u64,
    entries: u64,
    directory_size: u64,
    directory_offset: u64,
}

/// Finds the central directory. Returns `None` if there is no EOCD record, so that the file is no
/// zip at all.
///
/// # Errors
/// If the records are damaged, contradict each other, or can be read in two ways.
pub fn find<R: Read + Seek>(reader: &mut TrackedReader<R>) -> Result<Option<Eocd>, Error> {
    let length = reader.seek(SeekFrom::End(0)).map_err(Error::Read)?;
    let tail_start = length.saturating_sub(TAIL_LENGTH);
    let tail = read_at(reader, tail_start, TAIL_LENGTH as usize)?;
    let Some(at) = find_record(&tail)? else { return Ok(None) };
    let record = &tail[at..at + EOCD_LENGTH];
    let disks = [4, 6].map(|at| u16_at(record, at));
    if disks.iter().any(|disk| ![0, u16::MAX].contains(disk)) {
        return Err(broken("it is one part of several"));
    }
    let fields = EocdFields {
        position: tail_start + at as u64,
        entries: u16_at(record, 10).into(),
        directory_size: u32_at(record, 12).into(),
        directory_offset: u32_at(record, 16).into(),
    };
    let fields = apply_zip64(reader, fields)?;
    locate_directory(reader, &fields).map(Some)
}

/// Returns the position of the EOCD record in the end of a file.
fn find_record(tail: &[u8]) -> Result<Option<usize>, Error> {
    let complete = |at: &usize| at + EOCD_LENGTH <= tail.len();
    let positions: Vec<usize> = memmem::find_iter(tail, EOCD_SIGNATURE).filter(complete).collect();
    let end = |at: &usize| at + EOCD_LENGTH + usize::from(u16_at(tail, at + 20));
    // The last one counts. Junk may follow the archive, but a record before the last one that
    // reaches exactly to the end of the file makes two archives of one file.
    let Some(last) = positions.last() else { return Ok(None) };
    if positions.iter().any(|at| at != last && end(at) == tail.len()) {
        return Err(contradiction("it has two end records"));
    }
    match end(last) <= tail.len() {
        true => Ok(Some(*last)),
        false => Err(broken("it ends too early")),
    }
}

/// Returns the fields of the ZIP64 record if there is one, else those of the EOCD record.
///
/// # Errors
/// If the ZIP64 record is not at its place or contradicts the EOCD record.
fn apply_zip64<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    eocd: EocdFields,
) -> Result<EocdFields, Error> {
    let Some(locator_start) = eocd.position.checked_sub(ZIP64_LOCATOR_LENGTH as u64) else {
        return Ok(eocd);
    };
    let locator = read_at(reader, locator_start, ZIP64_LOCATOR_LENGTH)?;
    if !locator.starts_with(ZIP64_LOCATOR_SIGNATURE) {
        return Ok(eocd);
    }
    let claimed = u64_at(&locator, 8);
    // Right before the locator first: the claimed position does not count bytes before the
    // archive. It is needed only for records with optional data, which are longer.
    let adjacent = locator_start.checked_sub(ZIP64_EOCD_LENGTH as u64);
    for position in adjacent.into_iter().chain([claimed]) {
        let record = read_at(reader, position, ZIP64_EOCD_LENGTH)?;
        let is_record =
            record.len() == ZIP64_EOCD_LENGTH && record.starts_with(ZIP64_EOCD_SIGNATURE);
        // The length field does not count the 12 bytes up to its own end. It is compared with the
        // true length, because adding to the claimed one could overflow.
        let length = locator_start.checked_sub(position).and_then(|length| length.checked_sub(12));
        if !is_record || length != Some(u64_at(&record, 4)) {
            continue;
        }
        let zip64 = EocdFields {
            position,
            entries: u64_at(&record, 32),
            directory_size: u64_at(&record, 40),
            directory_offset: u64_at(&record, 48),
        };
        // All ones in the EOCD record refer to the ZIP64 record.
        let agrees = |short: u64, long: u64, unset: u64| short == long || short == unset;
        let all_agree = agrees(eocd.entries, zip64.entries, u16::MAX.into())
            && agrees(eocd.directory_size, zip64.directory_size, u32::MAX.into())
            && agrees(eocd.directory_offset, zip64.directory_offset, u32::MAX.into());
        return match all_agree {
            true => Ok(zip64),
            false => Err(contradiction("its two end records do not agree")),
        };
    }
    Err(contradiction("its zip64 end record is not where it should be"))
}

/// Locates the directory, which ends where the end records start. The difference between its true
/// start and its claimed offset is the number of bytes before the archive.
fn locate_directory<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    fields: &EocdFields,
) -> Result<Eocd, Error> {
    let EocdFields { position: end, entries, directory_size: size, directory_offset: offset } =
        *fields;
    let beginning_missing = || broken("its beginning is missing");
    let start = end.checked_sub(size).ok_or_else(beginning_missing)?;
    let prefix = start.saturating_sub(offset);
    let found = Eocd { directory_start: start, directory_end: end, prefix, entries, size };
    let mut has_header_at = |position| {
        let signature = CENTRAL_HEADER_SIGNATURE;
        Ok::<_, Error>(
            position < end && read_at(reader, position, signature.len())?.starts_with(signature),
        )
    };
    match (size == 0 || has_header_at(start)?, start == offset || !has_header_at(offset)?) {
        (true, true) if start < offset => Err(beginning_missing()),
        (true, true) => Ok(found),
        (true, false) => Err(contradiction("it has two central directories")),
        // The size is wrong and the offset is right. Reading the headers reports the reason.
        (false, false) => Ok(Eocd { directory_start: offset, prefix: 0, ..found }),
        (false, true) => Err(broken("there is no central directory where its end record says")),
    }
}

/// Reads up to `count` bytes from a position on, fewer at the end of the file.
fn read_at<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    position: u64,
    count: usize,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    // Positions come from the archive. A seek fails only for one that no file can have.
    if reader.seek(SeekFrom::Start(position)).is_ok() {
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

#[cfg(test)]
mod tests;
