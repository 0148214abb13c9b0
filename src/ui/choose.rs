//! Choosing on a terminal: a list that is filtered by typing, with the arrow keys and Enter.
//!
//! The state of the list is plain data: a key goes in, and lines for the screen come out. The list
//! is erased when it ends, so that nothing of it stays between the other lines of the run.

use std::collections::BTreeSet;
use std::io;

use anstyle::Style;
use console::{Key, measure_text_width, truncate_str};
use jiff::Timestamp;

use super::age::age;
use super::streams::Ui;
use super::style::{FAINT, HINT};
use super::totals::bytes;
use super::tree::status_style::status_style;
use crate::env::Keyboard;
use crate::model::Status;
use crate::sanitize::sanitize;

/// The columns of the screen below which a line shows the name and its status alone.
const NARROW: usize = 60;

/// A job that is offered.
#[derive(Debug, Clone)]
pub struct Choice {
    pub name: String,
    /// The path or id of its project.
    pub project: String,
    pub status: Status,
    /// The size of its archive in bytes.
    pub size: Option<u64>,
    /// The time when it finished, in the form of RFC 3339.
    pub finished_at: Option<String>,
}

/// The number of choices that may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    One,
    Several,
}

impl Ui {
    /// Shows a list on standard error. Returns the indices of the choices taken, in the order of
    /// the list, or None if the user ended the list.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn choose(
        &self,
        choices: &[Choice],
        count: Count,
        keyboard: &mut dyn Keyboard,
    ) -> io::Result<Option<Vec<usize>>> {
        self.finish();
        let mut list = List::new(choices, count, self.clock.now());
        let mut drawn = 0;
        loop {
            let (rows, columns) = keyboard.screen_size();
            let lines = list.lines(usize::from(rows), usize::from(columns));
            let lines: Vec<String> = lines
                .into_iter()
                .map(|Line { style, text }| self.styled(style, &text) + "\r\n")
                .collect();
            self.draw(drawn, &lines.concat())?;
            drawn = lines.len();
            let outcome = match keyboard.read_key() {
                Ok(key) => list.press(&key),
                Err(error) => {
                    self.draw(drawn, "")?;
                    return Err(error);
                }
            };
            if let Outcome::Ended(taken) = outcome {
                self.draw(drawn, "")?;
                return Ok(taken);
            }
        }
    }

    /// Replaces the last lines of the screen by a text.
    fn draw(&self, lines: usize, text: &str) -> io::Result<()> {
        let erase = if lines > 0 { format!("\x1b[{lines}A\r\x1b[J") } else { String::new() };
        self.write_stderr(&(erase + text))
    }
}

/// The result of a key.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Open,
    /// None: the user ended the list without a choice.
    Ended(Option<Vec<usize>>),
}

/// A line of the screen, without escape sequences.
#[derive(Debug, PartialEq)]
struct Line {
    style: Style,
    text: String,
}

/// The state of the list.
struct List {
    rows: Vec<Row>,
    count: Count,
    filter: String,
    /// The position among the rows that match the filter.
    cursor: usize,
    marked: BTreeSet<usize>,
}

/// A choice as it is shown, with its status for the colour.
struct Row {
    name: String,
    /// Project, status, size and age.
    details: [String; 4],
    status: Status,
}

impl List {
    fn new(choices: &[Choice], count: Count, now: Timestamp) -> List {
        let shown = |text: &str| sanitize(text).to_string();
        let rows = choices.iter().map(|choice| Row {
            name: shown(&choice.name),
            details: [
                shown(&choice.project),
                shown(choice.status.as_str()),
                choice.size.map(bytes).unwrap_or_default(),
                choice.finished_at.as_deref().and_then(|at| age(at, now)).unwrap_or_default(),
            ],
            status: choice.status.clone(),
        });
        List {
            rows: rows.collect(),
            count,
            filter: String::new(),
            cursor: 0,
            marked: BTreeSet::new(),
        }
    }

    /// Returns the indices of the rows whose name holds the filter, in either case.
    fn matches(&self) -> Vec<usize> {
        let filter = self.filter.to_lowercase();
        let matches = |row: &Row| row.name.to_lowercase().contains(&filter);
        (0..self.rows.len()).filter(|index| matches(&self.rows[*index])).collect()
    }

