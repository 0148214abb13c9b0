//! Reading of entries in the order of their offsets, from a file or a download.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::error::Error;
use super::format::LOCAL_HEADER_LENGTH;
use crate::model::Entry;

/// A reader that can skip forward.
pub trait SkipRead: Read {
    /// Moves to a position, in bytes from the start. A download cannot move backward and fails
    /// with `InvalidInput`.
    fn skip_to(&mut self, position: u64) -> io::Result<()>;
}

/// Buffered [`SkipRead`] over a seekable reader. A skip within the buffer does not seek.
pub struct SeekReader<R> {
    reader: BufReader<R>,
    /// `None` before the first skip, when the position of the reader is unknown.
    position: Option<u64>,
}

impl<R: Read> SeekReader<R> {
    /// Wraps a reader with a buffer of `read_ahead` bytes.
    pub fn new(reader: R, read_ahead: usize) -> SeekReader<R> {
        SeekReader { reader: BufReader::with_capacity(read_ahead, reader), position: None }
    }
}

impl<R: Read> Read for SeekReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.position = self.position.map(|position| position + count as u64);
        Ok(count)
    }
}

impl<R: Read + Seek> SkipRead for SeekReader<R> {
    fn skip_to(&mut self, position: u64) -> io::Result<()> {
        let signed = |position| i64::try_from(position).ok();
        let distance =
            self.position.and_then(|current| signed(position)?.checked_sub(signed(current)?));
        match distance {
            Some(distance) => self.reader.seek_relative(distance)?,
            None => self.reader.seek(SeekFrom::Start(position)).map(|_| ())?,
        }
        self.position = Some(position);
        Ok(())
    }
}

/// Length in bytes of the shortest gap that could hide an unlisted entry: a local header. Anything
/// shorter between two entries, such as a data descriptor, is accepted.
const MIN_HIDDEN_ENTRY: usize = LOCAL_HEADER_LENGTH;

/// Upper bound of the local extra fields and data descriptors that common writers put between the
/// data of two entries, in bytes.
const MAX_GAP: u64 = 1 << 10;

/// Reader of the compressed data of entries, with checks of their local headers.
pub struct EntryReader<'a, B> {
    body: B,
    /// Local headers must match the central directory.
    check_headers: bool,
    /// The entry read last, if gaps between entries are checked.
    previous: Option<PreviousEntry<'a>>,
    /// The buffer for name and extra fields of a local header.
    variable: Vec<u8>,
}

struct PreviousEntry<'a> {
    /// End of its data, in bytes from the start of the file.
    end: u64,
    /// `None` at the start of the archive.
    entry: Option<&'a Entry>,
}

