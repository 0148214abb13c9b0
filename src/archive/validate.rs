//! Validation of a whole archive before anything is extracted.

use std::hash::{BuildHasher, RandomState};
use std::io::{BufReader, Read, Seek};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Slot;
use zip::ZipArchive;
use zip::result::ZipError;

use super::detect_format::{NotZip, first_bytes};
use super::eocd::{self, Eocd};
use super::error::Error;
use super::format::LOCAL_HEADER_SIGNATURE;
use super::tracked_reader::TrackedReader;
use super::{directory, entry_reader, metadata};
use crate::model::{Entry, RawPathPool};

/// Content of the central directory.
pub struct Directory {
    pub entries: Vec<Entry>,
    /// Start of the central directory, in bytes from the start of the file.
    pub directory_start: u64,
    /// Duplicate entries were dropped.
    pub had_duplicates: bool,
}

/// Finds and reads the central directory.
///
/// # Errors
/// If the directory is damaged or ambiguous, or lists more than `max_entries` entries.
pub fn read_directory<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    max_entries: usize,
) -> Result<Directory, Error> {
    let Some(eocd) = eocd::find(reader)? else {
        let start = first_bytes(reader).map_err(Error::Read)?;
        return Err(Error::NotZip(NotZip::detect(&start)));
    };
    check_start(reader, &eocd)?;
    // Plans number entries by 32 bits.
    let max_entries = max_entries.min(u32::MAX as usize);
    let capacity = eocd.max_entries();
    let too_many = |entries| Error::TooManyEntries { entries, max: max_entries };
    if capacity > max_entries {
        return Err(too_many(eocd.entries));
    }
    let (mut entries, mut names) = (Vec::with_capacity(capacity), RawPathPool::default());
    directory::read_headers(reader, &eocd, |header| {
        if entries.len() == max_entries {
            return Err(too_many(entries.len() as u64 + 1));
        }
        entries.push(metadata::to_entry(&header, &mut names)?);
        Ok(())
    })?;
    names.complete();
    let had_duplicates = drop_duplicates(&mut entries)?;
    Ok(Directory { entries, directory_start: eocd.directory_start, had_duplicates })
}

/// Checks the first bytes of an archive that has a prefix or no entries. For other archives they
/// are not read, because that can cost a range request.
fn check_start<R: Read + Seek>(reader: &mut TrackedReader<R>, eocd: &Eocd) -> Result<(), Error> {
    if eocd.prefix == 0 && eocd.entries > 0 {
        return Ok(());
    }
    let start = first_bytes(reader).map_err(Error::Read)?;
    match NotZip::detect(&start) {
        NotZip::Empty | NotZip::Truncated | NotZip::Unknown => {}
        // Some programs read a tar file that ends with a zip archive as tar, others as zip.
        other => return Err(Error::NotZip(other)),
    }
    if eocd.entries == 0 && start.starts_with(LOCAL_HEADER_SIGNATURE) {
        return Err(Error::Contradiction("it lists no entries and begins with one".to_owned()));
    }
    Ok(())
}

/// Drops entries that repeat an earlier one with the same contents, and returns whether there were
/// any.
///
/// # Errors
/// `DuplicateEntry` if entries with the same name differ.
fn drop_duplicates(entries: &mut Vec<Entry>) -> Result<bool, Error> {
    let hasher = RandomState::new();
    let hash = |index: &u32| hasher.hash_one(&entries[*index as usize].name);
    // Indices of the first entry of each name.
    let mut by_name = HashTable::with_capacity(entries.len());
    let mut is_first = Vec::with_capacity(entries.len());
    for (index, entry) in (0..).zip(&*entries) {
        let has_name = |other: &u32| entries[*other as usize].name == entry.name;
        let first = match by_name.entry(hash(&index), has_name, hash) {
            Slot::Occupied(slot) => *slot.get(),
            Slot::Vacant(slot) => *slot.insert(index).get(),
        };
        let content = |entry: &Entry| (entry.size, entry.crc32, entry.kind, entry.mode);
        if content(&entries[first as usize]) != content(entry) {
            return Err(Error::DuplicateEntry { entry: entry.name.to_string() });
        }
        is_first.push(first == index);
    }
    // One pass: removing entries one by one would be quadratic, which takes minutes for a hundred
    // thousand of them.
    let mut flags = is_first.iter();
    entries.retain(|_| flags.next().is_none_or(|first| *first));
    Ok(!is_first.iter().all(|first| *first))
}

/// Checks the local headers of all entries.
///
/// # Errors
/// If a local header contradicts the central directory, if entries overlap, or if there are
/// unlisted entries.
pub fn check_local_headers<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    listed: &Directory,
) -> Result<(), Error> {
    // One pass settles it for the output of common writers. Only other archives pay for the
    // slower checks of the `zip` crate.
    if !listed.had_duplicates {
        match entry_reader::quick_check(&mut *reader, &listed.entries, listed.directory_start) {
            Err(Error::NeedsFullCheck { .. } | Error::Damaged { .. }) => {}
            decided => return decided,
        }
    }
    let mut zip = ZipArchive::new(BufReader::new(reader))
        .map_err(|error| Error::Broken(to_clause(&error)))?;
    let contradiction = |error: ZipError| Error::Contradiction(to_clause(&error));
    // The `zip` crate must have found the same directory.
    if zip.len() != listed.entries.len() || zip.central_directory_start() != listed.directory_start
    {
        return Err(Error::Contradiction("its entries can be read in two ways".to_owned()));
    }
    // `validate_header_consistency` refuses all duplicate names, even with equal contents, so
    // archives with duplicates are only checked for overlaps.
    if !zip.has_duplicate_names() {
        return zip.validate_header_consistency().map_err(contradiction);
    }
    match zip.has_overlapping_entries().map_err(contradiction)? {
        true => Err(Error::Contradiction("entries overlap".to_owned())),
        false => Ok(()),
    }
}

/// Converts an error of the `zip` crate into a clause that fits behind "the archive is broken:".
pub fn to_clause(error: &ZipError) -> String {
    let text = match error {
        ZipError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return "it ends too early".to_owned();
        }
        ZipError::InvalidArchive(why) if why.starts_with("Unexpected end") => {
            return "it ends too early".to_owned();
        }
        ZipError::InvalidArchive(why) => why.to_string(),
        ZipError::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    let text = text.strip_prefix("header inconsistency detected: ").unwrap_or(&text);
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        // Lower-case the first letter, unless it begins an abbreviation.
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
