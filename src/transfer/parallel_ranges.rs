//! Extracts an archive while several streams bring it, without saving it.
//!
//! Object storage often limits each connection. The directory is known, so the archive is cut into
//! segments between its entries. The download that has begun goes on from the front, and the other
//! streams request segments from the back until they meet. Each stream extracts the entries of its
//! segment as their bytes arrive, so nothing is put in order and nothing waits in memory.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::planning::extraction_error;
use super::segment_queue::{SegmentQueue, Side};
use super::strategy;
use super::streaming::StreamingArchive;
use crate::archive::{self, Inflater, Layout, SkipRead};
use crate::disk::{self, Staging};
use crate::error::Error;
use crate::extract::{Segment, Segments};
use crate::gitlab::{Body, OnSetback, RangeStream, StoredArchive};
use crate::lookup::{Ctx, FoundJob};
use crate::plan::Plan;
use crate::step::Step;

/// Bytes that are read at once.
const READ_AHEAD: usize = 64 << 10;
/// The listener is told each time this many bytes have arrived.
const REPORT_INTERVAL: u64 = 256 << 10;

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
        let length = body.total().unwrap_or_default();
        match strategy::streams(ctx.gitlab.streams(), length, body.is_from_storage()) {
            0 | 1 => Err(Box::new(StreamingArchive { body, layout })),
            streams => match StoredArchive::from_download(body) {
                Ok(remote) => Ok(ParallelArchive { remote, layout, streams: streams.into() }),
                Err(body) => Err(Box::new(StreamingArchive { body: *body, layout })),
            },
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
        let (label, start) = (found.label(), ctx.clock.elapsed());
        let bytes = self.remote.length();
        let report =
            |done| ctx.watch.step(&Step::Bytes { label: &label, done, total: Some(bytes) });
        let segments = Segments::new(&self.layout, plan, staging)
            .map_err(|error| extraction_error(error, found))?;
        let streams = Streams {
            remote: &self.remote,
            queue: SegmentQueue::new(&segments.list, segments.usual_length, self.streams),
            segments: &segments,
            done: AtomicU64::new(0),
            report: &report,
            failure: Mutex::default(),
        };
        streams.run(self.streams).map_err(|error| extraction_error(error, found))?;
        report(bytes);
        let took = ctx.clock.elapsed().saturating_sub(start);
        ctx.watch.step(&Step::Downloaded { label: &label, bytes, took });
        Ok(bytes)
    }
}

/// The streams of one archive.
struct Streams<'s> {
    remote: &'s StoredArchive<'s>,
    queue: SegmentQueue<'s>,
    segments: &'s Segments<'s>,
    /// Bytes received so far.
    done: AtomicU64,
    report: &'s (dyn Fn(u64) + Sync),
    /// The first failure of a stream.
    failure: Mutex<Option<Error>>,
}

impl<'s> Streams<'s> {
    /// Runs the streams until all segments are extracted or one stream failed.
    fn run(&self, count: usize) -> Result<(), Error> {
        thread::scope(|scope| {
            let others: Vec<_> =
                (1..count).map(|_| scope.spawn(|| self.run_stream(Side::Back))).collect();
            self.run_stream(Side::Front);
            for other in others {
                other.join().unwrap_or_else(|panic| resume_unwind(panic));
            }
        });
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), Err)
    }

    fn run_stream(&self, side: Side) {
        if let Err(error) = self.extract_segments(side) {
            // A stream that is told to stop cannot tell why; a signal is the reason of everything.
            let error = match self.segments.is_interrupted() {
                true => disk::Error::Interrupted.into(),
                false => error,
            };
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            self.segments.failed.store(true, Ordering::Relaxed);
        }
    }

    /// Extracts one segment after the other, until none is left or this stream has to end.
    fn extract_segments(&self, side: Side) -> Result<(), Error> {
        let lower = || self.queue.lower();
        let fetch = |range| Ok(self.remote.range(range)?);
        let mut inflater = Inflater::default();
        // The stream at the front, and the end of the segment that it was read for.
        let mut current = match side {
            Side::Front => {
                self.remote.stream_download(&lower).map(|stream| (self.reader(stream, 0), 0))
            }
            Side::Back => None,
        };
        while let Some(segment) = self.queue.take(side) {
            let Range { start, end } = segment.range;
            let mut reader = match current.take() {
                Some((reader, at)) if at == start => reader,
                _ => match self.open(segment, &lower)? {
                    Some(reader) => reader,
                    None => return Ok(()),
                },
            };
            self.segments.extract(segment, &mut reader, &mut inflater, &fetch)?;
            match side {
                Side::Front => current = Some((reader, end)),
                // An unread rest would close the connection.
                Side::Back => io::copy(&mut reader, &mut io::sink())
                    .map(|_| ())
                    .map_err(archive::Error::Read)?,
            }
        }
        Ok(())
    }

    /// Requests a segment. `None` if this stream ends because the server is busy.
    fn open<'r>(
        &'r self,
        segment: &'s Segment,
        lower: &'r OnSetback<'r>,
    ) -> Result<Option<SegmentReader<'r>>, Error> {
        loop {
            let range = segment.range.clone();
            if let Some(stream) = self.remote.stream_range(range, lower)? {
                return Ok(Some(self.reader(stream, segment.range.start)));
            }
            if self.queue.give_back(segment) {
                return Ok(None);
            }
        }
    }

    fn reader<'r>(&'r self, stream: RangeStream<'r>, position: u64) -> SegmentReader<'r> {
        let stream = BufReader::with_capacity(READ_AHEAD, stream);
        let (done, report, segments) = (&self.done, self.report, self.segments);
        SegmentReader { stream, position, done, report, segments }
    }
}

/// Reads a stream in order, and skips bytes that are not needed.
struct SegmentReader<'r> {
    stream: BufReader<RangeStream<'r>>,
    /// The position in the archive.
    position: u64,
    /// The bytes that all streams have received.
    done: &'r AtomicU64,
    report: &'r (dyn Fn(u64) + Sync),
    segments: &'r Segments<'r>,
}

impl Read for SegmentReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for SegmentReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // Another stream has failed already, and its error is the one that is reported.
        self.segments.check_running().map_err(io::Error::other)?;
        self.stream.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.stream.consume(count);
        self.position += count as u64;
        let before = self.done.fetch_add(count as u64, Ordering::Relaxed);
        let done = before + count as u64;
        if done / REPORT_INTERVAL > before / REPORT_INTERVAL {
            (self.report)(done);
        }
    }
}

impl SkipRead for &mut SegmentReader<'_> {
    fn skip_to(&mut self, position: u64) -> io::Result<()> {
        let gap = position.checked_sub(self.position).ok_or(io::ErrorKind::InvalidInput)?;
        io::copy(&mut self.take(gap), &mut io::sink()).map(|_| ())
    }
}
