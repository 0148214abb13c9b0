//! An archive cut into segments at the boundaries of its entries, so that several streams bring and
//! extract them at the same time, in any order and without a file in between.

use std::io::BufRead;
use std::ops::Range;

use super::add_folders_and_links;
use super::parted_file::PartedFile;
use super::tasks::{Task, Tasks};
use super::workers::at_path;
use super::write_behind::write_behind;
use crate::archive::{EntryReader, Inflater, Layout, SkipRead};
use crate::disk::{self, Staging};
use crate::error::Error;
use crate::model::{Entry, Method};
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

/// All segments of an archive.
pub struct Segments<'a> {
    tasks: Tasks<'a>,
    parted: Vec<PartedFile<'a>>,
    pub list: Vec<Segment>,
    /// The length of most segments in bytes.
    pub usual_length: u64,
    staging: &'a Staging,
}

impl<'a> Segments<'a> {
    /// Cuts an archive. `layout` is the central directory; every local header is compared with it
    /// later.
    ///
    /// # Errors
    /// `NeedsFullCheck` if an entry becomes two files.
    pub fn new(
        layout: &'a Layout,
        plan: &'a Plan,
        staging: &'a mut Staging,
    ) -> Result<Segments<'a>, Error> {
        add_folders_and_links(plan, staging);
        let tasks = Tasks::all(layout, plan)?;
        let length = (layout.directory_start / USUAL_COUNT).clamp(LENGTHS.0, LENGTHS.1);
        let (list, parted) = cut(&tasks, layout.directory_start, length);
        Ok(Segments { tasks, parted, list, usual_length: length, staging })
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
        let mut reader = EntryReader::sequential_from(body, segment.range.start);
        let mut files = self.staging.file_creator();
        for Task { entry, file } in tasks.clone().filter_map(|index| self.tasks.get(index)) {
            self.check_running()?;
            reader.next(entry)?;
            if reader.end() > segment.range.end {
                return Err(entry.needs_full_check().into());
            }
            let Some(file) = file else { continue };
            let mut data = reader.data(entry);
            let to = files.create(file.path, file.mode)?;
            let copied = write_behind(entry, &to, |to| inflater.copy(entry, &mut data, to));
            copied.map_err(|error| at_path(error, &self.staging.dest().join(file.path)))?;
            to.finish(file.modified)?;
        }
        Ok(reader.finish(segment.range.end)?)
    }

    fn check_running(&self) -> Result<(), Error> {
        match self.staging.stopping() {
            true => Err(disk::Error::Interrupted.into()),
            false => Ok(()),
        }
    }
}

/// Cuts an archive between its entries where the sum passes `length`, and large stored entries into
/// parts of that length. The tasks are in the order of their offsets.
fn cut<'a>(
    tasks: &Tasks<'a>,
    directory_start: u64,
    length: u64,
) -> (Vec<Segment>, Vec<PartedFile<'a>>) {
    let (mut list, mut parted) = (Vec::new(), Vec::new());
    let (mut start, mut first) = (0, 0);
    let end = |index: usize| tasks.get(index + 1).map_or(directory_start, |it| it.entry.offset);
    for (index, task) in tasks.iter().enumerate() {
        let (offset, end) = (task.entry.offset, end(index));
        let large = end.saturating_sub(offset) >= 2 * length;
        // A large entry begins a segment of its own.
        if large && offset > start {
            list.push(Segment { range: start..offset, content: Content::Entries(first..index) });
            (start, first) = (offset, index);
        }
        match task.file {
            Some(file) if large && is_plain(task.entry) => {
                let file = PartedFile::new(task.entry, file, end, length);
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
fn is_plain(entry: &Entry) -> bool {
    entry.method == Method::Stored && entry.size == entry.compressed_size
}

/// Returns the length in bytes of the longest data that cannot be cut: those of one compressed entry.
pub fn largest_undivided(layout: &Layout) -> u64 {
    let undivided = layout.entries.iter().filter(|entry| !is_plain(entry));
    undivided.map(|entry| entry.compressed_size).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use super::*;
    use crate::archive::Archive;
    use crate::archive::zip_builder::{ZipItem, file, folder, zip};
    use crate::select::files::{FileRules, files};

    /// Returns the segments of an archive: the ends, and `P` for a part of a stored entry.
    fn ends(items: &[ZipItem], length: u64) -> Vec<(u64, &'static str)> {
        let archive = Archive::open_directory(Cursor::new(zip(items)), usize::MAX).unwrap();
        let plan = files(archive.entries(), &BTreeMap::new(), &FileRules::default()).unwrap();
        let layout = archive.into_layout();
        let tasks = Tasks::all(&layout, &plan).unwrap();
        let (list, parted) = cut(&tasks, layout.directory_start, length);
        let mut start = 0;
        let (mut covered, mut parts) = (0, 0);
        for segment in &list {
            assert_eq!(segment.range.start, start, "no gap and no overlap");
            assert!(segment.range.start < segment.range.end);
            start = segment.range.end;
            match &segment.content {
                Content::Entries(tasks) => covered += tasks.len(),
                Content::Part(..) => parts += 1,
            }
        }
        assert_eq!(start, layout.directory_start);
        assert_eq!(covered + parted.len(), tasks.len(), "each entry once");
        assert_eq!(parts, parted.iter().map(|file| file.parts().len()).sum::<usize>());
        let kind = |content: &Content| match content {
            Content::Entries(_) => "E",
            Content::Part(..) => "P",
        };
        list.iter().map(|segment| (segment.range.end, kind(&segment.content))).collect()
    }

    #[test]
    fn archives_are_cut_between_entries_and_inside_large_stored_ones() {
        let of = |name: &str, size: usize| file(name, vec![7; size]);
        // Each entry takes 31 bytes more than its data.
        let small = [of("a", 69), of("b", 69), of("c", 69), of("d", 69)];
        assert_eq!(ends(&small, 200), [(200, "E"), (400, "E")]);
        assert_eq!(ends(&small, 201), [(300, "E"), (400, "E")]);
        assert_eq!(ends(&small, 1000), [(400, "E")]);
        let large = [of("a", 69), of("b", 969), of("c", 69)];
        assert_eq!(
            ends(&large, 300),
            [(100, "E"), (400, "P"), (700, "P"), (1100, "P"), (1200, "E")]
        );
        // A compressed entry cannot be cut, and a folder is no file.
        let noise: Vec<u8> =
            (0..900_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let packed = [of("a", 69), file("b", noise).deflated(), folder("c/"), of("d", 69)];
        let cut = ends(&packed, 300);
        assert_eq!(cut.iter().map(|(_, kind)| *kind).collect::<String>(), "EEE");
    }
}
