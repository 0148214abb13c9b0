//! A large stored entry that several streams write into one staged file, each a part of it.

use std::io::{self, BufRead};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crc32fast::Hasher;

use super::tasks::TargetFile;
use crate::archive::{self, EntryReader, SkipRead};
use crate::disk::{NewFile, Staging};
use crate::error::Error;
use crate::model::Entry;

/// The file of one stored entry, and the parts of the archive that hold it.
pub struct PartedFile<'a> {
    entry: &'a Entry,
    target: TargetFile<'a>,
    /// Positions in the archive, without gaps: the first part begins with the local header, the
    /// last one ends where the next entry begins.
    parts: Vec<Range<u64>>,
    state: Mutex<State<'a>>,
}

#[derive(Default)]
struct State<'a> {
    /// Opened by the stream that comes first.
    open: Option<Opened<'a>>,
    /// The checksums of the parts that are written.
    sums: Vec<Option<Hasher>>,
}

#[derive(Clone)]
struct Opened<'a> {
    file: Arc<NewFile<'a>>,
    /// The position in the archive at which the data begin.
    data_start: u64,
}

impl<'a> PartedFile<'a> {
    /// Cuts the bytes from the entry up to `end`, where the next one begins, into parts of at least
    /// `length` bytes.
    pub fn new(entry: &'a Entry, target: TargetFile<'a>, end: u64, length: u64) -> PartedFile<'a> {
        let count = ((end - entry.offset) / length).max(1);
        let start = |part| if part == count { end } else { entry.offset + part * length };
        let parts = (0..count).map(|part| start(part)..start(part + 1)).collect();
        let state = State { open: None, sums: vec![None; count as usize] };
        PartedFile { entry, target, parts, state: Mutex::new(state) }
    }

    /// Returns the positions of the parts in the archive.
    pub fn parts(&self) -> &[Range<u64>] {
        &self.parts
    }

    /// Writes one part. `fetch` reads a few bytes of the archive, for the local header. The last
    /// part that is written completes the file.
    ///
    /// # Errors
    /// `NeedsFullCheck` if the local header differs from the central directory or an entry could be
    /// hidden behind the data; `Damaged` if the checksum differs.
    pub fn write_part<B: SkipRead + BufRead>(
        &self,
        part: usize,
        mut body: B,
        staging: &'a Staging,
        fetch: &dyn Fn(Range<u64>) -> Result<Vec<u8>, Error>,
    ) -> Result<(), Error> {
        let range = self.parts[part].clone();
        let Opened { file, data_start } = self.open(staging, fetch)?;
        let data_end = data_start + self.entry.compressed_size;
        let (start, end) = (range.start.max(data_start), range.end.min(data_end));
        body.skip_to(start).map_err(archive::Error::Read)?;
        let (mut crc, mut position) = (Hasher::new(), start);
        while position < end {
            let bytes = body.fill_buf().map_err(archive::Error::Read)?;
            if bytes.is_empty() {
                return Err(self.entry.damaged("it ends too early").into());
            }
            let count = bytes.len().min(usize::try_from(end - position).unwrap_or(usize::MAX));
            file.write_all_at(&bytes[..count], position - data_start)?;
            crc.update(&bytes[..count]);
            body.consume(count);
            position += count as u64;
        }
        if part + 1 == self.parts.len() {
            EntryReader::behind(body, self.entry, data_end).finish(range.end)?;
        }
        drop(file);
        self.complete(part, crc)
    }

    /// Opens the file and finds the start of the data, once.
    fn open(
        &self,
        staging: &'a Staging,
        fetch: &dyn Fn(Range<u64>) -> Result<Vec<u8>, Error>,
    ) -> Result<Opened<'a>, Error> {
        let mut state = self.lock();
        if let Some(open) = &state.open {
            return Ok(open.clone());
        }
        let entry = self.entry;
        let header = fetch(entry.offset..entry.extent().end - entry.compressed_size)?;
        // A local header that is longer than common ones is left to the complete check.
        let short = |_: io::Error| entry.needs_full_check();
        let local = entry.read_local_header(&mut header.as_slice(), &mut Vec::new());
        let local = local.map_err(short)?;
        let data_start = entry.offset + local.length;
        let data_end = data_start.saturating_add(entry.compressed_size);
        let last = self.parts.last().cloned().unwrap_or_default();
        if !local.matches || !(last.start..=last.end).contains(&data_end) {
            return Err(entry.needs_full_check().into());
        }
        let file = Arc::new(staging.create_file(self.target.path, self.target.mode)?);
        Ok(state.open.insert(Opened { file, data_start }).clone())
    }

    /// Records the checksum of a part. After the last one, checks that of the entry and closes the
    /// file.
    fn complete(&self, part: usize, crc: Hasher) -> Result<(), Error> {
        let mut state = self.lock();
        state.sums[part] = Some(crc);
        if state.sums.iter().any(Option::is_none) {
            return Ok(());
        }
        let mut whole = Hasher::new();
        for sum in state.sums.drain(..).flatten() {
            whole.combine(&sum);
        }
        if whole.finalize() != self.entry.crc32 {
            return Err(self.entry.damaged("invalid checksum").into());
        }
        let file = state.open.take().and_then(|open| Arc::into_inner(open.file));
        Ok(file.map_or(Ok(()), |file| file.finish(self.target.modified))?)
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
