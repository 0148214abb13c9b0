//! Extracts an archive while several streams bring it, without saving it.
//!
//! Object storage often limits each connection. The directory is known, so the archive is cut into
//! segments between its entries. Each stream extracts the entries of its segment as their bytes
//! arrive, so nothing is put in order and nothing waits in memory.

use super::planning::extraction_error;
use super::progress::Progress;
use super::range_queue::RangeQueue;
use super::strategy::{self, DownloadFacts};
use super::streaming::StreamingArchive;
use super::streams::Streams;
use crate::archive::{Inflater, Layout};
use crate::disk::Staging;
use crate::error::Error;
use crate::extract::{self, Segments};
use crate::gitlab::{Body, StoredArchive};
use crate::lookup::{Ctx, FoundJob};
use crate::plan::Plan;

/// A download that has begun, whose directory is known, and whose server gives ranges.
pub struct ParallelArchive<'a> {
    remote: StoredArchive<'a>,
    layout: Layout,
    /// At least two.
    streams: usize,
}

impl<'a> ParallelArchive<'a> {
    /// Chooses the number of streams. Gives the download back if it is one, or if the server gives
    /// no ranges that are surely of the same archive.
    pub fn new(
        ctx: &Ctx<'_>,
        body: Body<'a>,
        layout: Layout,
    ) -> Result<ParallelArchive<'a>, Box<StreamingArchive<'a>>> {
        let undivided = extract::largest_undivided(&layout);
        match share_download(ctx, body, undivided) {
            Ok((remote, streams)) => Ok(ParallelArchive { remote, layout, streams }),
            Err(body) => Err(Box::new(StreamingArchive { body: *body, layout })),
        }
    }

    /// Extracts the files of `plan` as their bytes arrive, and returns the length of the archive.
    pub fn extract(
        self,
        ctx: &Ctx<'_>,
        found: &FoundJob,
        plan: &Plan,
        staging: &mut Staging,
    ) -> Result<u64, Error> {
        let progress = Progress::start(ctx, found);
        let (remote, bytes) = (&self.remote, self.remote.length());
        let segments = Segments::new(&self.layout, plan, staging)
            .map_err(|error| extraction_error(error, found))?;
        let ranges = segments.list.iter().map(|segment| segment.range.clone()).collect();
        let queue = RangeQueue::new(ranges, segments.usual_length, self.streams);
        let fetch = |range| Ok(remote.range(range)?);
        let extracted = Streams::new(remote, queue, ctx.interrupt, &progress).run(
            Inflater::default,
            |index, reader, inflater| {
                segments.extract(&segments.list[index], reader, inflater, &fetch)
            },
        );
        extracted.map_err(|error| extraction_error(error, found))?;
        progress.report(bytes, Some(bytes));
        Ok(progress.finish(bytes))
    }
}

/// Returns the archive of a download and the number of streams that bring it. Gives the download
/// back if that is one, or if the server gives no ranges that are surely of the same archive.
/// `undivided`: the most bytes that one stream has to bring alone.
pub fn share_download<'a>(
    ctx: &Ctx<'_>,
    body: Body<'a>,
    undivided: u64,
) -> Result<(StoredArchive<'a>, usize), Box<Body<'a>>> {
    match streams_for(ctx, &body, undivided) {
        0 | 1 => Err(Box::new(body)),
        streams => Ok((StoredArchive::from_download(body)?, streams.into())),
    }
}

/// Returns the number of streams for a download, as [`strategy::streams`] does.
pub fn streams_for(ctx: &Ctx<'_>, body: &Body<'_>, undivided: u64) -> u8 {
    let (length, from_storage) = (body.total(), body.is_from_storage());
    strategy::streams(ctx.gitlab.streams(), &DownloadFacts { length, from_storage, undivided })
}
