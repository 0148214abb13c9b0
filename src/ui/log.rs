//! The log of a job, made fit to be read: a runner writes marks for GitLab's page, colours, and
//! progress that draws over itself.

use std::fmt::Write;

use super::{Ui, Voice};
use crate::model::Job;
use crate::sanitize::sanitize;

/// Columns between two tab stops.
const TAB: usize = 8;

impl Ui {
    /// The log of a job under a heading, where `meanwhile` puts it. In a job of GitLab it is a
    /// section that is closed until somebody wants to read it; the few lines of everything else
    /// are better seen.
    pub fn log(&self, job: &Job, log: &[u8], out: bool) -> std::io::Result<()> {
        let colors = if out && !self.json { self.color_output } else { self.color };
        let heading = format!("==== {} ({}): {} ====", sanitize(&job.name), job.id, job.status);
        let text = format!("{heading}\n{}", readable(&String::from_utf8_lossy(log), colors));
        let text = text.trim_end_matches('\n');
        if !self.sections {
            return self.meanwhile(text, out);
        }
        let (begin, end) = section(job.id.0, self.clock.now().as_second());
        self.meanwhile(&format!("{begin}{text}\n{end}"), out)
    }

    /// What belongs to the results but comes before they are complete: on standard output, unless
    /// that is for a document or, as `out` says, for something else.
    pub fn meanwhile(&self, text: &str, out: bool) -> std::io::Result<()> {
        if out && !self.json {
            return self.line(text);
        }
        self.tell(Voice::Normal, text);
        Ok(())
    }
}

/// The marks of GitLab's page around a section. No text of another can look like one: what is
/// readable holds neither a carriage return nor this escape code.
fn section(job: u64, now: i64) -> (String, String) {
    let mark = |kind: &str, how: &str| format!("section_{kind}:{now}:job_{job}{how}\r\u{1b}[0K");
    (mark("start", "[collapsed=true]"), mark("end", ""))
}

/// The lines of a log, section marks as headings, with no escape codes but colours, if wanted.
fn readable(log: &str, colors: bool) -> String {
    let mut text = String::new();
    let mut colored = false;
    for line in log.split('\n') {
        let Some(line) = plain_line(line) else { continue };
        let (line, has_colors) = harmless(&line, colors);
        colored |= has_colors;
        text += line.trim_end();
        text.push('\n');
    }
    if colored {
        text += "\u{1b}[0m";
    }
    text
}

/// A line as a terminal would leave it standing, with a heading where a section begins; none where
/// there was nothing but the mark of an end.
fn plain_line(line: &str) -> Option<String> {
    let line = line.trim_end_matches('\r');
    let (before, mark, rest) = match ["section_start:", "section_end:"]
        .into_iter()
        .filter_map(|mark| Some((line.find(mark)?, mark)))
        .min()
    {
        Some((at, mark)) if is_mark(&line[at + mark.len()..]) => {
            (&line[..at], mark, &line[at + mark.len()..])
        }
        // What was drawn over is not repeated.
        _ => return Some(line.rsplit('\r').next().unwrap_or_default().to_owned()),
    };
    let (name, after) = rest.split_once('\r').unwrap_or((rest, ""));
    let name = name.split_once(':').map_or(name, |(_, name)| name);
    // Further marks can follow in the same line: the end of one section, the begin of the next.
    let after = plain_line(after).unwrap_or_default();
    let (title, _) = harmless(&after, false);
    if mark == "section_end:" {
        let left = format!("{before}{after}");
        return (!harmless(&left, false).0.trim().is_empty()).then_some(left);
    }
    let title = match title.trim() {
        "" => name.split('[').next().unwrap_or(name).replace('_', " "),
        title => title.trim_start_matches("== ").to_owned(),
    };
    Some(format!("{}== {title}", harmless(before, false).0))
}

/// Whether what follows the word is `SECONDS:NAME`, and not some text about it.
fn is_mark(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && rest[digits..].starts_with(':')
}

