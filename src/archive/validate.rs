//! Whether an archive holds together, before anything of it is unpacked.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek};

use zip::ZipArchive;
use zip::result::ZipError;

use super::directory::{self, CentralHeader};
use super::eocd::{self, Eocd};
use super::local_header::EntryLocation;
use super::tracked_reader::TrackedReader;
use super::{Error, NotZip, entry_reader, metadata, start};
use crate::model::Entry;

const STORED: u16 = 0;
pub const DEFLATE: u16 = 8;
const AES: u16 = 99;
/// The flags of each of the three ways to encrypt.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// What is packed is a patch for something else.
const PATCH: u16 = 1 << 5;

/// What the central directory lists.
pub struct Directory {
    pub entries: Vec<Entry>,
    /// Where each entry lies, by the same index.
    pub locations: Vec<EntryLocation>,
    /// Where the central directory begins, in bytes from the start of the file.
    pub directory: u64,
    /// No header is there twice.
    pub single: bool,
}

/// Finds and reads the central directory, and refuses what it tells of entries that cannot be
/// unpacked or are not clear.
pub fn directory<R: Read + Seek>(reader: &mut TrackedReader<R>) -> Result<Directory, Error> {
    let Some(end) = eocd::find(reader)? else {
        return Err(Error::NotZip(NotZip::by_start(&start(reader)?)));
    };
    check_prefix(reader, &end)?;
    let most = end.most_entries();
    let (mut entries, mut locations) = (Vec::with_capacity(most), Vec::with_capacity(most));
    directory::read(reader, &end, |header| {
        let entry = metadata::entry(&header)?;
        check_method(&header, &entry)?;
        locations.push(EntryLocation::new(locations.len(), header));
        entries.push(entry);
        Ok(())
    })?;
    let single = once(&mut entries, &mut locations)?;
    Ok(Directory { entries, locations, directory: end.start, single })
}

/// The beginning of an archive can be far away, and most need no look at it.
fn check_prefix<R: Read + Seek>(reader: &mut TrackedReader<R>, end: &Eocd) -> Result<(), Error> {
    if end.before == 0 && end.entries > 0 {
        return Ok(());
    }
    let start = start(reader)?;
    match NotZip::by_start(&start) {
        NotZip::Empty | NotZip::Cut | NotZip::Unknown => {}
        // A tar that ends in a zip is a zip to some and a tar to others.
        other => return Err(Error::NotZip(other)),
    }
    if end.entries == 0 && start.starts_with(b"PK\x03\x04") {
        return Err(Error::Contradiction("it lists no entries and begins with one".to_owned()));
    }
    Ok(())
}

/// Refuses what this program cannot unpack.
fn check_method(header: &CentralHeader, entry: &Entry) -> Result<(), Error> {
    let name = || entry.name.clone();
    if header.flags & ENCRYPTED != 0 || header.method == AES {
        return Err(Error::Encrypted { entry: name() });
    }
    if header.flags & PATCH != 0 {
        return Err(Error::Broken(format!("entry `{}` is a patch for something else", name())));
    }
    match header.method {
        STORED | DEFLATE => Ok(()),
        method => Err(Error::Method { entry: name(), method }),
    }
}

/// Takes what is there twice with the same bytes once; says whether nothing was.
fn once(entries: &mut Vec<Entry>, locations: &mut Vec<EntryLocation>) -> Result<bool, Error> {
    let mut known: HashMap<&str, &Entry> = HashMap::with_capacity(entries.len());
    let mut first = Vec::with_capacity(entries.len());
    for entry in entries.iter() {
        let same = *known.entry(&entry.name).or_insert(entry);
        let what = |entry: &Entry| (entry.size, entry.crc32, entry.kind, entry.mode);
        if what(same) != what(entry) {
            return Err(Error::Double { entry: entry.name.clone() });
        }
        first.push(std::ptr::eq(same, entry));
    }
    // In one pass: taken out one by one, a hundred thousand of them would take minutes.
    let mut stay = first.iter();
    entries.retain(|_| stay.next().is_none_or(|first| *first));
    let mut stay = first.iter();
    locations.retain(|_| stay.next().is_none_or(|first| *first));
    for (index, location) in locations.iter_mut().enumerate() {
        location.entry = index;
    }
    Ok(first.iter().all(|first| *first))
}

/// Refuses headers before the entries that tell something else than the central directory,
/// entries that share bytes, and entries that are not listed.
pub fn headers<R: Read + Seek>(
    reader: &mut TrackedReader<R>,
    listed: &Directory,
) -> Result<(), Error> {
    // One quick pass settles it for what honest writers make; all else gets a closer look.
    if listed.single {
        match entry_reader::headers(&mut *reader, &listed.locations, listed.directory) {
            Err(Error::NeedsFullCheck { .. } | Error::Damaged { .. }) => {}
            known => return known,
        }
    }
    let mut zip =
        ZipArchive::new(BufReader::new(reader)).map_err(|error| Error::Broken(plain(&error)))?;
    let contradiction = |error: ZipError| Error::Contradiction(plain(&error));
    // Two readers of one archive must have found the same.
    if zip.len() != listed.entries.len() || zip.central_directory_start() != listed.directory {
        return Err(Error::Contradiction("its entries can be read in two ways".to_owned()));
    }
    // The check of headers refuses every name that is there twice, also with equal contents.
    if !zip.has_duplicate_names() {
        return zip.validate_header_consistency().map_err(contradiction);
    }
    match zip.has_overlapping_entries().map_err(contradiction)? {
        true => Err(Error::Contradiction("entries overlap".to_owned())),
        false => Ok(()),
    }
}

/// The words of the `zip` crate, without what the sentence around them says already.
pub fn plain(error: &ZipError) -> String {
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
        // A word and not an abbreviation.
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
