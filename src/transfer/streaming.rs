//! Extracts an archive while it is downloaded, without saving it.
//!
//! The directory of an archive is at its end, so it is read by range requests beside the download,
//! from the same address. The whole plan is made from it; then files are extracted as their bytes
//! arrive. An archive or a server that is unusual in any way is downloaded first instead.

use std::collections::HashSet;
use std::io::{self, BufReader, Read};

use super::options::ExtractOptions;
use super::planning::{PlannedLayout, extraction_error, plan_directory, unpacking};
use super::progress::Progress;
use super::remote_zip::open_by_ranges;
use super::strategy::READ_AHEAD;
use crate::archive::{self, Layout};
use crate::disk::Staging;
use crate::error::{Context, Error};
use crate::extract;
use crate::gitlab::{Body, RemoteArchive};
use crate::lookup::{Ctx, FoundJob};
use crate::plan::Plan;

/// A download that has begun, whose directory is known.
pub struct StreamingArchive<'a> {
    pub body: Body<'a>,
    pub layout: Layout,
}

/// Plans a download from its directory, which is read beside it. None where the archive must be
/// downloaded first: its server gives no ranges that are surely of the same archive, or the
/// directory does not suffice.
pub fn plan_beside(
    found: &FoundJob,
    body: &Body<'_>,
    options: &ExtractOptions,
) -> Result<Option<PlannedLayout>, Error> {
    let Some(remote) = RemoteArchive::from_download(body) else { return Ok(None) };
    match plan_directory(open_by_ranges(remote, options.rules.max_entries), &options.rules) {
        // Range requests fail; the download itself may succeed.
        Err(error) if matches!(error.as_archive(), Some(archive::Error::Read(_))) => Ok(None),
        Err(error) => Err(error).with_context(|| unpacking(found)),
        Ok(planned) => Ok(planned.filter(|planned| needs_each_entry_once(&planned.plan))),
    }
}

/// The bytes of an entry pass once, but copies of links need them in several places.
pub fn needs_each_entry_once(plan: &Plan) -> bool {
    let mut entries = HashSet::new();
    plan.placements.iter().all(|placement| entries.insert(placement.entry))
}

impl StreamingArchive<'_> {
    /// Extracts the files of `plan` as their bytes arrive, and returns the length of the archive.
    pub fn extract(
        self,
        ctx: &Ctx<'_>,
        found: &FoundJob,
        plan: &Plan,
        staging: &mut Staging,
    ) -> Result<u64, Error> {
        let progress = Progress::start(ctx, found);
        let total = self.body.total().unwrap_or_default();
        let body = BufReader::with_capacity(READ_AHEAD, self.body);
        let reader = DownloadReader { body, done: 0, total, progress: &progress };
        extract::extract_stream(&self.layout, reader, plan, staging)
            .map_err(|error| extraction_error(error, found))?;
        progress.report(total, Some(total));
        Ok(progress.finish(total))
    }
}

/// Reads a download in order, and skips bytes that are not needed.
struct DownloadReader<'a> {
    body: BufReader<Body<'a>>,
    done: u64,
    total: u64,
    progress: &'a Progress<'a>,
}

impl Read for DownloadReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        let before = self.done;
        self.done += count as u64;
        self.progress.advance(before, self.done, self.total);
        Ok(count)
    }
}

impl archive::SkipRead for DownloadReader<'_> {
    fn skip_to(&mut self, position: u64) -> io::Result<()> {
        let gap = position.checked_sub(self.done).ok_or(io::ErrorKind::InvalidInput)?;
        io::copy(&mut self.take(gap), &mut io::sink()).map(|_| ())
    }
}
