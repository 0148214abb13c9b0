//! All downloads of a run together: how much of how much, how fast, and for how long still.

use std::collections::BTreeMap;
use std::time::Duration;

use bytesize::ByteSize;

use crate::sanitize::sanitize;

/// What is known of the downloads. Time comes in with each call.
#[derive(Debug, Default)]
pub struct Totals {
    each: BTreeMap<String, Download>,
    /// How long something was under way, until `at`.
    busy: Duration,
    at: Duration,
}

#[derive(Debug, Default)]
struct Download {
    /// Bytes.
    done: u64,
    /// Bytes, where they are known.
    of: Option<u64>,
    stage: Stage,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Expected,
    UnderWay,
    Here,
}

impl Totals {
    /// These will be downloaded, and no others: a lookup that is asked again may find new ones.
    pub fn expect(&mut self, archives: &[(String, Option<u64>)]) {
        self.each.retain(|known, download| {
            download.stage != Stage::Expected || archives.iter().any(|(label, _)| label == known)
        });
        for (label, size) in archives {
            let download = self.each.entry(label.clone()).or_default();
            download.of = download.of.or(*size);
        }
    }

    /// It is asked for.
    pub fn begin(&mut self, label: &str, size: Option<u64>, now: Duration) {
        self.set(label, now, |download| {
            *download = Download { done: 0, of: size.or(download.of), stage: Stage::UnderWay };
        });
    }

    /// So many of its bytes are here.
    pub fn update(&mut self, label: &str, done: u64, of: Option<u64>, now: Duration) {
        self.set(label, now, |download| {
            *download = Download { done, of: of.or(download.of), stage: Stage::UnderWay };
        });
    }

    /// All of it is here.
    pub fn end(&mut self, label: &str, bytes: u64, now: Duration) {
        self.set(label, now, |download| {
            *download = Download { done: bytes, of: Some(bytes), stage: Stage::Here };
        });
    }

    /// It need not be downloaded.
    pub fn spare(&mut self, label: &str) {
        self.each.remove(label);
    }

    /// Nothing is under way for a while.
    pub fn pause(&mut self, now: Duration) {
        self.pass(now);
        let under_way = self.each.values_mut().filter(|it| it.stage == Stage::UnderWay);
        under_way.for_each(|download| download.stage = Stage::Expected);
    }

    fn set(&mut self, label: &str, now: Duration, change: impl FnOnce(&mut Download)) {
        self.pass(now);
        change(self.each.entry(label.to_owned()).or_default());
    }

    fn pass(&mut self, now: Duration) {
        if !self.is_idle() {
            self.busy += now.saturating_sub(self.at);
        }
        self.at = now;
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.each.values().all(|download| download.stage != Stage::UnderWay)
    }

    /// The longest label, in characters.
    pub fn widest(&self) -> usize {
        self.each.keys().map(|label| sanitize(label).to_string().chars().count()).max().unwrap_or(0)
    }

    /// Whether it is about more than one.
    pub fn are_several(&self) -> bool {
        self.each.len() > 1
    }

    /// How many of how many are here.
    pub fn heading(&self) -> String {
        format!("{} of {} archives", self.here(), self.each.len())
    }

    fn here(&self) -> usize {
        self.each.values().filter(|download| download.stage == Stage::Here).count()
    }

    /// The bytes that are here.
    pub fn done(&self) -> u64 {
        self.each.values().map(|download| download.done).sum()
    }

    /// The bytes that there will be, where all of them are known.
    pub fn of(&self) -> Option<u64> {
        self.each.values().map(|download| download.of).sum()
    }

    /// How it stands.
    pub fn line(&self) -> String {
        let (done, of) = (self.done(), self.of());
        let heading = match self.each.first_key_value() {
            Some((label, _)) if !self.are_several() => format!("{}: ", sanitize(label)),
            _ => format!("{}: ", self.heading()),
        };
        let of_all = of.map(|of| format!(" of {}", bytes(of))).unwrap_or_default();
        let rate = rate(done, self.busy);
        let rate_told = rate.map(|rate| format!(", {}/s", bytes(rate))).unwrap_or_default();
        let left = of.zip(rate).filter(|(_, rate)| *rate > 0);
        let left = left.map(|(of, rate)| of.saturating_sub(done).div_ceil(rate));
        let left = left.map(|left| {
            format!(", {} left", humantime::format_duration(Duration::from_secs(left)))
        });
        format!("{heading}{}{of_all}{rate_told}{}", bytes(done), left.unwrap_or_default())
    }

