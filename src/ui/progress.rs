//! Progress of downloads: bars on a terminal, a line every ten seconds in a log.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::totals::{self, Totals};
use crate::sanitize::sanitize;

/// The time between two progress lines in a log.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// The time between two redraws of a bar.
const TICK_INTERVAL: Duration = Duration::from_millis(200);

/// The length in characters at which labels are truncated.
const MAX_LABEL_WIDTH: usize = 26;

/// The columns of the terminal below which a bar shows the name and the percentage alone.
const NARROW: u16 = 76;

/// The progress of the downloads of a run.
pub struct Progress {
    /// None without a terminal.
    bars: Option<MultiProgress>,
    /// The columns of the terminal at the start of the run.
    columns: u16,
    /// The bar of each active download, by label.
    download_bars: HashMap<String, ProgressBar>,
    /// The bar below them for all downloads, if there are several.
    total_bar: Option<ProgressBar>,
    /// The line with a spinner during a wait.
    wait_line: Option<ProgressBar>,
    pub totals: Totals,
    /// The time of the last line in the log.
    logged_at: Duration,
}

impl Progress {
    /// Creates the progress, with bars if there is a terminal of so many columns.
    pub fn new(terminal: Option<(ProgressDrawTarget, u16)>, now: Duration) -> Progress {
        Progress {
            columns: terminal.as_ref().map_or(0, |(_, columns)| *columns),
            bars: terminal.map(|(target, _)| MultiProgress::with_draw_target(target)),
            download_bars: HashMap::new(),
            total_bar: None,
            wait_line: None,
            totals: Totals::default(),
            logged_at: now,
        }
    }

    /// Starts a download. Its first line in the log is due after the interval of the log.
    pub fn begin(&mut self, label: &str, size: Option<u64>, now: Duration) {
        if self.totals.is_idle() {
            self.logged_at = now;
        }
        self.totals.begin(label, size, now);
    }

    /// Sets the bytes received. Returns a line for the log if one is due.
    pub fn update(
        &mut self,
        label: &str,
        received: u64,
        size: Option<u64>,
        now: Duration,
    ) -> Option<String> {
        self.totals.update(label, received, size, now);
        if let Some(bars) = self.bars.clone() {
            self.draw(&bars, label, received, size);
            return None;
        }
        if now < self.logged_at + LOG_INTERVAL {
            return None;
        }
        self.logged_at = now;
        Some(self.totals.status_line())
    }

    fn draw(&mut self, bars: &MultiProgress, label: &str, received: u64, size: Option<u64>) {
        let width =
            self.totals.max_label_width().max(self.totals.heading().len()).min(MAX_LABEL_WIDTH);
        let layout = Layout { label: width, columns: self.columns };
        if self.total_bar.is_none() && self.totals.has_several() {
            let total_bar = bars.add(bar("", layout, self.totals.size(), "msg"));
            self.total_bar = Some(with_steady_tick(total_bar));
        }
        let download_bar = self.download_bars.entry(label.to_owned()).or_insert_with(|| {
            let bar = bar(label, layout, size, "left");
            with_steady_tick(match &self.total_bar {
                Some(total_bar) => bars.insert_before(total_bar, bar),
                None => bars.add(bar),
            })
        });
        download_bar.set_position(received);
        self.draw_total();
    }

    fn draw_total(&self) {
        let Some(total_bar) = &self.total_bar else { return };
        total_bar.set_prefix(self.totals.heading());
        total_bar.set_position(self.totals.received());
        self.totals.size().into_iter().for_each(|size| total_bar.set_length(size));
        let left = self.totals.time_left().map(totals::time_left);
        total_bar.set_message(left.map(|left| format!("{left} left")).unwrap_or_default());
    }

    /// Shows the reason of a wait and its duration on a terminal.
    pub fn show_wait(&mut self, why: &str) {
        let Some(bars) = &self.bars else { return };
        let line = self.wait_line.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}");
            let bar = bars.add(ProgressBar::no_length());
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            with_steady_tick(bar)
        });
        line.set_message(why.to_owned());
    }

    /// Removes the line of a wait.
    pub fn clear_wait(&mut self) {
        if let Some(line) = self.wait_line.take() {
            line.finish_and_clear();
        }
    }

    /// Completes a download and removes its bar.
    pub fn complete(&mut self, label: &str, bytes: u64, now: Duration) {
        self.totals.complete(label, bytes, now);
        self.draw_total();
        if let Some(bar) = self.download_bars.remove(label) {
            bar.finish_and_clear();
        }
    }

    /// Ends all downloads. Returns a summary if there were several.
    pub fn take_summary(&mut self) -> Option<String> {
        self.finish();
        self.totals.take_summary()
    }

    /// Removes all bars.
    pub fn finish(&mut self) {
        self.clear_wait();
        self.total_bar.take().iter().for_each(ProgressBar::finish_and_clear);
        self.download_bars.drain().for_each(|(_, bar)| bar.finish_and_clear());
    }

    /// Hides the bars while `write` prints to the terminal.
    pub fn suspend_bars(&self, write: impl FnOnce()) {
        match &self.bars {
            Some(bars) if self.has_bars() => bars.suspend(write),
            _ => write(),
        }
    }

    fn has_bars(&self) -> bool {
        !self.download_bars.is_empty() || self.total_bar.is_some() || self.wait_line.is_some()
    }
}

/// The widths of a bar and of its label.
#[derive(Debug, Clone, Copy)]
struct Layout {
    label: usize,
    columns: u16,
}

