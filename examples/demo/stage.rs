//! The stage of the demo: runs a command in process, in a job of the story, and shows the folder.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use downriver::clock::Clock;
use downriver::env::{Env, Stream};
use downriver::interrupt::Interrupt;

use crate::fake::Fake;

/// The width at which long lines of the program are wrapped, in characters.
const WIDTH: usize = 96;

/// A command, and how it is to end.
pub struct Scene {
    pub title: &'static str,
    pub typed: &'static str,
    pub exit: u8,
    /// Texts that the answer must contain.
    pub says: &'static [&'static str],
    /// The part of the folder that is shown afterwards: a file, or everything below a folder.
    pub shows: &'static str,
    /// A change in GitLab while the command waits, as JSON; empty if nothing changes.
    pub meanwhile: &'static str,
    /// True for the scenes of the short story.
    pub short: bool,
}

impl Scene {
    pub const fn new(title: &'static str, typed: &'static str) -> Scene {
        Scene { title, typed, exit: 0, says: &[], shows: "", meanwhile: "", short: false }
    }
}

/// Runs what was typed in a job of pipeline 9001: the exit code, and all that was said.
pub fn play(scene: &Scene, fake: &Arc<Fake>, folder: &Path) -> (u8, String) {
    let said = Said::default();
    let stream = || Stream { writer: Box::new(said.clone()), terminal: false };
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
        args: words(scene.typed),
        vars: vars.map(|(name, value)| (name.to_owned(), value)).into(),
        not_unicode: Default::default(),
        dir: folder.to_owned(),
        stdin: Box::new(io::empty()),
        keyboard: None,
        stdout: stream(),
        stderr: stream(),
        clock: Arc::new(StoryClock::new(fake, scene.meanwhile)),
        interrupt: Interrupt::default(),
    });
    (exit.code(), said.text())
}

/// As a shell splits them, where quotes stand around whole words.
fn words(typed: &str) -> Vec<OsString> {
    let mut words = Vec::new();
    for (number, part) in typed.split('\'').enumerate() {
        let quoted = number % 2 == 1;
        if quoted {
            words.push(part.into());
        } else {
            words.extend(part.split_whitespace().map(OsString::from));
        }
    }
    words
}

/// Wraps a line for a narrow terminal; the continuation lines are indented.
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

/// A small file in full, a binary one by its size, a folder with all that is below it.
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

/// Both streams of a run, in the order in which they are written, as a terminal shows them.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The time of the story. It moves only when the program waits, and nobody has to wait for it.
struct StoryClock {
    waited: Mutex<Duration>,
    fake: Arc<Fake>,
    meanwhile: &'static str,
}

impl StoryClock {
    fn new(fake: &Arc<Fake>, meanwhile: &'static str) -> StoryClock {
        StoryClock { waited: Mutex::default(), fake: Arc::clone(fake), meanwhile }
    }
}

impl Clock for StoryClock {
    fn now(&self) -> jiff::Timestamp {
        let start: jiff::Timestamp = "2026-03-02T10:10:00Z".parse().unwrap();
        start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.waited.lock().unwrap()
    }

    fn sleep(&self, pause: Duration) {
        *self.waited.lock().unwrap() += pause;
        if !self.meanwhile.is_empty() {
            self.fake.change(&serde_json::from_str(self.meanwhile).unwrap());
        }
    }
}