    /// What it came to, where that was not told of a single one; begins anew.
    pub fn sum(&mut self) -> Option<String> {
        let (here, done, busy) = (self.here(), self.done(), self.busy);
        *self = Totals { at: self.at, ..Totals::default() };
        (here > 1).then(|| format!("{here} archives: {}", took(done, busy)))
    }
}

/// So many bytes in so much time.
pub fn took(count: u64, time: Duration) -> String {
    let rate = rate(count, time).map(|rate| format!(", {}/s", bytes(rate))).unwrap_or_default();
    format!("{} in {:.1} s{rate}", bytes(count), time.as_secs_f64())
}

/// Bytes in a second; none where it is over too fast to tell.
fn rate(count: u64, time: Duration) -> Option<u64> {
    let rate = u128::from(count) * 1000 / time.as_millis().max(1);
    u64::try_from(rate).ok().filter(|_| time.as_millis() >= 100)
}

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
    fn one_download_is_told_by_its_name() {
        let mut totals = Totals::default();
        totals.begin("build (1)", None, at(100));
        totals.update("build (1)", MIB, None, at(110));
        assert_eq!(totals.line(), "build (1): 1.0 MiB, 102.4 KiB/s");
        totals.update("build (1)", 20 * MIB, Some(180 * MIB), at(110));
        assert_eq!(totals.line(), "build (1): 20.0 MiB of 180.0 MiB, 2.0 MiB/s, 1m 20s left");
        // It began again from nothing.
        totals.update("build (1)", 0, Some(180 * MIB), at(110));
        assert_eq!(totals.line(), "build (1): 0 B of 180.0 MiB, 0 B/s");
        totals.end("build (1)", 180 * MIB, at(190));
        assert_eq!(totals.sum(), None, "it was told already");
    }

    #[test]
    fn several_are_told_together_and_only_time_with_downloads_counts() {
        let mut totals = Totals::default();
        let archive = |(label, size): (&str, u64)| (label.to_owned(), Some(size * MIB));
        totals.expect(&[("old", 9), ("a", 10)].map(archive));
        totals.expect(&[("a", 10), ("b", 20), ("c", 30), ("kept", 500)].map(archive));
        totals.spare("kept");
        totals.begin("a", None, at(0));
        totals.begin("b", None, at(0));
        totals.update("b", 5 * MIB, Some(20 * MIB), at(5));
        totals.end("a", 10 * MIB, at(5));
        assert_eq!(totals.line(), "1 of 3 archives: 15.0 MiB of 60.0 MiB, 3.0 MiB/s, 15s left");
        totals.end("b", 20 * MIB, at(10));
        // Nobody knows yet where the third is.
        totals.pause(at(10));
        totals.expect(&[("c", 30)].map(archive));
        totals.begin("c", None, at(1000));
        totals.update("c", 15 * MIB, None, at(1005));
        assert_eq!(totals.line(), "2 of 3 archives: 45.0 MiB of 60.0 MiB, 3.0 MiB/s, 5s left");
        totals.end("c", 30 * MIB, at(1010));
        assert_eq!(totals.sum().as_deref(), Some("3 archives: 60.0 MiB in 20.0 s, 3.0 MiB/s"));
        assert_eq!(totals.sum(), None, "it is told once");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let mut totals = Totals::default();
        totals.expect(&[("a".to_owned(), Some(MIB)), ("b".to_owned(), None)]);
        totals.update("a", MIB / 2, None, at(0));
        assert_eq!(totals.line(), "0 of 2 archives: 512.0 KiB");
        assert_eq!(took(MIB, Duration::from_millis(50)), "1.0 MiB in 0.1 s");
    }
}
