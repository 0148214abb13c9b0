//! Whether an archive holds together, before anything of it is unpacked.

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::read::ZipArchiveMetadata;
use zip::result::ZipError;

use super::directory::{self, Directory, Header};
use super::packed::Packed;
use super::source::Source;
use super::{Error, NotZip, cut, entry, start};
use crate::model::Entry;

const STORED: u16 = 0;
pub const DEFLATE: u16 = 8;
const AES: u16 = 99;
/// The flags of each of the three ways to encrypt.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// What the central directory lists.
pub struct Listed {
    pub entries: Vec<Entry>,
    /// Where each entry lies, by the same index.
    pub packed: Vec<Packed>,
    /// Where the central directory begins, in bytes from the start of the file.
    pub directory: u64,
    /// No header is there twice.
    single: bool,
}

/// Finds and reads the central directory, and refuses what it tells of entries that cannot be
/// unpacked or are not clear.
pub fn directory<R: Read + Seek>(reader: &mut Source<R>) -> Result<Listed, Error> {
    let zip = match ZipArchive::new(BufReader::new(&mut *reader)) {
        Ok(zip) => zip,
        Err(error) => return Err(unreadable(reader, &error)),
    };
    let (found, at, offset) = (zip.metadata(), zip.central_directory_start(), zip.offset());
    drop(zip);

    // The beginning of an archive can be far away, and most need no look at it.
    let start = match offset > 0 || found.is_empty() {
        true => start(reader).map_err(|error| broken(&error))?,
        false => Vec::new(),
    };
    match NotZip::by_start(&start) {
        NotZip::Empty | NotZip::Cut | NotZip::Unknown => {}
        // A tar that ends in a zip is a zip to some and a tar to others.
        other if offset > 0 => return Err(Error::NotZip(other)),
        _ => {}
    }
    let Directory { headers, size, end } = directory::read(&mut BufReader::new(&mut *reader), at)
        .map_err(|error| broken(&error.into()))?;
    let Some(end) = end else {
        let between = "something lies between the central directory and its end";
        return Err(Error::Contradiction(between.to_owned()));
    };
    if end.entries != headers.len() as u64 {
        return Err(Error::Entries { claimed: end.entries, found: headers.len() });
    }
    if headers.is_empty() && start.starts_with(b"PK\x03\x04") {
        return Err(Error::Contradiction("it lists no entries and begins with one".to_owned()));
    }
    if end.size != size {
        let other = format!("its directory has {size} bytes, its end record says {}", end.size);
        return Err(Error::Contradiction(other));
    }
    let (entries, packed) = entries(&found, &headers)?;
    let single = headers.len() == entries.len();
    Ok(Listed { entries, packed, directory: at, single })
}

/// Refuses headers before the entries that tell something else than the central directory,
/// entries that share bytes, and entries that are not listed.
pub fn headers<R: Read + Seek>(reader: &mut Source<R>, listed: &Listed) -> Result<(), Error> {
    // One quick pass settles it for what honest writers make; all else gets a closer look.
    if listed.single && cut::headers(&mut *reader, &listed.packed, listed.directory).is_ok() {
        return Ok(());
    }
    let mut zip = ZipArchive::new(BufReader::new(reader)).map_err(|error| broken(&error))?;
    let contradiction = |error: ZipError| Error::Contradiction(plain(&error));
    // The check of headers refuses every name that is there twice, also with equal contents.
    if !zip.has_duplicate_names() {
        return zip.validate_header_consistency().map_err(contradiction);
    }
    match zip.has_overlapping_entries().map_err(contradiction)? {
        true => Err(Error::Contradiction("entries overlap".to_owned())),
        false => Ok(()),
    }
}

fn entries(
    found: &ZipArchiveMetadata,
    headers: &[Header],
) -> Result<(Vec<Entry>, Vec<Packed>), Error> {
    let by_place: HashMap<u64, &Header> =
        headers.iter().map(|header| (header.at, header)).collect();
    let mut kept: HashMap<&[u8], &Header> = HashMap::new();
    let (mut entries, mut packed) = (Vec::new(), Vec::new());
    for index in 0..found.len() {
        let entry = found.entry(index).map_err(|error| broken(&error))?;
        let Some(header) = by_place.get(&entry.central_header_start()) else {
            return Err(Error::Broken("the central directory is not in one piece".to_owned()));
        };
        kept.insert(&header.name, header);
        let name = || entry::name(&entry);
        if header.flags & ENCRYPTED != 0 || header.method == AES {
            return Err(Error::Encrypted { entry: name() });
        }
        if header.method != STORED && header.method != DEFLATE {
            return Err(Error::Method { entry: name(), method: header.method });
        }
        packed.push(Packed::new(index, &entry, header));
        entries.push(entry::entry(&entry, header));
    }
    for header in headers {
        let kept = kept.get(header.name.as_slice());
        let alike = kept.is_some_and(|kept| kept.content == header.content);
        if !alike {
            let entry = String::from_utf8_lossy(&header.name).into_owned();
            return Err(Error::Double { entry });
        }
    }
    Ok((entries, packed))
}

/// What to say about a file in which no central directory was found.
fn unreadable<R: Read + Seek>(reader: &mut Source<R>, error: &ZipError) -> Error {
    if reader.has_failed() {
        return broken(error);
    }
    match (start(reader), has_end_record(reader)) {
        (Ok(start), Ok(false)) => Error::NotZip(NotZip::by_start(&start)),
        _ => broken(error),
    }
}

/// Whether there is the signature of an end record where one can be: before a comment of 64 KiB.
fn has_end_record<R: Read + Seek>(reader: &mut R) -> std::io::Result<bool> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(length.saturating_sub(22 + 65_535)))?;
    let mut tail = Vec::new();
    reader.read_to_end(&mut tail)?;
    Ok(tail.windows(4).any(|bytes| bytes == b"PK\x05\x06"))
}

fn broken(error: &ZipError) -> Error {
    Error::Broken(plain(error))
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
