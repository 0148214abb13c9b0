//! The result of a run: its assertions, the conditions for every run, and the report of a failure.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::fake::Logged;
use crate::folder::{Item, items};

/// The result of a run.
///
/// In `stdout` and `stderr`, parts that differ between runs are replaced by `<dir>`, `<home>`,
/// `<api>` and `<store>` (the origins), `<api-host>` and `<store-host>`.
pub struct Ran {
    pub args: Vec<String>,
    pub vars: BTreeMap<String, String>,
    /// None if the run panicked or hung.
    pub exit: Option<u8>,
    pub ending: String,
    pub raw_stdout: Vec<u8>,
    pub raw_stderr: Vec<u8>,
    pub stdout: String,
    pub stderr: String,
    /// The requests of the run in short, and in full.
    pub requests: Vec<String>,
    pub log: Vec<Logged>,
    pub pauses: Vec<Duration>,
    /// Holds `work`, where the run started, and `home`.
    pub place: Arc<TempDir>,
    pub before: Vec<Item>,
    pub violations: Vec<String>,
    pub idle_faults: Vec<String>,
    pub secrets: Vec<String>,
}

impl Ran {
    /// Checks the conditions that hold for every run.
    pub fn finished(mut self, api: &str, store: &str, colour: bool, binary: bool) -> Ran {
        let place = |folder: &str| self.place.path().join(folder).display().to_string();
        let host = |origin: &str| origin.trim_start_matches("http://").to_owned();
        let plain = |bytes: &[u8]| {
            let mut text = String::from_utf8_lossy(bytes).into_owned();
            for (from, to) in [
                (place("work"), "<dir>"),
                (place("home"), "<home>"),
                (api.to_owned(), "<api>"),
                (store.to_owned(), "<store>"),
                (host(api), "<api-host>"),
                (host(store), "<store-host>"),
            ] {
                text = text.replace(&from, to);
            }
            text
        };
        (self.stdout, self.stderr) = (plain(&self.raw_stdout), plain(&self.raw_stderr));
        self.requests = self.log.iter().map(|logged| logged.short.clone()).collect();

        self.check(self.exit.is_some(), "it neither panics nor hangs");
        self.check(self.violations.is_empty(), "the server is asked only what GitLab allows");
        self.check(self.idle_faults.is_empty(), "every scripted fault strikes");
        let in_a_job = self.vars.contains_key("GITLAB_CI");
        let marked = |text: &str| if in_a_job { without_marks(text) } else { text.to_owned() };
        let (out, err) = (marked(&self.stdout), marked(&self.stderr));
        self.check(binary || harmless(&out, colour), "stdout holds no control characters");
        self.check(harmless(&err, colour), "stderr holds no control characters");
        let after = items(self.place.path());
        for secret in &self.secrets {
            let there = |bytes: &[u8]| contains(bytes, secret.as_bytes());
            let spilt = there(&self.raw_stdout) || there(&self.raw_stderr);
            self.check(!spilt, "no token and no signature is printed");
            let written =
                after.iter().find(|item| there(&item.content) && !self.before.contains(item));
            self.check(written.is_none(), "no token and no signature is written to a file");
        }
        let left = after.iter().find(|item| item.path.contains(".downriver-"));
        self.check(left.is_none(), "nothing private is left behind");
        self
    }

    /// Asserts a condition, and prints the whole run if it is false.
    #[track_caller]
    pub fn check(&self, holds: bool, what: &str) {
        assert!(holds, "\n--- {what}: not so.\n{}", self.story());
    }

    /// Asserts exactly these requests, in this order.
    #[track_caller]
    pub fn asks(&self, requests: &[&str]) -> &Ran {
        let expected = requests.join("\n    ");
        self.check(self.requests == requests, &format!("it asks just\n    {expected}\n"));
        self
    }

