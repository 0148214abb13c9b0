//! Entries in the order in which they lie in their archive, cut from bytes that come in order.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::Error;
use super::packed::{FIXED, Packed};

/// Bytes that come in order, some of which can be passed over.
pub trait Body: Read {
    /// Goes to so many bytes from the start. Where bytes are gone once they were read, only
    /// forward.
    fn go_to(&mut self, position: u64) -> io::Result<()>;
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

impl<R: Read + Seek> Body for Seeking<R> {
    fn go_to(&mut self, position: u64) -> io::Result<()> {
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
const LEAST_HIDDEN: usize = FIXED - 1;

/// What writers put between the data of entries besides names: extra fields, sizes; in bytes.
const MOST_BETWEEN: u64 = 1 << 10;

/// Goes from entry to entry and looks at the header before each.
pub struct Cutter<'a, B> {
    body: B,
    /// Each header must tell what the central directory tells.
    strict: bool,
    /// None where entries are not taken one right behind the other.
    behind: Option<Behind<'a>>,
}

/// What was taken last.
#[derive(Default)]
struct Behind<'a> {
    end: u64,
    entry: Option<&'a Packed>,
}

impl<'a, B: Body> Cutter<'a, B> {
    /// Takes any entries of an archive whose headers were judged, or need not be.
    pub fn some(body: B) -> Cutter<'a, B> {
        Cutter { body, strict: false, behind: None }
    }

    /// Takes some entries of an archive whose headers nobody has looked at; surprised when one of
    /// theirs tells something else than the central directory.
    pub fn apart(body: B) -> Cutter<'a, B> {
        Cutter { body, strict: true, behind: None }
    }

    /// Takes all entries, in order; surprised when a header tells something else than the central
    /// directory, and when there is room for more entries than those.
    pub fn all(body: B) -> Cutter<'a, B> {
        Cutter { body, strict: true, behind: Some(Behind::default()) }
    }

    /// The bytes of an entry as they are packed, and no others.
    pub fn next(&mut self, packed: &'a Packed) -> Result<io::Take<&mut B>, Error> {
        self.gap(packed.at)?;
        self.body.go_to(packed.at).map_err(Error::Read)?;
        let local = match packed.header(&mut self.body) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(packed.damaged("it ends too early"));
            }
            local => local.map_err(Error::Read)?,
        };
        if self.strict && !local.agrees {
            return Err(packed.surprise());
        }
        if let Some(behind) = &mut self.behind {
            let end = packed.at.saturating_add(local.length);
            let end = end.saturating_add(packed.compressed_size);
            *behind = Behind { end, entry: Some(packed) };
        }
        if !local.header {
            return Err(packed.damaged("it is not where the central directory says"));
        }
        Ok(self.body.by_ref().take(packed.compressed_size))
    }

    /// Looks whether nothing can be hidden before the central directory.
    pub fn finish(&mut self, directory: u64) -> Result<(), Error> {
        self.gap(directory)
    }

    /// What lies between the last entry and the next thing may tell the sizes of that entry.
    fn gap(&mut self, next: u64) -> Result<(), Error> {
        let Some(Behind { end, entry }) = &self.behind else { return Ok(()) };
        let mut between = [0; LEAST_HIDDEN];
        let gap =
            next.checked_sub(*end).and_then(|gap| between.get_mut(..usize::try_from(gap).ok()?));
        let Some(gap) = gap else { return Err(Error::Surprise { near: next }) };
        if gap.is_empty() {
            return Ok(());
        }
        self.body.go_to(*end).and_then(|()| self.body.read_exact(gap)).map_err(Error::Read)?;
        entry.map_or(Ok(()), |packed| packed.described(gap))
    }
}

/// Looks at the header before each entry, and whether there are entries that are not listed or
/// share bytes. `directory` is where the central directory begins.
///
/// # Errors
/// A surprise where all this is not as most writers have it; a closer look may find nothing wrong.
pub fn headers<R: Read + Seek>(reader: R, packed: &[Packed], directory: u64) -> Result<(), Error> {
    let mut cutter = Cutter::all(Seeking::new(reader, 512));
    for packed in in_order(packed) {
        cutter.next(packed)?;
    }
    cutter.finish(directory)
}

/// Whether the central directory alone speaks for an archive that can be taken entry by entry as
/// it comes: none are there twice, none share bytes, and little is between them.
pub fn is_orderly(packed: &[Packed], directory: u64) -> bool {
    let mut end = 0;
    let mut next_to = |next: u64, then: u64| {
        let near = next.checked_sub(end).is_some_and(|gap| gap <= MOST_BETWEEN);
        end = then;
        near
    };
    in_order(packed)
        .into_iter()
        .all(|packed| !packed.renamed && next_to(packed.at, packed.least_end()))
        && next_to(directory, directory)
}

/// Entries in the order in which they lie in the archive.
pub fn in_order(packed: &[Packed]) -> Vec<&Packed> {
    let mut order: Vec<&Packed> = packed.iter().collect();
    order.sort_by_key(|packed| packed.at);
    order
}

#[cfg(test)]
mod tests;
