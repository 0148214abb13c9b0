//! Reading of the central directory, header by header.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::central_header::{CentralHeader, VariableLengths};
use super::eocd::Eocd;
use super::error::Error;
use super::format::{CENTRAL_HEADER_LENGTH, CENTRAL_HEADER_SIGNATURE};
use super::tracked_reader::{READ_AHEAD, TrackedReader};

/// Passes each header to `each`, in order, then compares number and size of the headers with the
/// EOCD record.
///
/// # Errors
/// If the directory is truncated or disagrees with the EOCD record, and if `each` fails.
pub fn read_headers<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    eocd: &Eocd,
    mut each: impl FnMut(CentralHeader<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut reader = BufReader::with_capacity(READ_AHEAD, reader);
    reader.seek(SeekFrom::Start(eocd.directory_start)).map_err(Error::Read)?;
    let (mut position, mut count) = (eocd.directory_start, 0);
    let mut variable = Vec::new();
    while position < eocd.directory_end {
        let mut fixed = [0; CENTRAL_HEADER_LENGTH];
        let available = (eocd.directory_end - position).min(CENTRAL_HEADER_LENGTH as u64) as usize;
        reader.read_exact(&mut fixed[..available]).map_err(Error::Read)?;
        if !fixed.starts_with(CENTRAL_HEADER_SIGNATURE) {
            break;
        }
        let lengths = VariableLengths::read(&fixed);
        variable.resize(lengths.total(), 0);
        let length = (CENTRAL_HEADER_LENGTH + variable.len()) as u64;
        if position + length > eocd.directory_end {
            return Err(Error::Broken("its central directory ends too early".to_owned()));
        }
        reader.read_exact(&mut variable).map_err(Error::Read)?;
        position += length;
        count += 1;
        each(CentralHeader::parse(&fixed, &variable, lengths, eocd.prefix)?)?;
    }
    compare_with_eocd(eocd, position, count)
}

fn compare_with_eocd(eocd: &Eocd, position: u64, count: u64) -> Result<(), Error> {
    let size = position - eocd.directory_start;
    if position != eocd.directory_end && size == eocd.size {
        let between = "something lies between the central directory and its end";
        return Err(Error::Contradiction(between.to_owned()));
    }
    if count != eocd.entries {
        return Err(Error::EntryCount { claimed: eocd.entries, found: count });
    }
    if size != eocd.size {
        let other = format!("its directory has {size} bytes, its end record says {}", eocd.size);
        return Err(Error::Contradiction(other));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
