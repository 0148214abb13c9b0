//! The zip edge: any `Read + Seek` in, entries and their bytes out. Knows no HTTP and no disk.
//!
//! The central directory alone counts. The whole archive is judged before a byte of it is
//! unpacked: what does not hold together is refused as a whole, so that no part of it lands.

#[cfg(test)]
pub mod craft;
mod directory;
mod entry;
mod error;
mod judge;
mod kind;
mod source;
#[cfg(test)]
mod tests;

use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::Arc;

use zip::ZipReadOptions;
use zip::read::ZipArchiveMetadata;
use zip::result::ZipError;

pub use error::Error;
pub use kind::NotZip;

use crate::model::Entry;
use source::Source;

/// The longest target of a link in bytes, as Linux has it.
const LONGEST_TARGET: u64 = 4096;

/// The extra fields that writers put before an entry are hardly longer, in bytes.
const LONGEST_EXTRA: u64 = 256;

/// An opened archive.
pub struct Archive<R> {
    reader: Source<R>,
    directory: Arc<ZipArchiveMetadata>,
    entries: Vec<Entry>,
    buffer: Vec<u8>,
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
        let mut reader = Source::new(reader);
        let opened = judge::directory(&mut reader).and_then(|(directory, entries)| {
            if whole {
                judge::headers(&mut reader)?;
            }
            Ok((directory, entries))
        });
        match (opened, reader.failure()) {
            (Ok((directory, entries)), _) => {
                Ok(Archive { reader, directory, entries, buffer: vec![0; 64 * 1024] })
            }
            (Err(_), Some(failure)) => Err(Error::Read(failure)),
            (Err(error), None) => Err(error),
        }
    }

    /// Every entry, in the order of the central directory.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The reader that was handed in.
    pub fn reader(&mut self) -> &mut R {
        self.reader.inner()
    }

    /// Where the bytes are that [`Archive::copy`] will read for this entry, and a few more.
    pub fn extent(&self, index: usize) -> Range<u64> {
        let Ok(entry) = self.directory.entry(index) else { return 0..0 };
        // The header before the data repeats the name, with extra fields of its own.
        let header = 30 + entry.name_raw().len() as u64 + LONGEST_EXTRA;
        let start = entry.header_start();
        start..start.saturating_add(header).saturating_add(entry.compressed_size())
    }

    /// Unpacks one entry; what was written is right only when this returns `Ok`. Never writes
    /// more bytes than the entry declares.
    ///
    /// # Errors
    /// When checksum or length are not what the central directory says, and when `to` fails.
    pub fn copy(&mut self, index: usize, to: &mut dyn Write) -> Result<u64, Error> {
        let Some(entry) = self.entries.get(index) else {
            return Err(Error::Broken(format!("there is no entry {index}")));
        };
        let damaged = |why: String| Error::Damaged { entry: entry.name.clone(), why };
        let mut written = 0;
        let copied = (|| {
            let found = self.directory.entry(index)?;
            let mut unpacked = found.with_reader(&mut self.reader, ZipReadOptions::new())?;
            loop {
                let length = match unpacked.read(&mut self.buffer) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                    result => result?,
                };
                if length == 0 {
                    return Ok(Ok(()));
                }
                if entry.size - written < length as u64 {
                    return Err(ZipError::InvalidArchive("it is longer than declared".into()));
                }
                if let Err(error) = to.write_all(&self.buffer[..length]) {
                    return Ok(Err(error));
                }
                written += length as u64;
            }
        })();
        match copied {
            Ok(Ok(())) if written == entry.size => Ok(written),
            Ok(Ok(())) => {
                Err(damaged(format!("it has {written} bytes and declares {}", entry.size)))
            }
            Ok(Err(error)) => Err(Error::Write(error)),
            Err(error) => match self.reader.failure() {
                Some(failure) => Err(Error::Read(failure)),
                None => Err(damaged(judge::plain(&error))),
            },
        }
    }

    /// Where a link points: at most 4096 bytes of UTF-8.
    pub fn link_target(&mut self, index: usize) -> Result<String, Error> {
        let entry = self.entries.get(index).map(|entry| (entry.name.clone(), entry.size));
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
fn start<R: Read + Seek>(reader: &mut R) -> Result<Vec<u8>, ZipError> {
    let mut start = Vec::new();
    reader.seek(SeekFrom::Start(0))?;
    BufReader::new(reader).take(kind::START as u64).read_to_end(&mut start)?;
    Ok(start)
}
