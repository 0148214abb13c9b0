//! Escapes text from servers and archives for terminals and logs.
//!
//! Names of jobs, projects, refs and entries and GitLab's own messages can contain escape sequences,
//! line breaks (for a forged `section_start:` or `error:` line) and characters that change the order
//! of text on the screen.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::path::Path;

/// The longest text that [`sanitize`] displays, in bytes. Names from a server have no limit.
const MAX_LENGTH: usize = 1024;

/// Wraps a text so that it is displayed with each control character, line break and invisible or
/// reordering character written as `\u{…}`. A text of more than 1 KiB is cut and ends with `…`.
pub fn sanitize(text: &str) -> Sanitized<'_> {
    Sanitized { text, max_length: MAX_LENGTH }
}

/// Wraps a text like [`sanitize`] without cutting it, for results and for what is to be pasted.
pub fn sanitize_whole(text: &str) -> Sanitized<'_> {
    Sanitized { text, max_length: usize::MAX }
}

/// Escapes the same characters as [`sanitize`] in a JSON document, which stays the same document.
/// JSON itself requires escapes only below U+0020.
pub fn sanitize_json(document: &str) -> String {
    let mut text = String::with_capacity(document.len());
    for c in document.chars() {
        if is_unsafe(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text
}

/// A text that is escaped when displayed, see [`sanitize`].
#[derive(Debug, Clone, Copy)]
pub struct Sanitized<'a> {
    text: &'a str,
    max_length: usize,
}

impl fmt::Display for Sanitized<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.max_length;
        for c in self.text.chars() {
            let escaped = is_unsafe(c);
            let length = if escaped { c.escape_unicode().len() } else { c.len_utf8() };
            let Some(rest) = left.checked_sub(length) else { return f.write_char('…') };
            left = rest;
            if escaped { write!(f, "{}", c.escape_unicode())? } else { f.write_char(c)? }
        }
        Ok(())
    }
}

/// Returns bytes that are mostly UTF-8 as text, with each other byte as `\xff`.
pub fn escape_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    Cow::Owned(text)
}

/// Returns a path as text, with each byte that is not part of UTF-8 as `\xff`.
pub fn escape_path(path: &Path) -> Cow<'_, str> {
    escape_bytes(path.as_os_str().as_encoded_bytes())
}

/// Joins names for a message, and counts those beyond `max`: `a`, `b`, `c` and 4 more.
pub fn join_names<S: AsRef<str>>(names: &[S], max: usize) -> String {
    let mut list = String::new();
    for (i, name) in names.iter().take(max).enumerate() {
        let before = if i == 0 { "" } else { ", " };
        let _ = write!(list, "{before}`{}`", sanitize(name.as_ref()));
    }
    match names.len().saturating_sub(max) {
        0 => list,
        more => format!("{list} and {more} more"),
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_all_else_is_left_alone() {
        for (text, expect) in [
            ("build: [linux, x64]", "build: [linux, x64]"),
            ("docs/讀我.md é", "docs/讀我.md é"),
            ("a\u{1b}[31mred", "a\\u{1b}[31mred"),
            ("one\ntwo\r", "one\\u{a}two\\u{d}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("exe\u{202e}txt", "exe\\u{202e}txt"),
        ] {
            assert_eq!(sanitize(text).to_string(), expect);
        }
    }

    #[test]
    fn a_long_text_is_cut_except_in_results() {
        for (text, shown) in [
            ("a".repeat(1024), "a".repeat(1024)),
            ("a".repeat(1025), format!("{}…", "a".repeat(1024))),
            // No character is cut in half, and no escape either.
            ("ü".repeat(600), format!("{}…", "ü".repeat(512))),
            ("\u{1b}".repeat(300), format!("{}…", "\\u{1b}".repeat(1024 / 6))),
        ] {
            assert_eq!(sanitize(&text).to_string(), shown);
        }
        assert_eq!(sanitize_whole(&"a".repeat(5000)).to_string(), "a".repeat(5000));
    }

    #[test]
    fn json_stays_the_same_json_with_nothing_in_it_that_acts() {
        let value = serde_json::json!({ "name": "a\u{9b}2J\u{7f}\u{202e}\u{e0041}\u{1b}[m\né" });
        let text = sanitize_json(&format!("{value:#}"));
        assert!(text.contains(r"a\u009b2J\u007f\u202e\udb40\udc41\u001b[m\né"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn bytes_that_are_no_text_are_escaped_one_by_one() {
        for (bytes, expect) in [
            ("über".as_bytes(), "über"),
            (b"\xfcber", "\\xfcber"),
            (b"a\xe8\xae/b", "a\\xe8\\xae/b"),
        ] {
            assert_eq!(escape_bytes(bytes), expect);
        }
    }

    #[test]
    fn a_list_names_a_few_and_counts_the_rest() {
        assert_eq!(join_names(&["a", "b"], 3), "`a`, `b`");
        assert_eq!(join_names(&["a", "b", "c", "d"], 2), "`a`, `b` and 2 more");
    }
}