impl<'a, B: SkipRead> EntryReader<'a, B> {
    /// Reads any entries of an archive without comparing their local headers, because they were
    /// validated before or a single entry is wanted.
    pub fn validated(body: B) -> EntryReader<'a, B> {
        EntryReader { body, check_headers: false, previous: None, variable: Vec::new() }
    }

    /// Reads selected entries of an archive that was not validated. Fails with `NeedsFullCheck` if
    /// the local header of one of them differs from the central directory.
    pub fn selected(body: B) -> EntryReader<'a, B> {
        EntryReader { check_headers: true, ..EntryReader::validated(body) }
    }

    /// Reads all entries of an archive that was not validated, in the order of their offsets.
    /// Fails with `NeedsFullCheck` if a local header differs from the central directory, if entries
    /// overlap, or if a gap could hide an unlisted entry.
    pub fn sequential(body: B) -> EntryReader<'a, B> {
        EntryReader::sequential_from(body, 0)
    }

    /// Reads a run of entries as [`EntryReader::sequential`] does, where the bytes of the run begin
    /// at `start`.
    pub fn sequential_from(body: B, start: u64) -> EntryReader<'a, B> {
        let previous = Some(PreviousEntry { end: start, entry: None });
        EntryReader { previous, ..EntryReader::selected(body) }
    }

    /// Continues behind an entry whose data end at `end`, to check the gap that follows.
    pub fn behind(body: B, entry: &'a Entry, end: u64) -> EntryReader<'a, B> {
        let previous = Some(PreviousEntry { end, entry: Some(entry) });
        EntryReader { previous, ..EntryReader::selected(body) }
    }

    /// Returns the position behind the data of the entry that was returned last; 0 if gaps are not
    /// checked.
    pub fn end(&self) -> u64 {
        self.previous.as_ref().map_or(0, |previous| previous.end)
    }

    /// Returns a reader of exactly the compressed data of an entry.
    pub fn next(&mut self, entry: &'a Entry) -> Result<io::Take<&mut B>, Error> {
        self.check_gap(entry.offset)?;
        self.body.skip_to(entry.offset).map_err(Error::Read)?;
        let local = match entry.read_local_header(&mut self.body, &mut self.variable) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(entry.damaged("it ends too early"));
            }
            local => local.map_err(Error::Read)?,
        };
        if self.check_headers && !local.matches {
            return Err(entry.needs_full_check());
        }
        if let Some(previous) = &mut self.previous {
            let end = entry.offset.saturating_add(local.length);
            let end = end.saturating_add(entry.compressed_size);
            *previous = PreviousEntry { end, entry: Some(entry) };
        }
        if !local.is_header {
            return Err(entry.damaged("it is not where the central directory says"));
        }
        Ok(self.body.by_ref().take(entry.compressed_size))
    }

    /// Returns the reader of the compressed data of the entry that `next` returned, once more.
    pub fn data(&mut self, entry: &Entry) -> io::Take<&mut B> {
        self.body.by_ref().take(entry.compressed_size)
    }

    /// Checks the gap between the last entry and the central directory.
    pub fn finish(&mut self, directory_start: u64) -> Result<(), Error> {
        self.check_gap(directory_start)
    }

    /// Checks the bytes between the previous entry and `next`: there must be too few to hide an
    /// entry, and a data descriptor among them must match.
    fn check_gap(&mut self, next: u64) -> Result<(), Error> {
        let Some(PreviousEntry { end, entry }) = &self.previous else { return Ok(()) };
        let mut buffer = [0; MIN_HIDDEN_ENTRY - 1];
        let gap =
            next.checked_sub(*end).and_then(|gap| buffer.get_mut(..usize::try_from(gap).ok()?));
        let Some(gap) = gap else { return Err(Error::NeedsFullCheck { near: next }) };
        if gap.is_empty() {
            return Ok(());
        }
        self.body.skip_to(*end).and_then(|()| self.body.read_exact(gap)).map_err(Error::Read)?;
        entry.map_or(Ok(()), |entry| entry.check_data_descriptor(gap))
    }
}

/// Checks all local headers, data descriptors and gaps in one pass.
///
/// # Errors
/// `NeedsFullCheck` if the archive differs from what common writers produce; full validation may
/// still accept it.
pub fn quick_check<R: Read + Seek>(
    reader: R,
    entries: &[Entry],
    directory_start: u64,
) -> Result<(), Error> {
    let mut reader = EntryReader::sequential(SeekReader::new(reader, 512));
    for entry in sorted_by_offset(entries) {
        reader.next(entry)?;
    }
    reader.finish(directory_start)
}

/// Returns whether the entries can be extracted during the download, as far as the central
/// directory tells: none overlap, none has a Unicode path, and the gaps between them are small.
pub fn is_streamable(entries: &[Entry], directory_start: u64) -> bool {
    let mut end = 0;
    let mut follows = |start: u64, min_end: u64| {
        let follows = start.checked_sub(end).is_some_and(|gap| gap <= MAX_GAP);
        end = min_end;
        follows
    };
    sorted_by_offset(entries)
        .into_iter()
        .all(|entry| !entry.has_unicode_path && follows(entry.offset, entry.min_end()))
        && follows(directory_start, directory_start)
}

/// Returns the entries in the order of their offsets.
pub fn sorted_by_offset(entries: &[Entry]) -> Vec<&Entry> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.offset);
    sorted
}

#[cfg(test)]
mod tests;