/// The text without escape codes, or with those for colours alone, and whether it has any of
/// those; tabs become blanks, and what else acts on a terminal is shown as what it is.
fn harmless(text: &str, colors: bool) -> (String, bool) {
    let mut plain = String::new();
    let mut colored = false;
    let mut column = 0;
    let mut left = text;
    while let Some(c) = left.chars().next() {
        if c == '\u{1b}' {
            let code = escape(left);
            if colors && is_color(code) {
                colored = true;
                plain += code;
            }
            left = &left[code.len()..];
            continue;
        }
        left = &left[c.len_utf8()..];
        match c {
            '\t' => {
                let blanks = TAB - column % TAB;
                plain.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            }
            c => {
                let _ = write!(plain, "{}", sanitize(c.encode_utf8(&mut [0; 4])));
                column += 1;
            }
        }
    }
    (plain, colored)
}

/// The escape code at the begin of a text: `ESC [ … letter`, `ESC ] … BEL`, or two characters.
fn escape(text: &str) -> &str {
    let end = |found: Option<usize>, default: usize| found.unwrap_or(default).min(text.len());
    let length = match text.as_bytes().get(1) {
        Some(b'[') => {
            let body = text.char_indices().skip(2);
            let mut body = body.skip_while(|(_, c)| matches!(c, ' '..='?'));
            body.next().map_or(text.len(), |(at, c)| {
                // What is no final letter belongs to the text again.
                if matches!(c, '@'..='~') { at + 1 } else { at }
            })
        }
        Some(b']' | b'P' | b'^' | b'_') => {
            let bell = text.find('\u{7}').map(|at| at + 1);
            let string = text[1..].find("\u{1b}\\").map(|at| at + 3);
            end(bell.into_iter().chain(string).min(), text.len())
        }
        _ => text.char_indices().nth(2).map_or(text.len(), |(at, _)| at),
    };
    &text[..length]
}

/// `ESC [ 1 ; 31 m`: colours and weights, which move nothing.
fn is_color(code: &str) -> bool {
    let inner = code.strip_prefix("\u{1b}[").and_then(|code| code.strip_suffix('m'));
    inner.is_some_and(|inner| inner.bytes().all(|b| b.is_ascii_digit() || b";:".contains(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_made_fit_to_be_read() {
        for (log, expect) in [
            ("building\nJob succeeded\n", "building\nJob succeeded\n\n"),
            (
                "section_start:1700000000:prepare_executor\r\u{1b}[0K\u{1b}[36;1mPreparing the \"docker\" executor\u{1b}[0;m\n",
                "== Preparing the \"docker\" executor\n\n",
            ),
            (
                "section_start:1700000000:my_tests[collapsed=true]\r\u{1b}[0K\nok\nsection_end:1700000009:my_tests\r\u{1b}[0K\n",
                "== my tests\nok\n\n",
            ),
            (
                "section_end:1:a_b\r\u{1b}[0Ksection_start:2:c_d\r\u{1b}[0K\u{1b}[0KStep c\nx",
                "== Step c\nx\n",
            ),
            (
                "2026-03-02T10:00:00.000000Z 00O section_start:1:a\r\u{1b}[0KTitle",
                "2026-03-02T10:00:00.000000Z 00O == Title\n",
            ),
            ("10 %\r50 %\r100 %\nend\r\n", "100 %\nend\n\n"),
            ("the word section_start: in a text", "the word section_start: in a text\n"),
            ("a\tb\u{1b}[2J\u{1b}[1;1Hc", "a       bc\n"),
            ("\u{1b}]0;title\u{7}x\u{1b}]8;;http://a\u{1b}\\link", "xlink\n"),
            ("\u{1b}[31mred\u{1b}[0m \u{9b}2J \u{7}", "red \\u{9b}2J \\u{7}\n"),
            ("\u{1b}", "\n"),
            ("\u{1b}[", "\n"),
            ("\u{1b}[31é", "é\n"),
        ] {
            assert_eq!(readable(log, false), expect, "{log:?}");
        }
    }

    #[test]
    fn colours_stay_where_they_are_wanted_and_nothing_else_does() {
        let log = "\u{1b}[31mred\u{1b}[0m \u{1b}[2K\u{1b}[38;5;9mx\u{1b}[?25h";
        assert_eq!(readable(log, true), "\u{1b}[31mred\u{1b}[0m \u{1b}[38;5;9mx\n\u{1b}[0m");
        assert_eq!(readable("plain", true), "plain\n");
    }
}
