//! Totals of all downloads of a run: bytes, rate and remaining time.

use std::collections::BTreeMap;
use std::time::Duration;

use bytesize::ByteSize;

use crate::sanitize::sanitize;

/// The state of all downloads, by label. Callers pass in the time since the start of the run.
#[derive(Debug, Default)]
pub struct Totals {
    downloads: BTreeMap<String, Download>,
    /// The time during which at least one download was active, up to `updated_at`.
    active_time: Duration,
    updated_at: Duration,
}

#[derive(Debug, Default)]
struct Download {
    /// Bytes received.
    received: u64,
    /// The size in bytes, if it is known.
    size: Option<u64>,
    stage: Stage,
    /// The time when it began.
    begun_at: Duration,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Expected,
    Active,
    Done,
}

impl Totals {
    /// Replaces the expected downloads. Polling calls this again, because a later lookup may find
    /// other archives.
    pub fn expect(&mut self, archives: &[(String, Option<u64>)]) {
        self.downloads.retain(|known, download| {
            download.stage != Stage::Expected || archives.iter().any(|(label, _)| label == known)
        });
        for (label, size) in archives {
            let download = self.downloads.entry(label.clone()).or_default();
            download.size = download.size.or(*size);
        }
    }

    /// Starts a download.
    pub fn begin(&mut self, label: &str, size: Option<u64>, now: Duration) {
        self.set(label, now, |download| {
            let size = size.or(download.size);
            *download = Download { received: 0, size, stage: Stage::Active, begun_at: now };
        });
    }

    /// Sets the number of bytes that a download has received.
    pub fn update(&mut self, label: &str, received: u64, size: Option<u64>, now: Duration) {
        self.set(label, now, |download| {
            let begun_at = if download.stage == Stage::Active { download.begun_at } else { now };
            let size = size.or(download.size);
            *download = Download { received, size, stage: Stage::Active, begun_at };
        });
    }

    /// Completes a download with its final size in bytes.
    pub fn complete(&mut self, label: &str, bytes: u64, now: Duration) {
        self.set(label, now, |download| {
            *download = Download {
                received: bytes,
                size: Some(bytes),
                stage: Stage::Done,
                begun_at: download.begun_at,
            };
        });
    }

    /// Removes an archive that is in the cache and need not be downloaded.
    pub fn remove(&mut self, label: &str) {
        self.downloads.remove(label);
    }

    /// Stops the clock of active downloads until the next one begins.
    pub fn pause(&mut self, now: Duration) {
        self.advance(now);
        let active = self.downloads.values_mut().filter(|it| it.stage == Stage::Active);
        active.for_each(|download| download.stage = Stage::Expected);
    }

    fn set(&mut self, label: &str, now: Duration, change: impl FnOnce(&mut Download)) {
        self.advance(now);
        change(self.downloads.entry(label.to_owned()).or_default());
    }

    fn advance(&mut self, now: Duration) {
        if !self.is_idle() {
            self.active_time += now.saturating_sub(self.updated_at);
        }
        self.updated_at = now;
    }

    /// Returns true if no download is active.
    pub fn is_idle(&self) -> bool {
        self.downloads.values().all(|download| download.stage != Stage::Active)
    }

    /// Returns the length of the longest label, in characters.
    pub fn max_label_width(&self) -> usize {
        let widths = self.downloads.keys().map(|label| sanitize(label).to_string().chars().count());
        widths.max().unwrap_or(0)
    }

    /// Returns true if there is more than one download.
    pub fn has_several(&self) -> bool {
        self.downloads.len() > 1
    }

    /// Returns the number of completed downloads, such as `1 of 3 archives`.
    pub fn heading(&self) -> String {
        format!("{} of {} archives", self.completed(), self.downloads.len())
    }

    fn completed(&self) -> usize {
        self.downloads.values().filter(|download| download.stage == Stage::Done).count()
    }

    /// Returns the bytes received so far.
    pub fn received(&self) -> u64 {
        self.downloads.values().map(|download| download.received).sum()
    }

    /// Returns the total size in bytes, if every size is known.
    pub fn size(&self) -> Option<u64> {
        self.downloads.values().map(|download| download.size).sum()
    }

    /// Returns the line for the log: bytes, rate and remaining time.
    pub fn status_line(&self) -> String {
        let (received, size) = (self.received(), self.size());
        let heading = match self.downloads.first_key_value() {
            Some((label, _)) if !self.has_several() => format!("{}: ", sanitize(label)),
            _ => format!("{}: ", self.heading()),
        };
        let of_size = size.map(|size| format!(" of {}", bytes(size))).unwrap_or_default();
        let rate = rate(received, self.active_time);
        let rate_text = rate.map(|rate| format!(", {}/s", bytes(rate))).unwrap_or_default();
        let left = self.time_left().map(|left| format!(", {} left", time_left(left)));
        format!("{heading}{}{of_size}{rate_text}{}", bytes(received), left.unwrap_or_default())
    }

    /// Returns the remaining time in seconds: that of all bytes at the rate of the whole run, but
    /// not less than that of the slowest active download at its own rate. The rate of the whole
    /// run is too high as soon as few downloads remain. None if a size or a rate is unknown.
    pub fn time_left(&self) -> Option<u64> {
        let together = seconds_left(self.received(), self.size(), self.active_time)?;
        let slowest = self.downloads.values().filter_map(|download| {
            let active_time = self.updated_at.saturating_sub(download.begun_at);
            let is_active = download.stage == Stage::Active;
            is_active.then(|| seconds_left(download.received, download.size, active_time))?
        });
        Some(slowest.fold(together, u64::max))
    }

