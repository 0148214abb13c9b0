//! Progress bars as the program draws them, at one moment of three downloads.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use downriver::ui::progress::Progress;
use indicatif::{ProgressDrawTarget, TermLike};

const MIB: u64 = 1 << 20;
/// Labels that fit in front of the bars, MiB downloaded, MiB in all, and the text about the speed.
const DOWNLOADS: [(&str, u64, u64, &str); 3] = [
    ("build-repo (70108)", 96, 162, "41.2 MiB/s 2s left"),
    ("linux: [x64] (70102)", 31, 47, "20.6 MiB/s 1s left"),
    ("windows: [x64] (70107)", 8, 52, "12.1 MiB/s 4s left"),
];
const ALL: &str = "73.9 MiB/s 4s left";

/// A command line and its progress bars.
pub fn three(width: usize) -> String {
    let screen = Screen { width: width as u16, lines: Arc::default() };
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
    let mut progress = Progress::new(Some((target, width as u16)), Duration::ZERO);
    let expected = DOWNLOADS.map(|(label, _, of, _)| (label.to_owned(), Some(of * MIB)));
    progress.totals.expect(&expected);
    for (label, done, of, _) in DOWNLOADS {
        progress.begin(label, Some(of * MIB), Duration::ZERO);
        progress.update(label, done * MIB, Some(of * MIB), Duration::ZERO);
    }
    let mut lines =
        vec![super::prompt("downriver fetch build-repo linux windows --separate -D vendor")];
    let (done, of) = DOWNLOADS.iter().fold((0, 0), |sum, it| (sum.0 + it.1, sum.1 + it.2));
    for (label, done, of, told) in DOWNLOADS.into_iter().chain([("0 of 3 archives", done, of, ALL)])
    {
        lines.push(steady(&screen.drawn(label, done), told, done as f64 / of as f64, width));
    }
    progress.finish();
    lines.join("\n")
}

/// Replaces the speed and the length of the bar, which depend on the clock of the library, so that
/// the picture is equal each time.
fn steady(line: &str, told: &str, share: f64, width: usize) -> String {
    let (before, rest) = line.rsplit_once(" [").expect("a bar in the line");
    let (_, rest) = rest.split_once("] ").expect("the end of the bar");
    let count: Vec<&str> = rest.split_whitespace().take(3).collect();
    let (speed, left) = told.split_at(told.find("/s ").expect("a rate") + 2);
    let rest = format!("{:>19} {speed:>11} {:>11}", count.join(" "), left.trim());
    let length = width - before.chars().count() - rest.len() - 4;
    let filled = (length as f64 * share) as usize;
    format!("{before} [{:<length$}] {rest}", "=".repeat(filled) + ">")
}

/// A terminal that keeps what is drawn on it.
#[derive(Debug, Clone)]
struct Screen {
    width: u16,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Screen {
    /// The bar with that label, once it is drawn with so many MiB: a thread of its own does that.
    fn drawn(&self, label: &str, done: u64) -> String {
        let begin: String = label.chars().take(26).collect();
        let within = format!(" {done}.0 MiB/");
        loop {
            let lines = self.lines.lock().unwrap();
            let bar =
                lines.iter().rev().find(|line| line.starts_with(&begin) && line.contains(&within));
            if let Some(bar) = bar {
                return bar.clone();
            }
            drop(lines);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.width
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
        self.lines.lock().unwrap().push(text.trim_end().to_owned());
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
