//! Bytes on their way: bars on a terminal, a line every ten seconds in a log.

use std::collections::HashMap;
use std::time::Duration;

use bytesize::ByteSize;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::shown::shown;

/// How often a log is told.
const EVERY: Duration = Duration::from_secs(10);

/// The downloads that are going on.
pub struct Progress {
    /// None where there is no terminal.
    bars: Option<MultiProgress>,
    each: HashMap<String, ProgressBar>,
    /// The live line of a wait.
    wait: Option<ProgressBar>,
    told: Duration,
}

impl Progress {
    pub fn new(terminal: bool, now: Duration) -> Progress {
        Progress {
            bars: terminal.then(MultiProgress::new),
            each: HashMap::new(),
            wait: None,
            told: now,
        }
    }

    /// Takes note of the count of bytes; gives back a line when it is time for one in the log.
    pub fn update(
        &mut self,
        label: &str,
        done: u64,
        total: Option<u64>,
        now: Duration,
    ) -> Option<String> {
        if let Some(bars) = &self.bars {
            let bar =
                self.each.entry(label.to_owned()).or_insert_with(|| bars.add(bar(label, total)));
            bar.set_position(done);
            return None;
        }
        if now < self.told + EVERY {
            return None;
        }
        self.told = now;
        let of = total
            .map(|total| format!(" of {}", ByteSize(total).display().iec()))
            .unwrap_or_default();
        Some(format!("{}: {}{of}", shown(label), ByteSize(done).display().iec()))
    }

    /// Shows on a terminal what is waited for, and for how long.
    pub fn waiting(&mut self, why: &str) {
        let Some(bars) = &self.bars else { return };
        let line = self.wait.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}");
            let bar = bars.add(ProgressBar::no_length());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        line.set_message(why.to_owned());
    }

    /// What was waited for is there.
    pub fn arrived(&mut self) {
        if let Some(line) = self.wait.take() {
            line.finish_and_clear();
        }
    }

    /// Takes the bar of a finished download away.
    pub fn done(&mut self, label: &str) {
        if let Some(bar) = self.each.remove(label) {
            bar.finish_and_clear();
        }
    }

    pub fn finish(&mut self) {
        self.arrived();
        self.each.drain().for_each(|(_, bar)| bar.finish_and_clear());
    }

    /// Runs something that writes to the terminal, with the bars out of its way.
    pub fn around(&self, write: impl FnOnce()) {
        match &self.bars {
            Some(bars) if !self.each.is_empty() || self.wait.is_some() => bars.suspend(write),
            _ => write(),
        }
    }
}

fn bar(label: &str, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{prefix} [{bar:30}] {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
        ),
        None => {
            (ProgressBar::no_length(), "{prefix} {spinner} {binary_bytes} {binary_bytes_per_sec}")
        }
    };
    // A template that cannot be parsed would be our own mistake; the default bar serves as well.
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style.progress_chars("=> ")).with_prefix(shown(label).to_string())
}
