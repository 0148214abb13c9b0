//! An opened archive: its entries and their data.

use std::io::{BufReader, Read, Seek, Write};
use std::ops::Range;

use super::entry_reader::{self, EntryReader, SeekReader};
use super::error::Error;
use super::inflate::Inflater;
use super::tracked_reader::{READ_AHEAD, TrackedReader};
use super::validate::{self, Directory};
use crate::model::{Entry, RawPath};

/// Maximum length of a symlink target in bytes, `PATH_MAX` of Linux.
const MAX_LINK_TARGET: u64 = 4096;

/// Buffer size for reading the local header of a single entry, in bytes.
const HEADER_READ_AHEAD: usize = 512;

/// An archive whose central directory has been read.
pub struct Archive<R> {
    reader: TrackedReader<R>,
    listed: Directory,
    inflater: Inflater,
}

/// The entries of an archive and the position of its central directory.
pub struct Layout {
    /// In the order of the central directory, without duplicates.
    pub entries: Vec<Entry>,
    /// Start of the central directory, in bytes from the start of the file.
    pub directory_start: u64,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens an archive of at most `max_entries` entries and validates all of it: the central
    /// directory and every local header.
    pub fn open_validated(reader: R, max_entries: usize) -> Result<Archive<R>, Error> {
        Archive::open(reader, |reader| {
            let listed = validate::read_directory(reader, max_entries)?;
            validate::check_local_headers(reader, &listed)?;
            Ok(listed)
        })
    }

    /// Opens an archive of at most `max_entries` entries and validates only its central directory.
    /// Nothing before it is read, which suits listings and single entries of a remote archive.
    pub fn open_directory(reader: R, max_entries: usize) -> Result<Archive<R>, Error> {
        Archive::open(reader, |reader| validate::read_directory(reader, max_entries))
    }

    fn open(
        reader: R,
        read: impl FnOnce(&mut TrackedReader<R>) -> Result<Directory, Error>,
    ) -> Result<Archive<R>, Error> {
        let mut reader = TrackedReader::new(reader);
        match (read(&mut reader), reader.take_failure()) {
            (Ok(listed), _) => Ok(Archive { reader, listed, inflater: Inflater::default() }),
            (Err(_), Some(failure)) => Err(Error::Read(failure)),
            (Err(error), None) => Err(error),
        }
    }

    /// Returns the entries in the order of the central directory, without duplicates.
    pub fn entries(&self) -> &[Entry] {
        &self.listed.entries
    }

    /// Returns the underlying reader.
    pub fn reader(&mut self) -> &mut R {
        self.reader.get_mut()
    }

    /// Returns the bytes of the file that [`Archive::copy`] reads for an entry, and a few more.
    pub fn extent(&self, index: usize) -> Range<u64> {
        self.entries().get(index).map_or(0..0, Entry::extent)
    }

    /// Returns a reader of many entries of a validated archive, and the entries.
    pub fn entry_reader(&mut self) -> (EntryReader<'_, SeekReader<&mut R>>, &[Entry]) {
        let body = SeekReader::new(self.reader.get_mut(), READ_AHEAD);
        (EntryReader::validated(body), &self.listed.entries)
    }

    /// Returns whether the entries can be extracted during the download, as far as the central
    /// directory tells. If not, the whole archive must be validated first.
    pub fn is_streamable(&self) -> bool {
        let Directory { entries, directory_start, had_duplicates } = &self.listed;
        !*had_duplicates && entry_reader::is_streamable(entries, *directory_start)
    }

    pub fn into_layout(self) -> Layout {
        let Directory { entries, directory_start, .. } = self.listed;
        Layout { entries, directory_start }
    }

    /// Decompresses an entry into `to` and returns its size. The output is valid only if this
    /// returns `Ok`, and is never longer than the entry declares.
    ///
    /// # Errors
    /// If the method is not supported, if size or checksum differ from the central directory, and
    /// if `to` fails.
    pub fn copy(&mut self, index: usize, to: &mut dyn Write) -> Result<u64, Error> {
        let Some(entry) = self.listed.entries.get(index) else {
            return Err(Error::Broken(format!("there is no entry {index}")));
        };
        let body = SeekReader::new(&mut self.reader, HEADER_READ_AHEAD);
        let copied = EntryReader::validated(body).next(entry).and_then(|data| {
            let mut data = BufReader::with_capacity(READ_AHEAD, data);
            self.inflater.copy(entry, &mut data, to)
        });
        match (copied, self.reader.take_failure()) {
            (Ok(()), _) => Ok(entry.size),
            (Err(Error::Read(_)), Some(failure)) => Err(Error::Read(failure)),
            // Without a failure of the reader itself, the archive named an impossible position.
            (Err(Error::Read(_)), None) => Err(entry.damaged("it ends too early")),
            (Err(error), _) => Err(error),
        }
    }

    /// Returns the target of a symlink entry: 1 to 4096 bytes without NUL.
    pub fn link_target(&mut self, index: usize) -> Result<RawPath, Error> {
        let entry = self.entries().get(index).map(|entry| (entry.name.to_string(), entry.size));
        let (name, size) = entry.unwrap_or_default();
        let invalid = |why| Err(Error::LinkTarget { entry: name.clone(), why });
        if size > MAX_LINK_TARGET {
            return invalid("has a target of more than 4096 bytes");
        }
        let mut target = Vec::new();
        self.copy(index, &mut target)?;
        match target {
            target if target.is_empty() => invalid("has no target"),
            target if target.contains(&0) => invalid("has a NUL in its target"),
            target => Ok(target.as_slice().into()),
        }
    }
}
