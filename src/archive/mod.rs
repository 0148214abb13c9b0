//! The zip edge: any `Read + Seek` in, entries and their bytes out. Knows no HTTP and no disk.
//!
//! The central directory alone counts. The whole archive is judged before a byte of it is
//! unpacked: what does not hold together is refused as a whole, so that no part of it lands.

mod detect_format;
mod directory;
mod entry_reader;
mod eocd;
mod error;
mod inflate;
mod local_header;
mod metadata;
#[cfg(test)]
mod tests;
mod tracked_reader;
mod validate;
#[cfg(test)]
pub mod zip_builder;

use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;

pub use detect_format::NotZip;
pub use entry_reader::{EntryReader, Seeking, SkipRead, in_order};
pub use error::Error;
pub use inflate::Inflater;
pub use local_header::EntryLocation;

use crate::model::Entry;
use tracked_reader::TrackedReader;
use validate::Directory;

/// The longest target of a link in bytes, as Linux has it.
const LONGEST_TARGET: u64 = 4096;

/// How much is read at once: for the header of one entry, and for many entries; in bytes.
const HEADER: usize = 512;
const AHEAD: usize = 64 << 10;

/// An opened archive.
pub struct Archive<R> {
    reader: TrackedReader<R>,
    listed: Directory,
    unpacker: Inflater,
}

/// Where the parts of an archive lie.
pub struct Layout {
    /// By the index of the entry.
    pub locations: Vec<EntryLocation>,
    /// Where the central directory begins, in bytes from the start.
    pub directory: u64,
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the central directory and judges the whole archive, the header before each entry
    /// included: for an archive that will be unpacked.
    pub fn open(reader: R) -> Result<Archive<R>, Error> {
        Archive::opened(reader, true)
    }

    /// Reads and judges the central directory alone, without a look at what lies before it: for
    /// a listing, or a single entry, of an archive that is far away.
    pub fn list(reader: R) -> Result<Archive<R>, Error> {
        Archive::opened(reader, false)
    }

    fn opened(reader: R, whole: bool) -> Result<Archive<R>, Error> {
        let mut reader = TrackedReader::new(reader);
        let opened = validate::directory(&mut reader).and_then(|listed| {
            if whole {
                validate::headers(&mut reader, &listed)?;
            }
            Ok(listed)
        });
        match (opened, reader.failure()) {
            (Ok(listed), _) => Ok(Archive { reader, listed, unpacker: Inflater::default() }),
            (Err(_), Some(failure)) => Err(Error::Read(failure)),
            (Err(error), None) => Err(error),
        }
    }

    /// Every entry, in the order of the central directory.
    pub fn entries(&self) -> &[Entry] {
        &self.listed.entries
    }

    /// Where each entry lies, by the same index as the entries.
    pub fn locations(&self) -> &[EntryLocation] {
        &self.listed.locations
    }

    /// The reader that was handed in.
    pub fn reader(&mut self) -> &mut R {
        self.reader.inner()
    }

    /// Where the bytes are that [`Archive::copy`] will read for this entry, and a few more.
    pub fn extent(&self, index: usize) -> Range<u64> {
        self.locations().get(index).map_or(0..0, EntryLocation::extent)
    }

    /// For taking many entries, with where each of them lies.
    pub fn cutter(&mut self) -> (EntryReader<'_, Seeking<&mut R>>, &[EntryLocation]) {
        (EntryReader::some(Seeking::new(self.reader.inner(), AHEAD)), &self.listed.locations)
    }

    /// Whether the archive can be taken as it comes, as far as its directory tells; if not, all of
    /// it should be looked at first.
    pub fn is_streamable(&self) -> bool {
        let Directory { locations, directory, single, .. } = &self.listed;
        *single && entry_reader::is_streamable(locations, *directory)
    }

    /// Where everything lies.
    pub fn into_layout(self) -> Layout {
        Layout { locations: self.listed.locations, directory: self.listed.directory }
    }

    /// Unpacks one entry; what was written is right only when this returns `Ok`. Never writes
    /// more bytes than the entry declares.
    ///
    /// # Errors
    /// When checksum or length are not what the central directory says, and when `to` fails.
    pub fn copy(&mut self, index: usize, to: &mut dyn Write) -> Result<u64, Error> {
        let Some(location) = self.listed.locations.get(index) else {
            return Err(Error::Broken(format!("there is no entry {index}")));
        };
        let mut cutter = EntryReader::some(Seeking::new(&mut self.reader, HEADER));
        let copied = cutter.next(location).and_then(|data| {
            let mut data = BufReader::with_capacity(AHEAD, data);
            self.unpacker.copy(location, &mut data, to)
        });
        match (copied, self.reader.failure()) {
            (Ok(()), _) => Ok(location.size),
            (Err(Error::Read(_)), Some(failure)) => Err(Error::Read(failure)),
            // A place beyond all numbers is the archive's lie.
            (Err(Error::Read(_)), None) => Err(location.damaged("it ends too early")),
            (Err(error), _) => Err(error),
        }
    }

    /// Where a link points: at most 4096 bytes of UTF-8.
    pub fn link_target(&mut self, index: usize) -> Result<String, Error> {
        let entry = self.entries().get(index).map(|entry| (entry.name.clone(), entry.size));
        let (name, size) = entry.unwrap_or_default();
        let bad = |why| Err(Error::Target { entry: name.clone(), why });
        if size > LONGEST_TARGET {
            return bad("has a target of more than 4096 bytes");
        }
        let mut target = Vec::new();
        self.copy(index, &mut target)?;
        match String::from_utf8(target) {
            Err(_) => bad("has a target that is not UTF-8"),
            Ok(target) if target.is_empty() => bad("has no target"),
            Ok(target) if target.contains('\0') => bad("has a NUL in its target"),
            Ok(target) => Ok(target),
        }
    }
}

/// The first bytes, as far as there are some.
fn start<R: Read + Seek>(reader: &mut R) -> Result<Vec<u8>, Error> {
    let mut start = Vec::new();
    let mut read = || {
        reader.seek(SeekFrom::Start(0))?;
        reader.take(detect_format::START as u64).read_to_end(&mut start)
    };
    read().map_err(Error::Read)?;
    Ok(start)
}
