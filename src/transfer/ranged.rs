//! Extracts some entries of an archive that stays on its server: only the directory and the wanted
//! entries cross the wire, and nothing of it is saved.

use std::io::{self, BufReader, Read};
use std::ops::Range;

use super::byte_ranges::total;
use super::options::ExtractOptions;
use super::planning::{PlannedLayout, extraction_error, plan_directory, unpacking};
use super::progress::Progress;
use super::remote_zip::with_tail;
use super::strategy::READ_AHEAD;
use crate::archive::{self, Archive};
use crate::disk::Staging;
use crate::error::{Context, Error};
use crate::extract;
use crate::gitlab::{Body, RemoteArchive};
use crate::lookup::{Ctx, FoundJob};
use crate::plan::{PlacementKind, Plan};

/// The bytes requested where a local header is longer than any that writers make: no local header
/// is longer than this.
const MAX_LOCAL_HEADER: u64 = 192 << 10;

/// An archive of which only the directory is known.
pub struct RangedArchive<'a> {
    pub planned: PlannedLayout,
    pub remote: RemoteArchive<'a>,
    /// The last bytes, which came with the directory.
    tail: Vec<u8>,
}

impl<'a> RangedArchive<'a> {
    /// Reads the directory and plans from it. None where the server gives no ranges, or not in a
    /// way that ties them to one archive, and where the directory does not suffice.
    pub fn open(
        found: &FoundJob,
        mut remote: RemoteArchive<'a>,
        options: &ExtractOptions,
    ) -> Result<Option<RangedArchive<'a>>, Error> {
        let tail = remote.take_tail();
        if !remote.has_strong_etag() && (tail.len() as u64) < remote.length() {
            return Ok(None);
        }
        let bytes = with_tail(&mut remote, tail.clone());
        let archive = Archive::open_directory(bytes, options.rules.max_entries);
        match plan_directory(archive, &options.rules) {
            // The whole archive may be downloadable nevertheless.
            Err(error) if matches!(error.as_archive(), Some(archive::Error::Read(_))) => Ok(None),
            Err(error) => Err(error).with_context(|| unpacking(found)),
            Ok(planned) => Ok(planned.map(|planned| RangedArchive { planned, remote, tail })),
        }
    }

    /// Returns the ranges of the files of a plan that are not part of the known tail.
    pub fn missing_ranges(&self, plan: &Plan) -> Vec<Range<u64>> {
        let layout = &self.planned.layout;
        let end = layout.directory_start.min(self.tail_start());
        let files =
            plan.placements.iter().filter(|it| matches!(it.kind, PlacementKind::File { .. }));
        let entries = files.filter_map(|file| layout.entries.get(file.entry as usize));
        let extents = entries.map(|entry| entry.extent());
        extents.map(|extent| extent.start.min(end)..extent.end.min(end)).collect()
    }

    /// Extracts the files of `plan` from these ranges, and returns the bytes received in all.
    pub fn extract(
        mut self,
        ctx: &Ctx<'_>,
        found: &FoundJob,
        ranges: &[Range<u64>],
        plan: &Plan,
        staging: &mut Staging,
    ) -> Result<u64, Error> {
        let progress = Progress::start(ctx, found);
        let total = self.remote.received() + total(ranges);
        let mut reader = RangesReader {
            tail_start: self.tail_start(),
            tail: &self.tail,
            received: self.remote.received(),
            remote: &mut self.remote,
            ranges,
            body: None,
            position: 0,
            end: 0,
            total,
            progress: &progress,
        };
        let extracted = extract::extract_selected(&self.planned.layout, &mut reader, plan, staging);
        let finished =
            extracted.and_then(|()| Ok(reader.finish_range().map_err(archive::Error::Read)?));
        finished.map_err(|error| extraction_error(error, found))?;
        Ok(progress.finish(reader.received))
    }

    fn tail_start(&self) -> u64 {
        self.remote.length() - self.tail.len() as u64
    }
}

/// Reads an archive in ascending order by one range request after the other.
struct RangesReader<'a, 'b> {
    remote: &'b mut RemoteArchive<'a>,
    ranges: &'b [Range<u64>],
    /// The response that is being read, and the position where its range ends.
    body: Option<BufReader<Body<'a>>>,
    end: u64,
    /// The position in the archive.
    position: u64,
    /// The last bytes of the archive, and their position.
    tail: &'b [u8],
    tail_start: u64,
    /// Bytes received so far.
    received: u64,
    /// Bytes that will have been received at the end.
    total: u64,
    progress: &'b Progress<'b>,
}

impl RangesReader<'_, '_> {
    /// Reads the rest of the current response, so that its connection can be reused.
    fn finish_range(&mut self) -> io::Result<()> {
        if let Some(mut body) = self.body.take() {
            self.received += io::copy(&mut body, &mut io::sink())?;
        }
        Ok(())
    }

    /// Requests the range around the current position.
    fn request_range(&mut self) -> io::Result<()> {
        self.finish_range()?;
        let range = self.ranges.iter().find(|range| range.contains(&self.position));
        let end = range.map_or(self.position.saturating_add(MAX_LOCAL_HEADER), |range| range.end);
        self.end = end.min(self.tail_start);
        let body = self.remote.stream_range(self.position..self.end).map_err(io::Error::other)?;
        self.body = Some(BufReader::with_capacity(READ_AHEAD, body));
        Ok(())
    }
}

impl Read for RangesReader<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(past) = self.position.checked_sub(self.tail_start) {
            let past = usize::try_from(past).unwrap_or(usize::MAX);
            let count = self.tail.get(past..).unwrap_or_default().read(buffer)?;
            self.position += count as u64;
            return Ok(count);
        }
        if self.position >= self.end {
            self.request_range()?;
        }
        let Some(body) = &mut self.body else { return Ok(0) };
        let count = body.read(buffer)?;
        self.position += count as u64;
        self.received += count as u64;
        self.progress.report(self.received, Some(self.total));
        Ok(count)
    }
}

impl archive::SkipRead for &mut RangesReader<'_, '_> {
    fn skip_to(&mut self, position: u64) -> io::Result<()> {
        if (self.position..self.end).contains(&position) {
            let gap = position - self.position;
            return io::copy(&mut Read::take(&mut **self, gap), &mut io::sink()).map(|_| ());
        }
        if position < self.position {
            // One entry can become two files; its bytes are requested again.
            self.body = None;
        }
        self.finish_range()?;
        (self.position, self.end) = (position, position);
        Ok(())
    }
}