    /// Resets the totals. Returns a summary if several downloads were completed; a single one has
    /// its own line.
    pub fn take_summary(&mut self) -> Option<String> {
        let (completed, received, time) = (self.completed(), self.received(), self.active_time);
        *self = Totals { updated_at: self.updated_at, ..Totals::default() };
        (completed > 1).then(|| format!("{completed} archives: {}", size_and_time(received, time)))
    }
}

/// Formats a size and the time it took, such as `100.0 MiB in 50.0 s, 2.0 MiB/s`.
pub fn size_and_time(count: u64, time: Duration) -> String {
    let rate = rate(count, time).map(|rate| format!(", {}/s", bytes(rate))).unwrap_or_default();
    format!("{} in {:.1} s{rate}", bytes(count), time.as_secs_f64())
}

/// Returns bytes per second, or None if the time is too short to be meaningful.
fn rate(count: u64, time: Duration) -> Option<u64> {
    let rate = u128::from(count) * 1000 / time.as_millis().max(1);
    u64::try_from(rate).ok().filter(|_| time.as_millis() >= 100)
}

/// Returns the remaining time in seconds, if the rate and the size are known.
fn seconds_left(received: u64, size: Option<u64>, time: Duration) -> Option<u64> {
    rate(received, time).filter(|rate| *rate > 0)?;
    let millis = u128::from(size?.saturating_sub(received)) * time.as_millis();
    u64::try_from(millis.div_ceil(u128::from(received) * 1000)).ok()
}

/// Formats a remaining time, such as `1m 20s`.
pub fn time_left(seconds: u64) -> String {
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}

/// Formats a number of bytes with binary units, such as `1.0 MiB`.
pub fn bytes(count: u64) -> String {
    ByteSize(count).display().iec().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn one_download_is_named() {
        let mut totals = Totals::default();
        totals.begin("build (1)", None, at(100));
        totals.update("build (1)", MIB, None, at(110));
        assert_eq!(totals.status_line(), "build (1): 1.0 MiB, 102.4 KiB/s");
        totals.update("build (1)", 20 * MIB, Some(180 * MIB), at(110));
        assert_eq!(
            totals.status_line(),
            "build (1): 20.0 MiB of 180.0 MiB, 2.0 MiB/s, 1m 20s left"
        );
        // The download started over.
        totals.update("build (1)", 0, Some(180 * MIB), at(110));
        assert_eq!(totals.status_line(), "build (1): 0 B of 180.0 MiB, 0 B/s");
        totals.complete("build (1)", 180 * MIB, at(190));
        assert_eq!(totals.take_summary(), None, "it has its own line");
    }

    #[test]
    fn several_downloads_are_summed_over_active_time_only() {
        let mut totals = Totals::default();
        let archive = |(label, size): (&str, u64)| (label.to_owned(), Some(size * MIB));
        totals.expect(&[("old", 9), ("a", 10)].map(archive));
        totals.expect(&[("a", 10), ("b", 20), ("c", 30), ("kept", 500)].map(archive));
        totals.remove("kept");
        totals.begin("a", None, at(0));
        totals.begin("b", None, at(0));
        totals.update("b", 5 * MIB, Some(20 * MIB), at(5));
        totals.complete("a", 10 * MIB, at(5));
        assert_eq!(
            totals.status_line(),
            "1 of 3 archives: 15.0 MiB of 60.0 MiB, 3.0 MiB/s, 15s left"
        );
        totals.complete("b", 20 * MIB, at(10));
        // The lookup of the third archive is still polling.
        totals.pause(at(10));
        totals.expect(&[("c", 30)].map(archive));
        totals.begin("c", None, at(1000));
        totals.update("c", 15 * MIB, None, at(1005));
        assert_eq!(
            totals.status_line(),
            "2 of 3 archives: 45.0 MiB of 60.0 MiB, 3.0 MiB/s, 5s left"
        );
        totals.complete("c", 30 * MIB, at(1010));
        assert_eq!(
            totals.take_summary().as_deref(),
            Some("3 archives: 60.0 MiB in 20.0 s, 3.0 MiB/s")
        );
        assert_eq!(totals.take_summary(), None, "the totals were reset");
    }

    #[test]
    fn the_remaining_time_is_not_less_than_that_of_the_slowest_download() {
        for (fast, slow, expect) in
            [(90, 10, "40s"), (50, 50, "40s"), (10, 10, "40s"), (0, 20, "40s")]
        {
            let mut totals = Totals::default();
            totals.begin("fast", Some(fast * MIB), at(0));
            totals.begin("slow", Some(slow * MIB), at(0));
            totals.complete("fast", fast * MIB, at(1));
            totals.update("slow", slow * MIB / 5, None, at(10));
            let line = totals.status_line();
            assert!(line.ends_with(&format!(", {expect} left")), "{fast} {slow}: {line}");
        }
        // A download that is to come counts with its bytes, and one that begins anew from now on.
        let mut totals = Totals::default();
        totals.expect(&[("next".to_owned(), Some(90 * MIB))]);
        totals.begin("first", Some(10 * MIB), at(0));
        totals.update("first", 5 * MIB, None, at(5));
        assert_eq!(totals.time_left(), Some(95));
        totals.begin("first", Some(10 * MIB), at(100));
        totals.update("first", 10 * MIB, None, at(101));
        assert_eq!(totals.time_left(), Some(909));
    }

    #[test]
    fn unknown_sizes_and_rates_are_left_out() {
        let mut totals = Totals::default();
        totals.expect(&[("a".to_owned(), Some(MIB)), ("b".to_owned(), None)]);
        totals.update("a", MIB / 2, None, at(0));
        assert_eq!(totals.status_line(), "0 of 2 archives: 512.0 KiB");
        assert_eq!(size_and_time(MIB, Duration::from_millis(50)), "1.0 MiB in 0.1 s");
    }
}
