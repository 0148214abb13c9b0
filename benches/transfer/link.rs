//! A link between the server and who asks it: each answer is a round trip away, and all bytes
//! share one rate. How TCP begins slowly and loses packets is left out.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So late a sleep may end without costing the link anything.
const LATE: Duration = Duration::from_millis(20);

/// As in `20ms,100MB`: a round trip, and bytes in a second.
pub struct Link {
    round_trip: Duration,
    rate: f64,
    /// When the bytes that were sent so far are through.
    free: Mutex<Instant>,
}

impl Link {
    /// Until a question has come, or a connection is made, and the answer is back.
    pub fn travel(&self) {
        std::thread::sleep(self.round_trip);
    }

    /// Until so many bytes are through, behind all others.
    pub fn carry(&self, bytes: usize) {
        let through = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let lasts = Duration::from_secs_f64(bytes as f64 / self.rate);
            let now = Instant::now();
            *free = now.checked_sub(LATE).map_or(now, |late| late.max(*free)) + lasts;
            *free
        };
        std::thread::sleep(through.saturating_duration_since(Instant::now()));
    }
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Link, String> {
        let parsed = text.split_once(',').and_then(|(round_trip, rate)| {
            let round_trip = humantime::parse_duration(round_trip).ok()?;
            let rate = rate.parse::<bytesize::ByteSize>().ok()?.as_u64() as f64;
            Some(Link { round_trip, rate, free: Mutex::new(Instant::now()) })
        });
        parsed.ok_or_else(|| format!("no link as in 20ms,100MB: {text}"))
    }
}
