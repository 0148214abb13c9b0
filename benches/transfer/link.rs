//! A simulated network link: every request costs a round trip, and all connections share one rate.
//! TCP slow start and packet loss are not simulated.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The delay of a sleep that the link makes up for afterwards.
const MAX_LAG: Duration = Duration::from_millis(20);

/// A link with a round-trip time and a rate in bytes per second, parsed from e.g. `20ms,100MB`.
pub struct Link {
    round_trip: Duration,
    rate: f64,
    /// The time at which all bytes sent so far have arrived.
    busy_until: Mutex<Instant>,
}

impl Link {
    /// Sleeps for a round trip, as for a request or a new connection.
    pub fn round_trip(&self) {
        std::thread::sleep(self.round_trip);
    }

    /// Sleeps until this many bytes have arrived, queued behind all bytes sent before.
    pub fn transmit(&self, bytes: usize) {
        let arrival = {
            let mut busy_until = self.busy_until.lock().unwrap_or_else(PoisonError::into_inner);
            let duration = Duration::from_secs_f64(bytes as f64 / self.rate);
            let now = Instant::now();
            *busy_until =
                now.checked_sub(MAX_LAG).map_or(now, |earliest| earliest.max(*busy_until))
                    + duration;
            *busy_until
        };
        std::thread::sleep(arrival.saturating_duration_since(Instant::now()));
    }
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Link, String> {
        let parsed = text.split_once(',').and_then(|(round_trip, rate)| {
            let round_trip = humantime::parse_duration(round_trip).ok()?;
            let rate = rate.parse::<bytesize::ByteSize>().ok()?.as_u64() as f64;
            Some(Link { round_trip, rate, busy_until: Mutex::new(Instant::now()) })
        });
        parsed.ok_or_else(|| format!("no link as in 20ms,100MB: {text}"))
    }
}
