//! Standard output and standard error, with the flags that decide what is printed on them.

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstyle::Style;
use indicatif::ProgressDrawTarget;
use serde::Serialize;
use serde_json::Value;

use super::json_writer::write_json;
use super::progress::Progress;
use super::style::{ERROR, HINT, WARNING};
use super::verbosity::Verbosity;
use crate::args::{Color, OutputArgs};
use crate::clock::Clock;
use crate::env::Stream;
use crate::exit::Exit;
use crate::report::Report;
use crate::sanitize::{escape_bytes, sanitize_whole};

/// The size limit, in bytes, of an answer to a question.
const MAX_ANSWER: usize = 1000;

/// Both streams of the run, and how to print on them.
pub struct Ui {
    stdout: Mutex<Stream>,
    stderr: Mutex<Stream>,
    verbosity: Verbosity,
    pub(super) color_stdout: bool,
    pub(super) color_stderr: bool,
    pub(super) json: bool,
    /// Marks long texts as collapsible sections for GitLab's page of a job.
    pub(super) sections: bool,
    pub(super) clock: Arc<dyn Clock>,
    progress: Mutex<Progress>,
    /// The lines printed so far by [`Ui::is_new`], so that polling does not repeat them.
    printed: Mutex<HashSet<String>>,
}

impl Ui {
    /// Creates the interface. `plain` is true if the variables ask for no colours (`NO_COLOR`,
    /// `TERM=dumb`).
    pub fn new(
        stdout: Stream,
        stderr: Stream,
        args: &OutputArgs,
        plain: bool,
        clock: Arc<dyn Clock>,
    ) -> Ui {
        let colored = |stream: &Stream| match args.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.terminal && !plain,
        };
        let (color_stdout, color_stderr) = (colored(&stdout), colored(&stderr));
        let verbosity = Verbosity::of(args);
        let has_bars = stderr.terminal && verbosity != Verbosity::Quiet;
        let target =
            has_bars.then(|| (ProgressDrawTarget::stderr(), console::Term::stderr().size().1));
        let progress = Mutex::new(Progress::new(target, clock.elapsed()));
        Ui {
            stdout: Mutex::new(stdout),
            stderr: Mutex::new(stderr),
            verbosity,
            color_stdout,
            color_stderr,
            json: args.json,
            sections: false,
            clock,
            progress,
            printed: Mutex::default(),
        }
    }

    /// Sets whether long texts are marked as sections for GitLab's page of a job.
    pub fn with_sections(self, sections: bool) -> Ui {
        Ui { sections, ..self }
    }

    /// Prints a line on standard output, unless `--json` or `--quiet` is given.
    ///
    /// # Errors
    /// Standard output is closed or cannot be written to.
    pub fn line(&self, line: impl Display) -> io::Result<()> {
        if self.json || self.verbosity == Verbosity::Quiet {
            return Ok(());
        }
        let mut stdout = lock(&self.stdout);
        writeln!(stdout.writer, "{line}").and_then(|()| stdout.writer.flush())
    }

    /// Prints a path on standard output. Characters that could act on a terminal are escaped. Bytes
    /// that are not part of UTF-8 are printed as they are, and on a terminal as `\xff`.
    ///
    /// # Errors
    /// Standard output is closed or cannot be written to.
    pub fn path_line(&self, path: &[u8]) -> io::Result<()> {
        if self.json || self.verbosity == Verbosity::Quiet {
            return Ok(());
        }
        let mut stdout = lock(&self.stdout);
        let mut line = Vec::with_capacity(path.len() + 1);
        for chunk in path.utf8_chunks() {
            write!(line, "{}", sanitize_whole(chunk.valid()))?;
            match stdout.terminal {
                true => line.extend(escape_bytes(chunk.invalid()).bytes()),
                false => line.extend(chunk.invalid()),
            }
        }
        line.push(b'\n');
        stdout.writer.write_all(&line).and_then(|()| stdout.writer.flush())
    }

    /// Prints an intermediate result: on standard output if `on_stdout` is true and no JSON
    /// document will follow there, else on standard error.
    ///
    /// # Errors
    /// Standard output is closed or cannot be written to.
    pub fn print_early(&self, text: &str, on_stdout: bool) -> io::Result<()> {
        if on_stdout && !self.json {
            return self.line(text);
        }
        self.message(Verbosity::Normal, text);
        Ok(())
    }

    /// Prints a dot without a line break on standard output.
    ///
    /// # Errors
    /// Standard output is closed or cannot be written to.
    pub fn dot(&self) -> io::Result<()> {
        let mut stdout = lock(&self.stdout);
        stdout.writer.write_all(b".").and_then(|()| stdout.writer.flush())
    }

    /// Returns true if results are to be printed as JSON.
    pub fn wants_json(&self) -> bool {
        self.json
    }

    /// Prints the document of `--json`, of which there is one in a run.
    ///
    /// # Errors
    /// Standard output is closed or cannot be written to.
    pub fn document(&self, document: &impl Serialize) -> io::Result<()> {
        write_json(&mut lock(&self.stdout).writer, document)
    }

    /// Returns true if standard output is a terminal, on which binary data must not be printed.
    pub fn stdout_is_terminal(&self) -> bool {
        lock(&self.stdout).terminal
    }

    /// Returns true if results may be coloured.
    pub fn color_stdout(&self) -> bool {
        self.color_stdout
    }

    /// Returns true if standard error is a terminal, on which a question can be asked.
    pub fn stderr_is_terminal(&self) -> bool {
        lock(&self.stderr).terminal
    }

    /// Returns true with `--quiet`.
    pub fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Asks a question on standard error and reads a line. Returns true only for `y` or `yes`.
    pub fn confirm(&self, question: &str, answers: &mut dyn Read) -> bool {
        self.finish();
        let mut stderr = lock(&self.stderr);
        let asked = stderr.writer.write_all(question.as_bytes());
        if asked.and_then(|()| stderr.writer.flush()).is_err() {
            return false;
        }
        let (mut line, mut byte) = (Vec::new(), [0]);
        // Reads single bytes, so as to leave the input after the line unread.
        while line.len() < MAX_ANSWER && matches!(answers.read(&mut byte), Ok(1)) && byte != *b"\n"
        {
            line.extend(byte);
        }
        let answer = String::from_utf8_lossy(&line).trim().to_ascii_lowercase();
        matches!(answer.as_str(), "y" | "yes")
    }

    /// Copies bytes unchanged to standard output, and returns their number.
    ///
    /// # Errors
    /// Reading fails, or standard output cannot be written to.
    pub fn copy(&self, from: &mut dyn Read) -> io::Result<u64> {
        let mut stdout = lock(&self.stdout);
        let count = io::copy(from, &mut stdout.writer)?;
        stdout.writer.flush()?;
        Ok(count)
    }

    /// Prints an error with its hints on standard error. With `--json` it also prints a document
    /// on standard output, into which the fields of `more` are merged.
    pub fn report(&self, report: &Report, more: Value) {
        self.finish();
        let error = self.styled(ERROR, "error:");
        self.message(Verbosity::Quiet, &format!("{error} {}", report.message));
        for hint in &report.hints {
            self.message(Verbosity::Quiet, &format!("{} {hint}", self.styled(HINT, "hint:")));
        }
        // After a usage error even the flag --json is in doubt.
        if self.json && report.exit != Exit::Usage {
            let mut document = report.json();
            if let (Value::Object(fields), Value::Object(more)) = (&mut document, more) {
                fields.extend(more);
            }
            // If standard output is closed, the error is already on standard error.
            let _ = self.document(&document);
        }
    }

    /// Prints a remark on standard error.
    pub fn note(&self, note: &str) {
        self.message(Verbosity::Normal, note);
    }

    /// Prints a warning on standard error.
    pub fn warn(&self, warning: &str) {
        let label = self.styled(WARNING, "warning:");
        self.message(Verbosity::Normal, &format!("{label} {warning}"));
    }

    /// Removes the progress bars.
    pub fn finish(&self) {
        self.progress().finish();
    }

    /// Returns the progress of the downloads, locked.
    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        lock(&self.progress)
    }

    /// Returns true the first time it is called with this text.
    pub(super) fn is_new(&self, text: &str) -> bool {
        lock(&self.printed).insert(text.to_owned())
    }

    /// Prints a line on standard error if the verbosity includes this level. Write errors are
    /// ignored: if standard error is closed, there is no stream to report them on.
    pub(super) fn message(&self, level: Verbosity, line: &str) {
        if self.verbosity >= level {
            self.progress().suspend_bars(|| {
                let mut stderr = lock(&self.stderr);
                let _ = writeln!(stderr.writer, "{line}").and_then(|()| stderr.writer.flush());
            });
        }
    }

    /// Writes text to standard error, whatever the verbosity.
    ///
    /// # Errors
    /// Standard error is closed.
    pub(super) fn write_stderr(&self, text: &str) -> io::Result<()> {
        let mut stderr = lock(&self.stderr);
        stderr.writer.write_all(text.as_bytes()).and_then(|()| stderr.writer.flush())
    }

    /// Applies a style, if standard error is coloured.
    pub(super) fn styled(&self, style: Style, text: &str) -> String {
        if self.color_stderr { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Locks a mutex, even if a thread panicked while it held it: the streams stay usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
