//! The edge to the person and the script: the only room that writes to a stream.
//!
//! Results go to standard output and everything else to standard error, so that a script can
//! read the one while a log keeps the other.

mod log;
pub mod progress;
mod story;
mod totals;
pub mod tree;

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstyle::{AnsiColor, Style};
use indicatif::ProgressDrawTarget;
use serde_json::Value;

use crate::args::{Color, Speech};
use crate::clock::Clock;
use crate::env::Stream;
use crate::exit::Exit;
use crate::report::Report;
use crate::sanitize::sanitize_json;
use progress::Progress;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();
const FAINT: Style = Style::new().dimmed();

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Voice {
    Quiet,
    Normal,
    Verbose,
}

/// Both streams of the run, and how to speak on them.
pub struct Ui {
    out: Mutex<Stream>,
    err: Mutex<Stream>,
    voice: Voice,
    color: bool,
    color_output: bool,
    json: bool,
    /// Whether long texts are marked as sections, for GitLab's page of a job.
    sections: bool,
    clock: Arc<dyn Clock>,
    progress: Mutex<Progress>,
    /// What was told, so that a lookup that is asked again does not repeat itself.
    told: Mutex<HashSet<String>>,
}

impl Ui {
    /// `plain` says that the variables ask for no colours (`NO_COLOR`, `TERM=dumb`).
    pub fn new(
        out: Stream,
        err: Stream,
        speech: &Speech,
        plain: bool,
        clock: Arc<dyn Clock>,
    ) -> Ui {
        let colored = |stream: &Stream| match speech.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.terminal && !plain,
        };
        let (color, color_output) = (colored(&err), colored(&out));
        let voice = match (speech.quiet, speech.verbose) {
            (true, _) => Voice::Quiet,
            (_, true) => Voice::Verbose,
            _ => Voice::Normal,
        };
        let bars = err.terminal && voice != Voice::Quiet;
        let bars = bars.then(ProgressDrawTarget::stderr);
        let progress = Mutex::new(Progress::new(bars, clock.elapsed()));
        Ui {
            out: Mutex::new(out),
            err: Mutex::new(err),
            voice,
            color,
            color_output,
            json: speech.json,
            sections: false,
            clock,
            progress,
            told: Mutex::default(),
        }
    }

    /// The same where GitLab's page of a job shows it.
    pub fn in_a_job(self, sections: bool) -> Ui {
        Ui { sections, ..self }
    }

    /// A line for a person on standard output; silent under `--json` and `--quiet`.
    pub fn line(&self, line: impl Display) -> io::Result<()> {
        if self.json || self.voice == Voice::Quiet {
            return Ok(());
        }
        let mut out = lock(&self.out);
        writeln!(out.writer, "{line}").and_then(|()| out.writer.flush())
    }

    /// Whether results are wanted as JSON.
    pub fn wants_json(&self) -> bool {
        self.json
    }

    /// The one document of `--json`.
    pub fn document(&self, document: &Value) -> io::Result<()> {
        let document = sanitize_json(&format!("{document:#}"));
        let mut out = lock(&self.out);
        writeln!(out.writer, "{document}").and_then(|()| out.writer.flush())
    }

    /// Whether standard output is a terminal, which no binary data must reach.
    pub fn shows_output(&self) -> bool {
        lock(&self.out).terminal
    }

    /// Whether results may be coloured.
    pub fn colors_output(&self) -> bool {
        self.color_output
    }

    /// Whether standard error is a terminal, where somebody can be asked.
    pub fn shows_story(&self) -> bool {
        lock(&self.err).terminal
    }

    /// Asks, and reads the answer; all that is not yes is no.
    pub fn asks(&self, question: &str, answers: &mut dyn Read) -> bool {
        self.finish();
        let mut err = lock(&self.err);
        if err.writer.write_all(question.as_bytes()).and_then(|()| err.writer.flush()).is_err() {
            return false;
        }
        let (mut line, mut byte) = (Vec::new(), [0]);
        // One byte at a time: what comes after the line is not for us.
        while line.len() < 1000 && matches!(answers.read(&mut byte), Ok(1)) && byte != *b"\n" {
            line.extend(byte);
        }
        let answer = String::from_utf8_lossy(&line).trim().to_ascii_lowercase();
        matches!(answer.as_str(), "y" | "yes")
    }

    /// Copies bytes to standard output as they are.
    pub fn copy(&self, from: &mut dyn Read) -> io::Result<u64> {
        let mut out = lock(&self.out);
        let count = io::copy(from, &mut out.writer)?;
        out.writer.flush()?;
        Ok(count)
    }

    /// What went wrong, for the person; and as a document, where one was asked for, together with
    /// `more` that there is to say in it.
    pub fn report(&self, report: &Report, more: Value) {
        self.finish();
        self.tell(Voice::Quiet, &format!("{} {}", self.styled(ERROR, "error:"), report.message));
        for hint in &report.hints {
            self.tell(Voice::Quiet, &format!("{} {hint}", self.styled(HINT, "hint:")));
        }
        // What was typed makes no sense, so that it asked for JSON need not be meant either.
        if self.json && report.exit != Exit::Usage {
            // There is nobody left to tell that standard output is closed.
            let mut document = report.json();
            if let (Value::Object(fields), Value::Object(more)) = (&mut document, more) {
                fields.extend(more);
            }
            let _ = self.document(&document);
        }
    }

    /// Something to know that stops nothing.
    pub fn warn(&self, warning: &str) {
        self.tell(Voice::Normal, &format!("{} {warning}", self.styled(WARNING, "warning:")));
    }

    /// Takes the progress bars away.
    pub fn finish(&self) {
        lock(&self.progress).finish();
    }

    /// Whether this was not told before.
    fn is_news(&self, text: &str) -> bool {
        lock(&self.told).insert(text.to_owned())
    }

    /// A line on standard error, if it speaks at that level. A closed one silences the rest.
    fn tell(&self, level: Voice, line: &str) {
        if self.voice >= level {
            lock(&self.progress).around(|| {
                let mut err = lock(&self.err);
                let _ = writeln!(err.writer, "{line}").and_then(|()| err.writer.flush());
            });
        }
    }

    fn styled(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// A stream stays usable although a thread panicked while it wrote.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
