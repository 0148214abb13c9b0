//! Requests and connections counted: how many at once, and how many bytes on each connection.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Fake, Inner, Origin, lock};

const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The requests of one origin that are being answered.
#[derive(Debug, Default, Clone, Copy)]
pub struct Traffic {
    under_way: usize,
    ranged: usize,
    most: usize,
    most_ranged: usize,
}

/// One request, counted until this is dropped.
pub struct Counted<'a> {
    inner: &'a Inner,
    origin: Origin,
    ranged: bool,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let mut traffic = lock(&self.inner.traffic[self.origin as usize]);
        traffic.under_way -= 1;
        traffic.ranged -= usize::from(self.ranged);
    }
}

impl Inner {
    /// Counts a request that begins.
    pub fn begin(&self, origin: Origin, ranged: bool) -> Counted<'_> {
        let mut traffic = lock(&self.traffic[origin as usize]);
        traffic.under_way += 1;
        traffic.ranged += usize::from(ranged);
        traffic.most = traffic.most.max(traffic.under_way);
        traffic.most_ranged = traffic.most_ranged.max(traffic.ranged);
        Counted { inner: self, origin, ranged }
    }

    /// How many requests of this origin are being answered.
    pub fn under_way(&self, origin: Origin) -> usize {
        lock(&self.traffic[origin as usize]).under_way
    }

    /// Waits until this origin has answered so many requests at the same time, for ten seconds at
    /// most.
    pub fn wait_for_most(&self, origin: Origin, requests: usize) {
        for _ in 0..LONGEST_WAIT.as_millis() {
            if lock(&self.traffic[origin as usize]).most >= requests {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The bytes in a second that each connection to the storage is given.
    pub fn store_bandwidth(&self) -> Option<u64> {
        self.with(|state| state.world.setting("store_bandwidth").as_u64())
    }
}

impl Fake {
    /// The most requests that this origin answered at the same time.
    pub fn most_at_once(&self, origin: Origin) -> usize {
        lock(&self.0.traffic[origin as usize]).most
    }

    /// The most requests with a `Range` among them.
    pub fn most_ranges_at_once(&self, origin: Origin) -> usize {
        lock(&self.0.traffic[origin as usize]).most_ranged
    }

    /// Bytes of bodies that each connection to this origin was sent, by its number.
    pub fn bytes_by_connection(&self, origin: Origin) -> BTreeMap<usize, usize> {
        let mut bytes = BTreeMap::new();
        for logged in self.log().iter().filter(|logged| logged.origin == origin) {
            *bytes.entry(logged.connection).or_default() += logged.bytes_sent;
        }
        bytes
    }
}
