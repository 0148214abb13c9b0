//! Stand-ins for the process: streams that record what is written, and a clock that advances only
//! when the program sleeps.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use downriver::clock::Clock;

/// A stream that records what is written, until its reader closes it.
#[derive(Clone)]
pub struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    holds: usize,
}

impl Pipe {
    pub fn new(holds: usize) -> Pipe {
        Pipe { bytes: Arc::default(), holds }
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.bytes.lock().unwrap();
        let fits = bytes.len().min(self.holds.saturating_sub(kept.len()));
        if fits == 0 && !bytes.is_empty() {
            return Err(ErrorKind::BrokenPipe.into());
        }
        kept.extend(&bytes[..fits]);
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A clock that begins at 2026-03-02T10:10:00Z and advances only by sleeping, or by a step
/// each time that it is read.
#[derive(Clone)]
pub struct FakeClock {
    pauses: Arc<Mutex<Vec<Duration>>>,
    pub when_paused: Arc<dyn Fn(usize) + Send + Sync>,
    pub step: Duration,
    looks: Arc<AtomicU32>,
}

impl Default for FakeClock {
    fn default() -> FakeClock {
        FakeClock {
            pauses: Arc::default(),
            when_paused: Arc::new(|_| {}),
            step: Duration::ZERO,
            looks: Arc::default(),
        }
    }
}

impl FakeClock {
    pub fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap().clone()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> jiff::Timestamp {
        let start: jiff::Timestamp = "2026-03-02T10:10:00Z".parse().unwrap();
        start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        let looks = self.looks.fetch_add(1, Ordering::SeqCst);
        self.pauses().iter().sum::<Duration>() + self.step * looks
    }

    fn sleep(&self, pause: Duration) {
        let number = {
            let mut pauses = self.pauses.lock().unwrap();
            pauses.push(pause);
            pauses.len()
        };
        assert!(number < 10_000, "10,000 pauses: this wait never ends");
        (self.when_paused)(number);
    }
}
