//! The runner of the demo: runs a command in process, as in a CI job, and shows the folder.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use downriver::clock::Clock;
use downriver::env::{Env, Stream};
use downriver::interrupt::Interrupt;

use crate::fake::Fake;

/// The width in characters at which lines are wrapped.
const WIDTH: usize = 96;

/// A command and its expected outcome.
pub struct Scene {
    pub title: &'static str,
    pub command: &'static str,
    pub exit: u8,
    /// Texts that the output must contain.
    pub expects: &'static [&'static str],
    /// The file or folder that is shown afterwards; empty for none.
    pub shows: &'static str,
    /// A change of the stand-in while the command waits, as JSON; empty for none.
    pub change: &'static str,
}

impl Scene {
    pub const fn new(title: &'static str, command: &'static str) -> Scene {
        Scene { title, command, exit: 0, expects: &[], shows: "", change: "" }
    }
}

/// Runs the command as in a job of pipeline 9001. Returns the exit code and the output of both
/// streams.
pub fn play(scene: &Scene, fake: &Arc<Fake>, folder: &Path) -> (u8, String) {
    let output = Output::default();
    let stream = || Stream { writer: Box::new(output.clone()), terminal: false };
    let here = fake.here();
    let (secret, _) = fake.token("job");
    let vars = [
        ("CI_API_V4_URL", fake.api_url()),
        ("CI_PROJECT_ID", here["project"].to_string()),
        ("CI_PIPELINE_ID", here["pipeline"].to_string()),
        ("CI_JOB_TOKEN", secret),
        ("LANG", "C.UTF-8".to_owned()),
    ];
    let exit = downriver::run(Env {
        args: words(scene.command),
        vars: vars.map(|(name, value)| (name.to_owned(), value)).into(),
        not_unicode: Default::default(),
        dir: folder.to_owned(),
        stdin: Box::new(io::empty()),
        stdout: stream(),
        stderr: stream(),
        clock: Arc::new(DemoClock::new(fake, scene.change)),
        interrupt: Interrupt::default(),
    });
    (exit.code(), output.text())
}

/// Splits a command line like a shell; quotes must surround whole words.
fn words(command: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    for (number, part) in command.split('\'').enumerate() {
        let quoted = number % 2 == 1;
        if quoted {
            words.push(part.into());
        } else {
            words.extend(part.split_whitespace().map(OsString::from));
        }
    }
    words
}

/// Wraps a line; continuation lines are indented.
pub fn wrapped(line: &str) -> Vec<String> {
    if line.chars().count() <= WIDTH {
        return vec![line.to_owned()];
    }
    let text = line.trim_start();
    let indent = " ".repeat(line.len() - text.len());
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().unwrap();
        if last.is_empty() {
            *last = format!("{indent}{word}");
        } else if last.chars().count() + word.chars().count() < WIDTH {
            *last += &format!(" {word}");
        } else {
            lines.push(format!("{indent}      {word}"));
        }
    }
    lines
}

/// Prints a text file in full, a binary file by its size, and a folder with all files below it.
///
/// # Errors
/// The file or folder cannot be read, or the output cannot be written to.
pub fn show(out: &mut dyn Write, folder: &Path, name: &str) -> io::Result<()> {
    let path = folder.join(name);
    if name.is_empty() {
        return Ok(());
    }
    if path.is_dir() {
        writeln!(out, "\n  {name}/ now:")?;
        return list(out, &path, "");
    }
    match String::from_utf8(std::fs::read(&path)?) {
        Ok(text) => {
            writeln!(out, "\n  {name} now:")?;
            text.lines().try_for_each(|line| writeln!(out, "    {line}"))
        }
        Err(binary) => writeln!(out, "\n  {name} now: {} bytes", binary.as_bytes().len()),
    }
}

fn list(out: &mut dyn Write, folder: &Path, before: &str) -> io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        let about = entry.metadata()?;
        if about.is_symlink() {
            let target = std::fs::read_link(entry.path())?;
            writeln!(out, "          link  {name} -> {}", target.display())?;
        } else if about.is_dir() {
            list(out, &entry.path(), &format!("{name}/"))?;
        } else {
            writeln!(out, "  {:>6} bytes  {name}", about.len())?;
        }
    }
    Ok(())
}

/// The output of both streams of a run in the order of writing, as on a terminal.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A clock that advances only when the program sleeps, without really sleeping.
struct DemoClock {
    slept: Mutex<Duration>,
    fake: Arc<Fake>,
    change: &'static str,
}

impl DemoClock {
    fn new(fake: &Arc<Fake>, change: &'static str) -> DemoClock {
        DemoClock { slept: Mutex::default(), fake: Arc::clone(fake), change }
    }
}

impl Clock for DemoClock {
    fn now(&self) -> jiff::Timestamp {
        let start: jiff::Timestamp = "2026-03-02T10:10:00Z".parse().unwrap();
        start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.slept.lock().unwrap()
    }

    fn sleep(&self, pause: Duration) {
        *self.slept.lock().unwrap() += pause;
        if !self.change.is_empty() {
            self.fake.change(&serde_json::from_str(self.change).unwrap());
        }
    }
}
