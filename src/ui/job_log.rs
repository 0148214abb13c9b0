//! The log of a job as readable text. A raw log contains section markers for GitLab's page, escape
//! codes, and progress output that overwrites itself.

use std::fmt::Write;

use super::streams::Ui;
use crate::model::Job;
use crate::sanitize::sanitize;

/// Columns between two tab stops.
const TAB_WIDTH: usize = 8;

impl Ui {
    /// Prints the log of a job under a heading, on the stream that [`Ui::print_early`] chooses.
    /// In a GitLab job it is a collapsed section, so that it does not bury the other messages.
    /// `heading`: another heading, without a section.
    ///
    /// # Errors
    /// Standard output is closed or cannot be written to.
    pub fn log(
        &self,
        job: &Job,
        heading: Option<&str>,
        log: &[u8],
        on_stdout: bool,
    ) -> std::io::Result<()> {
        let colors = if on_stdout && !self.json { self.color_stdout } else { self.color_stderr };
        let readable = readable(&String::from_utf8_lossy(log), colors);
        let readable = readable.trim_end_matches('\n');
        if let Some(heading) = heading {
            return self.print_early(&format!("{heading}\n{readable}\n"), on_stdout);
        }
        let heading = format!("==== {} ({}): {} ====", sanitize(&job.name), job.id, job.status);
        let text = format!("{heading}\n{readable}");
        if !self.sections {
            return self.print_early(&text, on_stdout);
        }
        let (start, end) = section_markers(job.id.0, self.clock.now().as_second());
        self.print_early(&format!("{start}{text}\n{end}"), on_stdout)
    }
}

/// Returns the markers of a collapsed section, which GitLab's page interprets. Log lines cannot
/// imitate them, because [`readable`] removes carriage returns and this escape code.
///
/// Source: GitLab documentation, "Job logs", "Custom collapsible sections".
fn section_markers(job: u64, now: i64) -> (String, String) {
    let marker =
        |kind: &str, options: &str| format!("section_{kind}:{now}:job_{job}{options}\r\u{1b}[0K");
    (marker("start", "[collapsed=true]"), marker("end", ""))
}

/// Returns the log with section markers as headings and without escape codes, except colours if
/// `colors` is true.
fn readable(log: &str, colors: bool) -> String {
    let mut text = String::new();
    let mut colored = false;
    for line in log.split('\n') {
        let Some(line) = plain_line(line) else { continue };
        let (line, has_colors) = strip_escapes(&line, colors);
        colored |= has_colors;
        text += line.trim_end();
        text.push('\n');
    }
    if colored {
        text += "\u{1b}[0m";
    }
    text
}

/// Returns a line as a terminal finally shows it, with a heading where a section starts. Returns
/// None for a line that holds nothing but the marker of an end.
fn plain_line(line: &str) -> Option<String> {
    let line = line.trim_end_matches('\r');
    let (before, marker, rest) = match ["section_start:", "section_end:"]
        .into_iter()
        .filter_map(|marker| Some((line.find(marker)?, marker)))
        .min()
    {
        Some((at, marker)) if is_marker(&line[at + marker.len()..]) => {
            (&line[..at], marker, &line[at + marker.len()..])
        }
        // A carriage return overwrites the text before it.
        _ => return Some(line.rsplit('\r').next().unwrap_or_default().to_owned()),
    };
    let (name, after) = rest.split_once('\r').unwrap_or((rest, ""));
    let name = name.split_once(':').map_or(name, |(_, name)| name);
    // More markers can follow in the same line: the end of one section and the start of the next.
    let after = plain_line(after).unwrap_or_default();
    let (title, _) = strip_escapes(&after, false);
    if marker == "section_end:" {
        let rest = format!("{before}{after}");
        return (!strip_escapes(&rest, false).0.trim().is_empty()).then_some(rest);
    }
    let title = match title.trim() {
        "" => name.split('[').next().unwrap_or(name).replace('_', " "),
        title => title.trim_start_matches("== ").to_owned(),
    };
    Some(format!("{}== {title}", strip_escapes(before, false).0))
}

/// Returns true if a `section_start:` or `section_end:` is followed by `SECONDS:NAME`, and so is a
/// marker and not prose.
fn is_marker(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && rest[digits..].starts_with(':')
}

/// Removes escape codes, except those for colours if `colors` is true; the second value says if
/// any were kept. Tabs become spaces, and other control characters are sanitised.
fn strip_escapes(text: &str, colors: bool) -> (String, bool) {
    let mut plain = String::new();
    let mut colored = false;
    let mut column = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '\u{1b}' {
            let code = escape_code(rest);
            if colors && is_color(code) {
                colored = true;
                plain += code;
            }
            rest = &rest[code.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '\t' => {
                let spaces = TAB_WIDTH - column % TAB_WIDTH;
                plain.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            c => {
                let _ = write!(plain, "{}", sanitize(c.encode_utf8(&mut [0; 4])));
                column += 1;
            }
        }
    }
    (plain, colored)
}

/// Returns the escape code at the start of a text: `ESC [ … letter` (CSI), `ESC ] … BEL` (OSC), or
/// two characters.
fn escape_code(text: &str) -> &str {
    let end = |found: Option<usize>, default: usize| found.unwrap_or(default).min(text.len());
    let length = match text.as_bytes().get(1) {
        Some(b'[') => {
            let body = text.char_indices().skip(2);
            let mut body = body.skip_while(|(_, c)| matches!(c, ' '..='?'));
            body.next().map_or(text.len(), |(at, c)| {
                // An invalid final character is not part of the code.
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

/// Returns true for SGR codes such as `ESC [ 1 ; 31 m`, which change colours and weights only.
fn is_color(code: &str) -> bool {
    let inner = code.strip_prefix("\u{1b}[").and_then(|code| code.strip_suffix('m'));
    inner.is_some_and(|inner| inner.bytes().all(|b| b.is_ascii_digit() || b";:".contains(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_become_readable_text() {
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
    fn colours_are_kept_on_request_and_other_codes_are_removed() {
        let log = "\u{1b}[31mred\u{1b}[0m \u{1b}[2K\u{1b}[38;5;9mx\u{1b}[?25h";
        assert_eq!(readable(log, true), "\u{1b}[31mred\u{1b}[0m \u{1b}[38;5;9mx\n\u{1b}[0m");
        assert_eq!(readable("plain", true), "plain\n");
    }
}
