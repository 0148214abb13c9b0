//! A lower limit for the throughput of response bodies.
//!
//! The read timeout restarts with every byte, so a slow server could block a CI job for days: each
//! read must bring a byte of the body in time, and each interval a number of them. Only the time spent in reads counts: a slow disk or slow extraction does not count against the
//! connection.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use ureq::{Body, BodyReader};

use super::read_deadline;
use crate::clock::Clock;

/// The number of bytes that each interval must bring: about 1 KiB a second.
const MIN_BYTES: u64 = 64 << 10;
/// The shortest interval. A shorter `--timeout` is about silence, not about slow connections.
const MIN_INTERVAL: Duration = Duration::from_secs(60);

/// Wraps a body so that reading it fails with [`TooSlow`] below the minimum throughput. The interval
/// is `timeout`, the longest silence that is allowed, but at least a minute.
pub(super) fn with_min_throughput(body: Body, clock: Arc<dyn Clock>, timeout: Duration) -> Body {
    Body::builder().reader(ThroughputReader {
        reader: body.into_reader(),
        clock,
        timeout,
        meter: MinThroughput::new(timeout),
    })
}

struct ThroughputReader {
    reader: BodyReader<'static>,
    clock: Arc<dyn Clock>,
    /// The longest time that one read may take.
    timeout: Duration,
    meter: MinThroughput,
}

impl Read for ThroughputReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let before = self.clock.elapsed();
        // Bytes that are no part of the body, such as chunk extensions and trailers, do not count.
        let _limit = read_deadline::limit(self.timeout);
        let bytes = self.reader.read(buffer)?;
        self.meter.count(bytes, self.clock.elapsed().saturating_sub(before))?;
        Ok(bytes)
    }
}

/// The error of a read below the minimum throughput.
#[derive(Debug)]
pub(super) struct TooSlow {
    bytes: u64,
    seconds: u64,
}

impl std::error::Error for TooSlow {}

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "only {} bytes arrived in {} s", self.bytes, self.seconds)
    }
}

/// The bytes and the read time of the current interval.
struct MinThroughput {
    interval: Duration,
    waited: Duration,
    bytes: u64,
}

impl MinThroughput {
    fn new(timeout: Duration) -> MinThroughput {
        MinThroughput { interval: timeout.max(MIN_INTERVAL), waited: Duration::ZERO, bytes: 0 }
    }

    /// Records one read. A read of 0 bytes is the end of the body and never too slow.
    fn count(&mut self, bytes: usize, took: Duration) -> io::Result<()> {
        self.bytes += bytes as u64;
        self.waited += took;
        if self.waited < self.interval {
            return Ok(());
        }
        if bytes > 0 && self.bytes < MIN_BYTES {
            let seconds = self.waited.as_secs();
            return Err(io::Error::other(TooSlow { bytes: self.bytes, seconds }));
        }
        (self.bytes, self.waited) = (0, Duration::ZERO);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_interval_must_bring_enough() {
        // A timeout, reads as bytes and seconds, and the number of the read that is too slow.
        type Row = (u64, &'static [(usize, u64)], Option<usize>);
        let table: [Row; 7] = [
            (60, &[(1, 59), (70_000, 1), (1, 59)], None),
            (60, &[(1, 59), (1, 1)], Some(2)),
            (60, &[(65_536, 1), (1, 59), (1, 59), (1, 1)], Some(4)),
            (60, &[(65_535, 60)], Some(1)),
            (60, &[(10, 59), (0, 59)], None),
            // A timeout below a minute does not shorten the interval; a longer one extends it.
            (1, &[(1, 59)], None),
            (600, &[(1, 599), (1, 1)], Some(2)),
        ];
        for (timeout, reads, slow) in table {
            let mut meter = MinThroughput::new(Duration::from_secs(timeout));
            let mut count = |read: &(usize, u64)| meter.count(read.0, Duration::from_secs(read.1));
            let failed = reads.iter().position(|read| count(read).is_err());
            assert_eq!(failed.map(|at| at + 1), slow, "{timeout} {reads:?}");
        }
    }
}
