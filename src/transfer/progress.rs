//! Reports of one download to the listener: the bytes received so far, and the end.

use std::time::Duration;

use crate::lookup::{Ctx, FoundJob};
use crate::step::Step;

/// The listener is told each time this many bytes have arrived.
const INTERVAL: u64 = 256 << 10;

/// A download that is under way.
pub struct Progress<'a> {
    ctx: &'a Ctx<'a>,
    label: String,
    start: Duration,
}

impl<'a> Progress<'a> {
    /// Begins to measure the time.
    pub fn start(ctx: &'a Ctx<'a>, found: &FoundJob) -> Progress<'a> {
        Progress { ctx, label: found.label(), start: ctx.clock.elapsed() }
    }

    /// Reports that `done` bytes of `total` have arrived.
    pub fn report(&self, done: u64, total: Option<u64>) {
        self.ctx.watch.step(&Step::Bytes { label: &self.label, done, total });
    }

    /// Reports that the bytes from `before` to `done` have arrived, if it is time for a report.
    pub fn advance(&self, before: u64, done: u64, total: u64) {
        if done / INTERVAL > before / INTERVAL {
            self.report(done, Some(total));
        }
    }

    /// Reports that the download has ended, and returns its bytes.
    pub fn finish(&self, bytes: u64) -> u64 {
        let took = self.ctx.clock.elapsed().saturating_sub(self.start);
        self.ctx.watch.step(&Step::Downloaded { label: &self.label, bytes, took });
        bytes
    }
}