    /// Asserts that standard error contains this text, with paths in the system's form.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Ran {
        let said = self.stderr.contains(text) || slashed(&self.stderr).contains(text);
        self.check(said, &format!("stderr says {text:?}"));
        self
    }

    #[track_caller]
    pub fn never_says(&self, text: &str) -> &Ran {
        let both = [&self.stdout, &self.stderr];
        self.check(!both.iter().any(|s| s.contains(text)), &format!("nothing says {text:?}"));
        self
    }

    /// Asserts that standard output is exactly this.
    #[track_caller]
    pub fn prints(&self, text: &str) -> &Ran {
        let printed = self.stdout == text || slashed(&self.stdout) == text;
        self.check(printed, &format!("stdout is just {text:?}"));
        self
    }

    /// Parses standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let parsed = serde_json::from_str(&self.stdout);
        self.check(parsed.is_ok(), "stdout is one JSON document");
        parsed.unwrap_or_default()
    }

    /// Asserts that every file, folder and link is unchanged.
    #[track_caller]
    pub fn changes_nothing(&self) -> &Ran {
        self.check(self.is_unchanged(), "it leaves all files as they were");
        self
    }

    pub fn is_unchanged(&self) -> bool {
        items(self.place.path()) == self.before
    }

    /// Returns the files, folders and links of the run's folder in the form of `Item::line`.
    pub fn tree(&self) -> Vec<String> {
        self.items().iter().map(Item::line).collect()
    }

    /// Returns only the paths of the files and links.
    pub fn files(&self) -> Vec<String> {
        let files = self.items().into_iter().filter(|item| !item.path.ends_with('/'));
        files.map(|item| item.path).collect()
    }

    pub fn items(&self) -> Vec<Item> {
        items(&self.place.path().join("work"))
    }

    /// Reads a file below the run's folder.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        let found = self.items().into_iter().find(|item| item.path == path);
        self.check(found.is_some(), &format!("there is a file {path:?}"));
        found.map(|item| String::from_utf8_lossy(&item.content).into_owned()).unwrap_or_default()
    }

    fn story(&self) -> String {
        let mut story = String::new();
        let vars = self.vars.iter().map(|(name, value)| format!("{name}={value}"));
        let requests =
            self.log.iter().map(|l| format!("{} {} ({} bytes)", l.status, l.short, l.bytes_sent));
        let pauses = self.pauses.iter().map(|pause| format!("{pause:?}"));
        let tree = items(self.place.path());
        for (title, lines) in [
            ("command", vec![format!("{:?}", self.args), self.ending.clone()]),
            ("variables", vars.collect()),
            ("stdout", self.stdout.lines().map(str::to_owned).collect()),
            ("stderr", self.stderr.lines().map(str::to_owned).collect()),
            ("requests", requests.collect()),
            ("pauses", pauses.collect()),
            ("violations", self.violations.clone()),
            ("faults that never struck", self.idle_faults.clone()),
            ("files", tree.iter().map(Item::line).collect()),
        ] {
            if !lines.is_empty() {
                let _ = writeln!(story, "{title}\n    {}", lines.join("\n    "));
            }
        }
        story
    }
}

/// Returns if a text has no control sequences; colours are allowed where they were asked for.
fn harmless(text: &str, colour: bool) -> bool {
    let fine = |c: char| c == '\n' || (colour && matches!(c, '\u{1b}' | '\r'));
    text.chars().all(|c| fine(c) || !c.is_control())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

#[test]
fn colours_are_harmless_only_where_they_were_asked_for() {
    for (text, colour, expect) in [
        ("a line\n", false, true),
        ("讀我 é", false, true),
        ("\u{1b}[31mred", true, true),
        ("\u{1b}[31mred", false, false),
        ("\u{9b}2J", true, false),
        ("over\rwritten", false, false),
    ] {
        assert_eq!(harmless(text, colour), expect, "{text:?} {colour}");
    }
}

/// Removes the section markers, of which each line can begin with one.
fn without_marks(text: &str) -> String {
    let lines = text.split('\n').map(|line| match line.strip_prefix("section_") {
        Some(mark) => mark.replacen("\r\u{1b}[0K", "", 1),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns a text with `/` in the paths of Windows.
pub fn slashed(text: &str) -> String {
    if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() }
}
