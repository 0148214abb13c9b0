//! Entries in the order in which they lie in their archive, cut from bytes that come in order.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::Error;
use super::local_header::{EntryLocation, FIXED};

/// Bytes that come in order, some of which can be passed over.
pub trait SkipRead: Read {
    /// Goes to so many bytes from the start. Where bytes are gone once they were read, only
    /// forward.
    fn skip_to(&mut self, position: u64) -> io::Result<()>;
}

/// Anything in which one can seek. What lies close ahead is read along.
pub struct Seeking<R> {
    reader: BufReader<R>,
    /// None until it was gone to for the first time.
    position: Option<u64>,
}

impl<R: Read> Seeking<R> {
    /// `ahead` is how much may be read along, in bytes.
    pub fn new(reader: R, ahead: usize) -> Seeking<R> {
        Seeking { reader: BufReader::with_capacity(ahead, reader), position: None }
    }
}

impl<R: Read> Read for Seeking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.position = self.position.map(|position| position + count as u64);
        Ok(count)
    }
}

impl<R: Read + Seek> SkipRead for Seeking<R> {
    fn skip_to(&mut self, position: u64) -> io::Result<()> {
        let number = |place| i64::try_from(place).ok();
        let near = self.position.and_then(|here| number(position)?.checked_sub(number(here)?));
        match near {
            Some(by) => self.reader.seek_relative(by)?,
            None => self.reader.seek(SeekFrom::Start(position)).map(|_| ())?,
        }
        self.position = Some(position);
        Ok(())
    }
}

/// Between two entries there may be what tells the sizes of the first; as much as a header of
/// another entry would take is too much, in bytes.
const MIN_HIDDEN_ENTRY: usize = FIXED - 1;

/// What writers put between the data of entries besides names: extra fields, sizes; in bytes.
const MAX_GAP: u64 = 1 << 10;

/// Goes from entry to entry and looks at the header before each.
pub struct EntryReader<'a, B> {
    body: B,
    /// Each header must tell what the central directory tells.
    strict: bool,
    /// None where entries are not taken one right behind the other.
    behind: Option<PreviousEntry<'a>>,
}

/// What was taken last.
#[derive(Default)]
struct PreviousEntry<'a> {
    end: u64,
    entry: Option<&'a EntryLocation>,
}

impl<'a, B: SkipRead> EntryReader<'a, B> {
    /// Takes any entries of an archive whose headers were judged, or need not be.
    pub fn some(body: B) -> EntryReader<'a, B> {
        EntryReader { body, strict: false, behind: None }
    }

    /// Takes some entries of an archive whose headers nobody has looked at; surprised when one of
    /// theirs tells something else than the central directory.
    pub fn apart(body: B) -> EntryReader<'a, B> {
        EntryReader { body, strict: true, behind: None }
    }

    /// Takes all entries, in order; surprised when a header tells something else than the central
    /// directory, and when there is room for more entries than those.
    pub fn all(body: B) -> EntryReader<'a, B> {
        EntryReader { body, strict: true, behind: Some(PreviousEntry::default()) }
    }

    /// The bytes of an entry as they are packed, and no others.
    pub fn next(&mut self, location: &'a EntryLocation) -> Result<io::Take<&mut B>, Error> {
        self.gap(location.at)?;
        self.body.skip_to(location.at).map_err(Error::Read)?;
        let local = match location.header(&mut self.body) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(location.damaged("it ends too early"));
            }
            local => local.map_err(Error::Read)?,
        };
        if self.strict && !local.agrees {
            return Err(location.needs_full_check());
        }
        if let Some(behind) = &mut self.behind {
            let end = location.at.saturating_add(local.length);
            let end = end.saturating_add(location.compressed_size);
            *behind = PreviousEntry { end, entry: Some(location) };
        }
        if !local.header {
            return Err(location.damaged("it is not where the central directory says"));
        }
        Ok(self.body.by_ref().take(location.compressed_size))
    }

    /// Looks whether nothing can be hidden before the central directory.
    pub fn finish(&mut self, directory: u64) -> Result<(), Error> {
        self.gap(directory)
    }

    /// What lies between the last entry and the next thing may tell the sizes of that entry.
    fn gap(&mut self, next: u64) -> Result<(), Error> {
        let Some(PreviousEntry { end, entry }) = &self.behind else { return Ok(()) };
        let mut between = [0; MIN_HIDDEN_ENTRY];
        let gap =
            next.checked_sub(*end).and_then(|gap| between.get_mut(..usize::try_from(gap).ok()?));
        let Some(gap) = gap else { return Err(Error::NeedsFullCheck { near: next }) };
        if gap.is_empty() {
            return Ok(());
        }
        self.body.skip_to(*end).and_then(|()| self.body.read_exact(gap)).map_err(Error::Read)?;
        entry.map_or(Ok(()), |location| location.check_data_descriptor(gap))
    }
}

/// Looks at the header before each entry, and whether there are entries that are not listed or
/// share bytes. `directory` is where the central directory begins.
///
/// # Errors
/// A surprise where all this is not as most writers have it; a closer look may find nothing wrong.
pub fn headers<R: Read + Seek>(
    reader: R,
    locations: &[EntryLocation],
    directory: u64,
) -> Result<(), Error> {
    let mut cutter = EntryReader::all(Seeking::new(reader, 512));
    for location in in_order(locations) {
        cutter.next(location)?;
    }
    cutter.finish(directory)
}

/// Whether the central directory alone speaks for an archive that can be taken entry by entry as
/// it comes: none are there twice, none share bytes, and little is between them.
pub fn is_streamable(locations: &[EntryLocation], directory: u64) -> bool {
    let mut end = 0;
    let mut next_to = |next: u64, then: u64| {
        let near = next.checked_sub(end).is_some_and(|gap| gap <= MAX_GAP);
        end = then;
        near
    };
    in_order(locations)
        .into_iter()
        .all(|location| !location.renamed && next_to(location.at, location.least_end()))
        && next_to(directory, directory)
}

/// Entries in the order in which they lie in the archive.
pub fn in_order(locations: &[EntryLocation]) -> Vec<&EntryLocation> {
    let mut order: Vec<&EntryLocation> = locations.iter().collect();
    order.sort_by_key(|location| location.at);
    order
}

#[cfg(test)]
mod tests;
