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

/// Anything in which one can seek.
pub struct Seeking<R>(pub R);

impl<R: Read> Read for Seeking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read + Seek> Body for Seeking<R> {
    fn go_to(&mut self, position: u64) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(position)).map(|_| ())
    }
}

/// Between two entries there may be what tells the sizes of the first; as much as a header of
/// another entry would take is too much, in bytes.
const LEAST_HIDDEN: u64 = FIXED as u64;

/// Goes from entry to entry and looks at the header before each.
pub struct Cutter<B> {
    body: B,
    /// Where the last entry ended; none where entries are not taken one right behind the other.
    end: Option<u64>,
}

impl<B: Body> Cutter<B> {
    /// Takes any entries of an archive whose headers were judged, or need not be.
    pub fn some(body: B) -> Cutter<B> {
        Cutter { body, end: None }
    }

    /// Takes all entries, in order; surprised when a header tells something else than the central
    /// directory, and when there is room for more entries than those.
    pub fn all(body: B) -> Cutter<B> {
        Cutter { body, end: Some(0) }
    }

    /// The bytes of an entry as they are packed, and no others.
    pub fn next(&mut self, packed: &Packed) -> Result<io::Take<&mut B>, Error> {
        self.gap(packed.at)?;
        self.body.go_to(packed.at).map_err(Error::Read)?;
        let local = match packed.header(&mut self.body) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(packed.damaged("it ends too early"));
            }
            local => local.map_err(Error::Read)?,
        };
        if let Some(end) = &mut self.end {
            if !local.agrees {
                return Err(packed.surprise());
            }
            *end = packed.at.saturating_add(local.length).saturating_add(packed.compressed_size);
        }
        if !local.header {
            return Err(packed.damaged("it is not where the central directory says"));
        }
        Ok(self.body.by_ref().take(packed.compressed_size))
    }

    /// Looks whether nothing can be hidden before the central directory.
    pub fn finish(&self, directory: u64) -> Result<(), Error> {
        self.gap(directory)
    }

    fn gap(&self, next: u64) -> Result<(), Error> {
        let fine = |end: u64| next.checked_sub(end).is_some_and(|gap| gap < LEAST_HIDDEN);
        match self.end {
            Some(end) if !fine(end) => Err(Error::Surprise { near: next }),
            _ => Ok(()),
        }
    }
}

/// Looks at the header before each entry, and whether there are entries that are not listed or
/// share bytes. `directory` is where the central directory begins.
///
/// # Errors
/// A surprise where all this is not as most writers have it; a closer look may find nothing wrong.
pub fn headers<R: Read + Seek>(reader: R, packed: &[Packed], directory: u64) -> Result<(), Error> {
    let mut cutter = Cutter::all(Seeking(BufReader::with_capacity(512, reader)));
    for packed in in_order(packed) {
        cutter.next(packed)?;
    }
    cutter.finish(directory)
}

/// Entries in the order in which they lie in the archive.
pub fn in_order(packed: &[Packed]) -> Vec<&Packed> {
    let mut order: Vec<&Packed> = packed.iter().collect();
    order.sort_by_key(|packed| packed.at);
    order
}
