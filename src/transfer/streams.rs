//! Several streams that bring the ranges of one archive at the same time.
//!
//! The download that has begun goes on from the front, and the other streams request ranges from the
//! back until they meet.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::progress::Progress;
use super::range_queue::{RangeQueue, Side};
use super::strategy::READ_AHEAD;
use crate::archive::{self, SkipRead};
use crate::disk;
use crate::error::Error;
use crate::gitlab::{OnSetback, RangeStream, StoredArchive};
use crate::interrupt::Interrupt;

/// The streams of one archive.
pub struct Streams<'s> {
    remote: &'s StoredArchive<'s>,
    queue: RangeQueue,
    interrupt: &'s Interrupt,
    progress: &'s Progress<'s>,
    done: AtomicU64,
    /// The first failure of a stream.
    failure: Mutex<Option<Error>>,
    /// One stream failed: the others give up.
    failed: AtomicBool,
}

impl<'s> Streams<'s> {
    pub fn new(
        remote: &'s StoredArchive<'s>,
        queue: RangeQueue,
        interrupt: &'s Interrupt,
        progress: &'s Progress<'s>,
    ) -> Streams<'s> {
        let (done, failure, failed) = Default::default();
        Streams { remote, queue, interrupt, progress, done, failure, failed }
    }

    /// Runs the streams until `work` has read all ranges or one stream failed. `work` gets the index
    /// of a range, a reader whose bytes begin there, and something that `start` makes for each
    /// stream.
    pub fn run<T>(
        &self,
        start: impl Fn() -> T + Sync,
        work: impl Fn(usize, &mut StreamReader<'_>, &mut T) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let stream = |side| {
            if let Err(error) = self.read_ranges(side, start(), &work) {
                // Whatever a signal made fail, the signal is the reason.
                let error = match self.interrupt.stopping() {
                    true => disk::Error::Interrupted.into(),
                    false => error,
                };
                self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                self.failed.store(true, Ordering::Relaxed);
            }
        };
        thread::scope(|scope| {
            let stream = &stream;
            let mut others = Vec::new();
            for _ in 1..self.queue.streams() {
                match thread::Builder::new().spawn_scoped(scope, move || stream(Side::Back)) {
                    Ok(other) => others.push(other),
                    // Where the system gives no more threads, the other streams read all of it.
                    Err(_) => self.queue.end_stream(),
                }
            }
            stream(Side::Front);
            for other in others {
                other.join().unwrap_or_else(|panic| resume_unwind(panic));
            }
        });
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), Err)
    }

    /// Reads one range after the other, until none is left or this stream has to end.
    fn read_ranges<T>(
        &self,
        side: Side,
        mut state: T,
        work: &impl Fn(usize, &mut StreamReader<'_>, &mut T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let lower = || self.queue.lower();
        // The download that goes on at the front, and the end of the range that was read last.
        let mut current = match side {
            Side::Front => self.remote.stream_download(&lower).map(|it| (self.reader(it, 0), 0)),
            Side::Back => None,
        };
        while let Some(index) = self.queue.take(side) {
            let Range { start, end } = self.queue.range(index);
            // Only the download goes on behind this range; a request for a range ends with it.
            let (mut reader, goes_on) = match current.take() {
                Some((reader, at)) if at == start => (reader, true),
                _ => match self.open(index, &lower)? {
                    Some(reader) => (reader, false),
                    None => return Ok(()),
                },
            };
            work(index, &mut reader, &mut state)?;
            match goes_on {
                true => current = Some((reader, end)),
                // An unread rest would close the connection.
                false => io::copy(&mut reader, &mut io::sink())
                    .map(|_| ())
                    .map_err(archive::Error::Read)?,
            }
        }
        Ok(())
    }

    /// Requests a range. `None` if this stream ends because the server is busy.
    fn open<'r>(
        &'r self,
        index: usize,
        lower: &'r OnSetback<'r>,
    ) -> Result<Option<StreamReader<'r>>, Error> {
        let range = self.queue.range(index);
        loop {
            if let Some(stream) = self.remote.stream_range(range.clone(), lower)? {
                return Ok(Some(self.reader(stream, range.start)));
            }
            if self.queue.give_back(index) {
                return Ok(None);
            }
        }
    }

    fn reader<'r>(&'r self, stream: RangeStream<'r>, position: u64) -> StreamReader<'r> {
        let stream = BufReader::with_capacity(READ_AHEAD, stream);
        StreamReader { stream, position, streams: self }
    }

    /// Counts bytes that arrived.
    fn count(&self, bytes: u64) {
        let before = self.done.fetch_add(bytes, Ordering::Relaxed);
        self.progress.advance(before, before + bytes, self.remote.length());
    }
}

/// Reads a stream in order, and skips bytes that are not needed.
pub struct StreamReader<'r> {
    stream: BufReader<RangeStream<'r>>,
    /// The position in the archive.
    position: u64,
    streams: &'r Streams<'r>,
}

impl Read for StreamReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for StreamReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // This error is not reported: a signal or the failure of another stream is the reason.
        if self.streams.failed.load(Ordering::Relaxed) || self.streams.interrupt.stopping() {
            return Err(io::Error::other(disk::Error::Interrupted));
        }
        self.stream.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.stream.consume(count);
        self.position += count as u64;
        self.streams.count(count as u64);
    }
}

impl SkipRead for &mut StreamReader<'_> {
    fn skip_to(&mut self, position: u64) -> io::Result<()> {
        let gap = position.checked_sub(self.position).ok_or(io::ErrorKind::InvalidInput)?;
        io::copy(&mut self.take(gap), &mut io::sink()).map(|_| ())
    }
}
