//! A simulated network link: every request costs a round trip, all connections share one rate, and
//! each connection may have a lower one of its own, as many object storages give.
//! TCP slow start and packet loss are not simulated.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytesize::ByteSize;

/// The delay of a sleep that the link makes up for afterwards.
const MAX_LAG: Duration = Duration::from_millis(20);

/// A link, parsed from its round-trip time, its rate in bytes per second, and that of each
/// connection, which may be left out: `20ms,100MB` or `20ms,100MB,6MB`.
pub struct Link {
    round_trip: Duration,
    shared: Queue,
    rate_per_connection: Option<f64>,
}

/// A connection over a link.
pub struct Connection<'a> {
    link: &'a Link,
    own: Option<Queue>,
}

/// Bytes that arrive one after the other, at a rate in bytes per second.
struct Queue {
    rate: f64,
    /// The time at which all bytes sent so far have arrived.
    busy_until: Mutex<Instant>,
}

impl Link {
    /// Opens a connection, which takes a round trip.
    pub fn connect(&self) -> Connection<'_> {
        let connection = Connection { link: self, own: self.rate_per_connection.map(Queue::new) };
        connection.round_trip();
        connection
    }
}

impl Connection<'_> {
    /// Sleeps for a round trip, as for a request.
    pub fn round_trip(&self) {
        std::thread::sleep(self.link.round_trip);
    }

    /// Sleeps until this many bytes have arrived, queued behind all bytes sent before.
    pub fn transmit(&self, bytes: usize) {
        let shared = self.link.shared.arrival(bytes);
        let own = self.own.as_ref().map(|own| own.arrival(bytes));
        let arrival = own.map_or(shared, |own| own.max(shared));
        std::thread::sleep(arrival.saturating_duration_since(Instant::now()));
    }
}

impl Queue {
    fn new(rate: f64) -> Queue {
        Queue { rate, busy_until: Mutex::new(Instant::now()) }
    }

    /// Adds bytes, and returns the time at which they have arrived.
    fn arrival(&self, bytes: usize) -> Instant {
        let mut busy_until = self.busy_until.lock().unwrap_or_else(PoisonError::into_inner);
        let duration = Duration::from_secs_f64(bytes as f64 / self.rate);
        let now = Instant::now();
        *busy_until =
            now.checked_sub(MAX_LAG).map_or(now, |earliest| earliest.max(*busy_until)) + duration;
        *busy_until
    }
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Link, String> {
        parse(text).ok_or_else(|| format!("no link as in 20ms,100MB or 20ms,100MB,6MB: {text}"))
    }
}

fn parse(text: &str) -> Option<Link> {
    let mut parts = text.split(',');
    let round_trip = humantime::parse_duration(parts.next()?).ok()?;
    let mut rate = || Some(parts.next()?.parse().map(|rate: ByteSize| rate.as_u64() as f64));
    let shared = Queue::new(rate()?.ok()?);
    let rate_per_connection = rate().transpose().ok()?;
    parts.next().is_none().then_some(Link { round_trip, shared, rate_per_connection })
}
