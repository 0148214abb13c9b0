//! Bodies that come too slowly to be waited for: a timeout that each single byte begins anew would
//! let a server hold a job for days.
//!
//! Only the time counts that a read waits for the server. A disk that is slow to write, or a
//! program that is slow to unpack, is no fault of the line.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use ureq::{Body, BodyReader};

use crate::clock::Clock;

/// As many bytes must come in each span of waiting: about 1 KiB a second, a fifth of what a modem
/// brought.
const LEAST: u64 = 64 << 10;
/// No span is shorter: who wants to hear of silence early does not want to hear of slow lines.
const SHORTEST: Duration = Duration::from_secs(60);

/// The same body, which fails when less comes than should. `timeout` is the longest silence that
/// is allowed; where that is long, slow lines are as well.
pub(super) fn with_min_throughput(body: Body, clock: Arc<dyn Clock>, timeout: Duration) -> Body {
    Body::builder().reader(ThroughputReader {
        reader: body.into_reader(),
        clock,
        pace: MinThroughput::new(timeout),
    })
}

struct ThroughputReader {
    reader: BodyReader<'static>,
    clock: Arc<dyn Clock>,
    pace: MinThroughput,
}

impl Read for ThroughputReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let before = self.clock.elapsed();
        let bytes = self.reader.read(buffer)?;
        self.pace.count(bytes, self.clock.elapsed().saturating_sub(before))?;
        Ok(bytes)
    }
}

/// What came in the present span of waiting.
struct MinThroughput {
    span: Duration,
    waited: Duration,
    came: u64,
}

impl MinThroughput {
    fn new(timeout: Duration) -> MinThroughput {
        MinThroughput { span: timeout.max(SHORTEST), waited: Duration::ZERO, came: 0 }
    }

    /// Counts what one read brought; the end of the body is none, and comes when it comes.
    fn count(&mut self, bytes: usize, took: Duration) -> io::Result<()> {
        self.came += bytes as u64;
        self.waited += took;
        if self.waited < self.span {
            return Ok(());
        }
        if bytes > 0 && self.came < LEAST {
            let (came, waited) = (self.came, self.waited.as_secs());
            return Err(io::Error::other(format!("only {came} bytes arrived in {waited} s")));
        }
        (self.came, self.waited) = (0, Duration::ZERO);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_span_of_waiting_must_bring_enough() {
        // A timeout, reads as bytes and seconds, and the number of the read that is too slow.
        type Row = (u64, &'static [(usize, u64)], Option<usize>);
        let table: [Row; 7] = [
            (60, &[(1, 59), (70_000, 1), (1, 59)], None),
            (60, &[(1, 59), (1, 1)], Some(2)),
            (60, &[(65_536, 1), (1, 59), (1, 59), (1, 1)], Some(4)),
            (60, &[(65_535, 60)], Some(1)),
            (60, &[(10, 59), (0, 59)], None),
            // A short limit of silence is none of the pace; a long one is.
            (1, &[(1, 59)], None),
            (600, &[(1, 599), (1, 1)], Some(2)),
        ];
        for (timeout, reads, slow) in table {
            let mut pace = MinThroughput::new(Duration::from_secs(timeout));
            let mut count = |read: &(usize, u64)| pace.count(read.0, Duration::from_secs(read.1));
            let failed = reads.iter().position(|read| count(read).is_err());
            assert_eq!(failed.map(|at| at + 1), slow, "{timeout} {reads:?}");
        }
    }
}
