//! Bytes on their way: bars on a terminal, a line every ten seconds in a log.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::totals::Totals;
use crate::sanitize::sanitize;

/// How often a log is told.
const EVERY: Duration = Duration::from_secs(10);

/// A label that is longer than this, in characters, is cut.
const WIDEST: usize = 26;

/// The downloads that are going on.
pub struct Progress {
    /// None where there is no terminal.
    bars: Option<MultiProgress>,
    each: HashMap<String, ProgressBar>,
    /// Below those of each, where there are several.
    all: Option<ProgressBar>,
    /// The live line of a wait.
    wait: Option<ProgressBar>,
    pub totals: Totals,
    told: Duration,
}

impl Progress {
    /// With bars on a terminal, or without.
    pub fn new(terminal: Option<ProgressDrawTarget>, now: Duration) -> Progress {
        Progress {
            bars: terminal.map(MultiProgress::with_draw_target),
            each: HashMap::new(),
            all: None,
            wait: None,
            totals: Totals::default(),
            told: now,
        }
    }

    /// A download is asked for: the log hears of it in a while.
    pub fn begin(&mut self, label: &str, size: Option<u64>, now: Duration) {
        if self.totals.is_idle() {
            self.told = now;
        }
        self.totals.begin(label, size, now);
    }

    /// Takes note of the count of bytes; gives back a line when it is time for one in the log.
    pub fn update(
        &mut self,
        label: &str,
        done: u64,
        total: Option<u64>,
        now: Duration,
    ) -> Option<String> {
        self.totals.update(label, done, total, now);
        if let Some(bars) = self.bars.clone() {
            self.draw(&bars, label, done, total);
            return None;
        }
        if now < self.told + EVERY {
            return None;
        }
        self.told = now;
        Some(self.totals.line())
    }

    fn draw(&mut self, bars: &MultiProgress, label: &str, done: u64, total: Option<u64>) {
        let width = self.totals.widest().max(self.totals.heading().len()).min(WIDEST);
        if self.all.is_none() && self.totals.are_several() {
            self.all = Some(ticking(bars.add(bar("", width, self.totals.of()))));
        }
        let each = self.each.entry(label.to_owned()).or_insert_with(|| {
            let bar = bar(label, width, total);
            ticking(match &self.all {
                Some(all) => bars.insert_before(all, bar),
                None => bars.add(bar),
            })
        });
        each.set_position(done);
        self.draw_all();
    }

    fn draw_all(&self) {
        let Some(all) = &self.all else { return };
        all.set_prefix(self.totals.heading());
        all.set_position(self.totals.done());
        self.totals.of().into_iter().for_each(|of| all.set_length(of));
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
    pub fn done(&mut self, label: &str, bytes: u64, now: Duration) {
        self.totals.end(label, bytes, now);
        self.draw_all();
        if let Some(bar) = self.each.remove(label) {
            bar.finish_and_clear();
        }
    }

    /// All downloads are over; gives back what they came to, where there were several.
    pub fn sum(&mut self) -> Option<String> {
        self.finish();
        self.totals.sum()
    }

    pub fn finish(&mut self) {
        self.arrived();
        self.all.take().iter().for_each(ProgressBar::finish_and_clear);
        self.each.drain().for_each(|(_, bar)| bar.finish_and_clear());
    }

    /// Runs something that writes to the terminal, with the bars out of its way.
    pub fn around(&self, write: impl FnOnce()) {
        match &self.bars {
            Some(bars) if !self.each.is_empty() || self.all.is_some() || self.wait.is_some() => {
                bars.suspend(write)
            }
            _ => write(),
        }
    }
}

fn bar(label: &str, width: usize, total: Option<u64>) -> ProgressBar {
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let rest = match total {
        Some(_) => {
            "[{wide_bar}] {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta} left"
        }
        None => "{spinner} {binary_bytes} {binary_bytes_per_sec}",
    };
    // A template that cannot be parsed would be our own mistake; the default bar serves as well.
    let style = ProgressStyle::with_template(&format!("{{prefix:{width}!}} {rest}"))
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style.progress_chars("=> ")).with_prefix(sanitize(label).to_string())
}

/// A bar that is drawn also when nothing comes, so that one sees it become slower. It must have
/// its place among the others first.
fn ticking(bar: ProgressBar) -> ProgressBar {
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// A terminal that keeps the lines that are drawn, and has no past.
    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<Vec<String>>>);

    impl Screen {
        /// What was drawn since the last look.
        fn drawn(&self) -> Vec<String> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            80
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(line)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            if !text.trim().is_empty() {
                self.0.lock().unwrap().push(text.trim_end().to_owned());
            }
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    const MIB: u64 = 1 << 20;

    fn on(screen: &Screen) -> Progress {
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
        Progress::new(Some(target), Duration::ZERO)
    }

    /// Waits for the bars to be drawn, which a thread of theirs does, until one is like this.
    #[track_caller]
    fn shows(screen: &Screen, begin: &str, within: &str) {
        let mut drawn = Vec::new();
        for _ in 0..500 {
            drawn.extend(screen.drawn());
            if drawn.iter().any(|line| line.starts_with(begin) && line.contains(within)) {
                assert!(drawn.iter().all(|line| line.chars().count() <= 80), "{drawn:#?}");
                return;
            }
            #[allow(clippy::disallowed_methods, reason = "that thread has a clock of its own")]
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{begin:?} with {within:?}: {drawn:#?}");
    }

    #[test]
    fn one_download_has_one_bar() {
        let screen = Screen::default();
        let mut progress = on(&screen);
        let label = "a job with a name that is longer than a terminal should ever be asked to show";
        progress.begin(label, Some(8 * MIB), Duration::ZERO);
        progress.update(label, MIB, Some(8 * MIB), Duration::ZERO);
        shows(&screen, "a job with a name that is ", "] 1.00 MiB/8.00 MiB ");
        progress.done(label, 8 * MIB, Duration::ZERO);
        assert_eq!(progress.sum(), None);
        assert!(!screen.drawn().iter().any(|line| line.contains("archives")));
    }

    #[test]
    fn several_downloads_have_a_bar_each_and_one_for_all() {
        let screen = Screen::default();
        let mut progress = on(&screen);
        let archives = ["build (1)", "docs (2)", "pack (3)"];
        progress.totals.expect(&archives.map(|label| (label.to_owned(), Some(8 * MIB))));
        progress.update("build (1)", 2 * MIB, Some(8 * MIB), Duration::ZERO);
        progress.update("docs (2)", 3 * MIB, None, Duration::ZERO);
        shows(&screen, "build (1)", "] 2.00 MiB/8.00 MiB ");
        shows(&screen, "docs (2)", " 3.00 MiB ");
        shows(&screen, "0 of 3 archives [", "] 5.00 MiB/24.00 MiB ");
        progress.done("build (1)", 8 * MIB, Duration::ZERO);
        shows(&screen, "1 of 3 archives", "] 11.00 MiB/24.00 MiB ");
    }
}
