//! Downloads an archive into a file by several streams, each of which writes its ranges in place.

use std::fs::File;
use std::io::BufRead;
use std::ops::Range;

use super::progress::Progress;
use super::range_queue::RangeQueue;
use super::remote_zip::{archive_error, reading};
use super::streams::Streams;
use crate::archive;
use crate::disk;
use crate::error::{Context, Error};
use crate::gitlab::StoredArchive;
use crate::lookup::{Ctx, FoundJob};

/// The length of a range in bytes.
const RANGE: u64 = 4 << 20;

/// Downloads the archive into `file`, which is empty, and returns its length.
pub fn download_by_streams(
    ctx: &Ctx<'_>,
    found: &FoundJob,
    remote: &StoredArchive<'_>,
    streams: usize,
    file: &File,
) -> Result<u64, Error> {
    let (progress, length) = (Progress::start(ctx, found), remote.length());
    let queue = RangeQueue::new(ranges(length), RANGE, streams);
    let list = ranges(length);
    let downloaded = Streams::new(remote, queue, ctx.interrupt, &progress).run(
        || (),
        |index, reader, ()| {
            let Range { start: mut position, end } = list[index].clone();
            while position < end {
                let bytes = reader.fill_buf().map_err(archive::Error::Read)?;
                let left = usize::try_from(end - position).unwrap_or(usize::MAX);
                let count = bytes.len().min(left);
                disk::write_all_at(file, &bytes[..count], position)
                    .with_context(|| format!("{}: writing the received bytes", reading(found)))?;
                reader.consume(count);
                position += count as u64;
            }
            Ok(())
        },
    );
    downloaded.map_err(|error| match error {
        Error::Archive(error) => archive_error(error, reading(found)),
        error => error,
    })?;
    progress.report(length, Some(length));
    Ok(progress.finish(length))
}

fn ranges(length: u64) -> Vec<Range<u64>> {
    (0..length.div_ceil(RANGE)).map(|i| i * RANGE..length.min((i + 1) * RANGE)).collect()
}