    fn press(&mut self, key: &Key) -> Outcome {
        let matches = self.matches();
        let last = matches.len().saturating_sub(1);
        match key {
            Key::Escape | Key::CtrlC => return Outcome::Ended(None),
            Key::Enter => {
                let under_cursor = matches.get(self.cursor).copied().into_iter();
                let taken: Vec<usize> = match self.marked.is_empty() {
                    true => under_cursor.collect(),
                    false => self.marked.iter().copied().collect(),
                };
                if !taken.is_empty() {
                    return Outcome::Ended(Some(taken));
                }
            }
            Key::ArrowUp => self.cursor = self.cursor.saturating_sub(1),
            Key::ArrowDown => self.cursor = (self.cursor + 1).min(last),
            Key::PageUp => self.cursor = self.cursor.saturating_sub(10),
            Key::PageDown => self.cursor = (self.cursor + 10).min(last),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = last,
            Key::Char(' ') if self.count == Count::Several => {
                if let Some(index) = matches.get(self.cursor)
                    && !self.marked.remove(index)
                {
                    self.marked.insert(*index);
                }
            }
            Key::Backspace => {
                self.filter.pop();
                self.cursor = 0;
            }
            Key::Char(c) if !c.is_control() => {
                self.filter.push(*c);
                self.cursor = 0;
            }
            _ => {}
        }
        Outcome::Open
    }

    /// Returns the lines for a screen. None is as wide as the screen, because some terminals wrap
    /// a line that fills it.
    fn lines(&self, rows: usize, columns: usize) -> Vec<Line> {
        let width = columns.saturating_sub(1).max(1);
        let matches = self.matches();
        let visible = rows.saturating_sub(4).clamp(1, 20);
        let first = (self.cursor + 1).saturating_sub(visible);
        let widths = self.widths(columns);
        let question = match self.count {
            Count::One => "which job?",
            Count::Several => "which jobs?",
        };
        let filter = sanitize(&self.filter);
        let mut lines = vec![Line { style: HINT, text: format!("{question} {filter}") }];
        for (position, index) in matches.iter().enumerate().skip(first).take(visible) {
            let row = &self.rows[*index];
            let at_cursor = position == self.cursor;
            let style = status_style(&row.status).style;
            let style = if at_cursor { style.bold() } else { style };
            let text = self.row(row, at_cursor, self.marked.contains(index), &widths);
            lines.push(Line { style, text });
        }
        let marked = match self.marked.len() {
            0 => String::new(),
            count => format!(", {count} marked"),
        };
        let count = format!("{} of {}{marked}", matches.len(), self.rows.len());
        let keys = match self.count {
            Count::One => "type to filter, Enter takes, Esc ends",
            Count::Several => "type to filter, space marks, Enter takes, Esc ends",
        };
        lines.push(Line { style: FAINT, text: format!("{count}; {keys}") });
        for line in &mut lines {
            line.text = truncate_str(&line.text, width, "…").into_owned();
        }
        lines
    }

    /// Returns the widths of the name and of the details. A narrow screen shows no details but the
    /// status; on every screen the details leave the name at least a third.
    fn widths(&self, columns: usize) -> (usize, [usize; 4]) {
        let widest = |column: usize| {
            let widths = self.rows.iter().map(|row| measure_text_width(&row.details[column]));
            widths.max().unwrap_or(0)
        };
        let mut details = [widest(0).min(columns / 4), widest(1).min(12), widest(2), widest(3)];
        if columns < NARROW {
            details = [0, details[1], 0, 0];
        }
        let taken: usize = details.iter().filter(|width| **width > 0).map(|width| width + 2).sum();
        let name = self.rows.iter().map(|row| measure_text_width(&row.name)).max().unwrap_or(0);
        let marks = if self.count == Count::Several { 6 } else { 2 };
        (name.min(columns.saturating_sub(taken + marks + 1).max(columns / 3)), details)
    }

    fn row(
        &self,
        row: &Row,
        at_cursor: bool,
        marked: bool,
        widths: &(usize, [usize; 4]),
    ) -> String {
        let cursor = if at_cursor { "> " } else { "  " };
        let mark = match (self.count, marked) {
            (Count::One, _) => "",
            (Count::Several, true) => "[x] ",
            (Count::Several, false) => "[ ] ",
        };
        let mut text = format!("{cursor}{mark}{}", fitted(&row.name, widths.0));
        for (detail, width) in row.details.iter().zip(widths.1) {
            if width > 0 {
                text += "  ";
                text += &fitted(detail, width);
            }
        }
        text.trim_end().to_owned()
    }
}

/// Cuts or pads a text to a width.
fn fitted(text: &str, width: usize) -> String {
    let text = truncate_str(text, width, "…");
    let padding = width.saturating_sub(measure_text_width(&text));
    format!("{text}{}", " ".repeat(padding))
}

#[cfg(test)]
mod tests;