/// Creates a bar. `left` is the key of its remaining time: its own, or the message.
fn bar(label: &str, layout: Layout, size: Option<u64>, left: &str) -> ProgressBar {
    let bar = size.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let narrow = layout.columns < NARROW;
    // Fixed widths behind the bars let them end below each other.
    let columns = match size {
        Some(_) if narrow => "[{wide_bar}] {percent:>3}%".to_owned(),
        Some(_) => format!("[{{wide_bar}}] {{done:>19}} {{rate:>11}} {{{left}:>11}}"),
        None if narrow => "{spinner} {done}".to_owned(),
        None => "{spinner} {done} {rate}".to_owned(),
    };
    let width = layout.label.min(usize::from(layout.columns / 2)).max(1);
    // The template is constant, so parsing it cannot fail; the default bar satisfies the types.
    let style = ProgressStyle::with_template(&format!("{{prefix:{width}!}} {columns}"))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("done", |state: &ProgressState, out: &mut dyn Write| {
            let done = totals::bytes(state.pos());
            let size = state.len().map(|size| format!("/{}", totals::bytes(size)));
            let _ = write!(out, "{done}{}", size.unwrap_or_default());
        })
        .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{}/s", totals::bytes(state.per_sec() as u64));
        })
        .with_key("left", |state: &ProgressState, out: &mut dyn Write| {
            if state.per_sec() > 0.0 {
                let _ = write!(out, "{} left", totals::time_left(state.eta().as_secs()));
            }
        });
    bar.with_style(style.progress_chars("=> ")).with_prefix(sanitize(label).to_string())
}

/// Redraws a bar even if no bytes arrive, so that its rate falls. The bar must have been added to
/// the others before.
fn with_steady_tick(bar: ProgressBar) -> ProgressBar {
    // The ticks need a thread, without which the library panics.
    if std::thread::Builder::new().spawn(|| {}).is_ok() {
        bar.enable_steady_tick(TICK_INTERVAL);
    }
    bar
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// A terminal that records the lines drawn on it.
    #[derive(Debug, Clone)]
    struct Screen(Arc<Mutex<Vec<String>>>, u16);

    impl Screen {
        /// Returns the lines drawn since the last call.
        fn take_lines(&self) -> Vec<String> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            self.1
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

    fn progress_on(screen: &Screen) -> Progress {
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
        Progress::new(Some((target, screen.1)), Duration::ZERO)
    }

    /// Waits until the drawing thread has drawn a line with this beginning and content.
    #[track_caller]
    fn wait_for_line(screen: &Screen, begin: &str, within: &str) {
        let mut drawn = Vec::new();
        for _ in 0..500 {
            drawn.extend(screen.take_lines());
            if drawn.iter().any(|line| line.starts_with(begin) && line.contains(within)) {
                assert!(
                    drawn.iter().all(|line| line.chars().count() <= screen.1.into()),
                    "{drawn:#?}"
                );
                return;
            }
            #[allow(
                clippy::disallowed_methods,
                reason = "the drawing thread uses the system clock"
            )]
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{begin:?} with {within:?}: {drawn:#?}");
    }

    #[test]
    fn one_download_has_one_bar() {
        let screen = Screen(Arc::default(), 80);
        let mut progress = progress_on(&screen);
        let label = "a job with a name that is longer than a terminal should ever be asked to show";
        progress.begin(label, Some(8 * MIB), Duration::ZERO);
        progress.update(label, MIB, Some(8 * MIB), Duration::ZERO);
        wait_for_line(&screen, "a job with a name that is ", "]     1.0 MiB/8.0 MiB ");
        progress.complete(label, 8 * MIB, Duration::ZERO);
        assert_eq!(progress.take_summary(), None);
        assert!(!screen.take_lines().iter().any(|line| line.contains("archives")));
    }

    #[test]
    fn a_narrow_terminal_has_the_name_and_the_percentage() {
        let screen = Screen(Arc::default(), 40);
        let mut progress = progress_on(&screen);
        let archives = ["build (1)", "a job with a long name (2)"];
        progress.totals.expect(&archives.map(|label| (label.to_owned(), Some(8 * MIB))));
        progress.update("build (1)", 2 * MIB, Some(8 * MIB), Duration::ZERO);
        progress.update("a job with a long name (2)", 4 * MIB, Some(8 * MIB), Duration::ZERO);
        wait_for_line(&screen, "build (1)            [=", "]  25%");
        wait_for_line(&screen, "a job with a long na [=", "]  50%");
        wait_for_line(&screen, "0 of 2 archives      [=", "]  38%");
    }

    #[test]
    fn several_downloads_have_a_bar_each_and_one_for_all() {
        let screen = Screen(Arc::default(), 80);
        let mut progress = progress_on(&screen);
        let archives = ["build (1)", "docs (2)", "pack (3)"];
        progress.totals.expect(&archives.map(|label| (label.to_owned(), Some(8 * MIB))));
        progress.update("build (1)", 2 * MIB, Some(8 * MIB), Duration::ZERO);
        progress.update("docs (2)", 3 * MIB, None, Duration::ZERO);
        wait_for_line(&screen, "build (1)", "]     2.0 MiB/8.0 MiB ");
        wait_for_line(&screen, "docs (2)", " 3.0 MiB ");
        wait_for_line(&screen, "0 of 3 archives [", "]    5.0 MiB/24.0 MiB ");
        progress.complete("build (1)", 8 * MIB, Duration::ZERO);
        wait_for_line(&screen, "1 of 3 archives", "]   11.0 MiB/24.0 MiB ");
    }
}
