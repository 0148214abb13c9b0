//! An archive cut into segments at the boundaries of its entries, so that several streams bring and
//! extract them at the same time, in any order and without a file in between.

use std::io::BufRead;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::parted_file::PartedFile;
use super::workers::{Task, at_path};
use super::{all_tasks, create_folders_and_links};
use crate::archive::{EntryReader, Inflater, Layout, SkipRead};
use crate::disk::{self, Staging};
use crate::error::Error;
use crate::plan::Plan;

/// The least and the greatest length of a segment in bytes, as far as entries allow.
const LENGTHS: (u64, u64) = (2 << 20, 8 << 20);
/// The number of segments of an archive of medium length.
const USUAL_COUNT: u64 = 32;

/// A run of bytes of the archive that is requested and extracted as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Positions in the archive. The segments of an archive follow each other without gaps.
    pub range: Range<u64>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    /// Complete entries, by the indices of their tasks.
    Entries(Range<usize>),
    /// A part of a large stored entry, by the indices of its file and of the part.
    Part(usize, usize),
}

/// All segments of an archive whose folders are already in the staging.
pub struct Segments<'a> {
    tasks: Vec<Task<'a>>,
    parted: Vec<PartedFile<'a>>,
    pub list: Vec<Segment>,
    /// The length of most segments in bytes.
    pub usual_length: u64,
    staging: &'a Staging,
    /// Set when one segment failed: the others are given up.
    pub failed: AtomicBool,
}

impl<'a> Segments<'a> {
    /// Cuts an archive and creates the planned folders. `layout` is the central directory; every
    /// local header is compared with it later.
    ///
    /// # Errors
    /// `NeedsFullCheck` if an entry becomes two files.
    pub fn new(
        layout: &'a Layout,
        plan: &'a Plan,
        staging: &'a mut Staging,
    ) -> Result<Segments<'a>, Error> {
        create_folders_and_links(plan, staging)?;
        let tasks = all_tasks(layout, plan)?;
        let length = (layout.directory_start / USUAL_COUNT).clamp(LENGTHS.0, LENGTHS.1);
        let (list, parted) = cut(&tasks, layout.directory_start, length);
        Ok(Segments {
            tasks,
            parted,
            list,
            usual_length: length,
            staging,
            failed: AtomicBool::new(false),
        })
    }

    /// Extracts a segment from `body`, whose bytes begin at or before the segment and end with it or
    /// later. `fetch` reads a few other bytes of the archive.
    ///
    /// # Errors
    /// As `extract_stream`.
    pub fn extract<B: SkipRead + BufRead>(
        &self,
        segment: &Segment,
        body: B,
        inflater: &mut Inflater,
        fetch: &dyn Fn(Range<u64>) -> Result<Vec<u8>, Error>,
    ) -> Result<(), Error> {
        match &segment.content {
            Content::Entries(tasks) => self.extract_entries(segment, tasks, body, inflater),
            Content::Part(file, part) => {
                self.check_running()?;
                self.parted[*file].write_part(*part, body, self.staging, fetch)
            }
        }
    }

    fn extract_entries<B: SkipRead + BufRead>(
        &self,
        segment: &Segment,
        tasks: &Range<usize>,
        body: B,
        inflater: &mut Inflater,
    ) -> Result<(), Error> {
        let mut entries = EntryReader::sequential_from(body, segment.range.start);
        for Task { location, file } in &self.tasks[tasks.clone()] {
            self.check_running()?;
            entries.next(location)?;
            if entries.end() > segment.range.end {
                return Err(location.needs_full_check().into());
            }
            let Some(file) = file else { continue };
            let mut data = entries.data(location);
            let mut to = self.staging.create_file(file.path, file.mode)?;
            inflater
                .copy(location, &mut data, &mut to)
                .map_err(|error| at_path(error, file.path))?;
            to.finish(file.modified)?;
        }
        Ok(entries.finish(segment.range.end)?)
    }

    /// Returns true if a signal asked the run to stop.
    pub fn is_interrupted(&self) -> bool {
        self.staging.stopping()
    }

    /// Fails if the run was interrupted. A segment that is given up because another one failed ends
    /// with the same error, which is never reported.
    pub fn check_running(&self) -> Result<(), Error> {
        match self.staging.stopping() || self.failed.load(Ordering::Relaxed) {
            true => Err(disk::Error::Interrupted.into()),
            false => Ok(()),
        }
    }
}

/// Cuts an archive between its entries where the sum passes `length`, and large stored entries into
/// parts of that length. The tasks are in the order of their offsets.
fn cut<'a>(
    tasks: &[Task<'a>],
    directory_start: u64,
    length: u64,
) -> (Vec<Segment>, Vec<PartedFile<'a>>) {
    let (mut list, mut parted) = (Vec::new(), Vec::new());
    let (mut start, mut first) = (0, 0);
    let end = |index: usize| tasks.get(index + 1).map_or(directory_start, |t| t.location.offset);
    for (index, task) in tasks.iter().enumerate() {
        let (offset, end) = (task.location.offset, end(index));
        let large = end.saturating_sub(offset) >= 2 * length;
        // A large entry begins a segment of its own.
        if large && offset > start {
            list.push(Segment { range: start..offset, content: Content::Entries(first..index) });
            (start, first) = (offset, index);
        }
        match task.file {
            Some(file) if large && is_plain(task) => {
                let file = PartedFile::new(task.location, file, end, length);
                let parts = file.parts().iter().enumerate();
                list.extend(parts.map(|(part, range)| Segment {
                    range: range.clone(),
                    content: Content::Part(parted.len(), part),
                }));
                parted.push(file);
                (start, first) = (end, index + 1);
            }
            _ if end.saturating_sub(start) >= length => {
                let content = Content::Entries(first..index + 1);
                list.push(Segment { range: start..end, content });
                (start, first) = (end, index + 1);
            }
            _ => {}
        }
    }
    if start < directory_start {
        let content = Content::Entries(first..tasks.len());
        list.push(Segment { range: start..directory_start, content });
    }
    (list, parted)
}

/// Returns true if the data of an entry are the bytes of its file.
fn is_plain(task: &Task<'_>) -> bool {
    !task.location.deflated && task.location.size == task.location.compressed_size
}
