//! One run of the program in this process, from arguments, variables and a world to exit code,
//! output, files and the list of requests.
//!
//! `Run::new("two-repos").args("fetch build-repo --json").succeeds()`. `Ran` checks the conditions
//! that hold for every run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use console::Key;
use downriver::env::{Env, Keyboard, Stream};
use downriver::interrupt::Interrupt;
use tempfile::TempDir;

use crate::fake::{Fake, World};
use crate::folder::items;
use crate::outside::{FakeClock, Pipe};
use crate::ran::Ran;

/// The time limit of a run, long enough for an emulator on a busy machine.
const LONGEST: Duration = Duration::from_secs(300);

/// The server of a run: shared with the test, or its own.
pub enum Server<'a> {
    Shared(&'a Fake),
    Own(Box<Fake>),
}

impl Server<'_> {
    pub fn fake(&self) -> &Fake {
        match self {
            Server::Shared(fake) => fake,
            Server::Own(fake) => fake,
        }
    }
}

impl<'a> From<&'a Fake> for Server<'a> {
    fn from(fake: &'a Fake) -> Server<'a> {
        Server::Shared(fake)
    }
}

impl From<Fake> for Server<'_> {
    fn from(fake: Fake) -> Self {
        Server::Own(Box::new(fake))
    }
}

impl From<World> for Server<'_> {
    fn from(world: World) -> Self {
        Fake::start(world).into()
    }
}

impl From<&str> for Server<'_> {
    fn from(name: &str) -> Self {
        World::named(name).into()
    }
}

/// A keyboard on which some keys are typed, and then Escape.
struct Keys(std::vec::IntoIter<Key>);

impl Keyboard for Keys {
    fn read_key(&mut self) -> io::Result<Key> {
        Ok(self.0.next().unwrap_or(Key::Escape))
    }

    fn screen_size(&self) -> (u16, u16) {
        (24, 80)
    }
}

/// A run that is being prepared.
pub struct Run<'a> {
    server: Server<'a>,
    args: Vec<OsString>,
    vars: BTreeMap<String, String>,
    stdin: Vec<u8>,
    keys: Option<Vec<Key>>,
    terminal: bool,
    binary: bool,
    may_leave_files: bool,
    stdout_holds: usize,
    place: Arc<TempDir>,
    interrupt: Interrupt,
    clock: FakeClock,
}

impl<'a> Run<'a> {
    /// Prepares a run against a fake, a world, or a world by its name, in the job of its `here`.
    pub fn new(server: impl Into<Server<'a>>) -> Run<'a> {
        let server = server.into();
        let place = Arc::new(tempfile::tempdir().unwrap());
        for folder in ["work", "home"] {
            std::fs::create_dir(place.path().join(folder)).unwrap();
        }
        let here = server.fake().here();
        let (secret, kind) = server.fake().token(here["token"].as_str().unwrap());
        let token = if kind == "job" { "CI_JOB_TOKEN" } else { "GITLAB_TOKEN" };
        let mut vars = BTreeMap::new();
        for (name, value) in [
            ("CI_API_V4_URL", server.fake().api_url()),
            ("CI_PROJECT_ID", here["project"].to_string()),
            ("CI_PIPELINE_ID", here["pipeline"].to_string()),
            ("HOME", place.path().join("home").display().to_string()),
            (token, secret),
        ] {
            vars.insert(name.to_owned(), value);
        }
        Run {
            server,
            args: vec!["downriver".into()],
            vars,
            stdin: Vec::new(),
            keys: None,
            terminal: false,
            binary: false,
            may_leave_files: false,
            stdout_holds: usize::MAX,
            place,
            interrupt: Interrupt::default(),
            clock: FakeClock::default(),
        }
    }

    /// Adds arguments, split like a shell does, with both kinds of quotes.
    pub fn args(mut self, line: &str) -> Self {
        self.args.extend(words(line).into_iter().map(OsString::from));
        self
    }

    /// Adds one argument unchanged.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets the name that the program is called by.
    pub fn called(mut self, name: &str) -> Self {
        self.args[0] = name.into();
        self
    }

    pub fn vars<const N: usize>(mut self, vars: [(&str, &str); N]) -> Self {
        self.vars.extend(vars.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }

    pub fn without(mut self, names: &[&str]) -> Self {
        self.vars.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    /// Removes all variables except `HOME`, as outside CI.
    pub fn bare(mut self) -> Self {
        self.vars.retain(|name, _| name == "HOME");
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Adds a file that exists before the run, below its current folder.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.put("work", path, content)
    }

    /// Adds a file below the home folder.
    pub fn home(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.put("home", path, content)
    }

    fn put(self, folder: &str, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.place.path().join(folder).join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// Prepares the current folder of the run.
    pub fn prepared(self, prepare: impl FnOnce(&std::path::Path)) -> Self {
        prepare(&self.work());
        self
    }

    /// Uses the folder of an earlier run.
    pub fn after(mut self, earlier: &Ran) -> Self {
        self.place = Arc::clone(&earlier.place);
        let home = self.place.path().join("home").display().to_string();
        self.vars.insert("HOME".into(), home);
        self
    }

    /// Makes both streams terminals.
    pub fn terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Makes standard input a terminal, too, on which these keys are typed.
    pub fn keys(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.keys = Some(keys.into_iter().collect());
        self.terminal()
    }

    /// Allows binary output on standard output.
    pub fn binary(mut self) -> Self {
        self.binary = true;
        self
    }

    /// Closes standard output after this many bytes.
    pub fn stdout_holds(mut self, bytes: usize) -> Self {
        self.stdout_holds = bytes;
        self
    }

    /// Allows the run to fail and leave files behind.
    pub fn may_leave_files(mut self) -> Self {
        self.may_leave_files = true;
        self
    }

    /// Advances the clock by this each time that the run reads it.
    pub fn clock_moves(mut self, step: Duration) -> Self {
        self.clock.step = step;
        self
    }

    /// Sets a function that is called in every pause with its number from 1.
    pub fn when_paused(mut self, call: impl Fn(usize) + Send + Sync + 'static) -> Self {
        self.clock.when_paused = Arc::new(call);
        self
    }

    /// Returns the flag that a signal would set; clone it into `when_paused`.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    pub fn work(&self) -> PathBuf {
        self.place.path().join("work")
    }

    pub fn succeeds(self) -> Ran {
        self.exits(0)
    }

    /// Runs, and asserts this exit code and that no file has changed.
    pub fn fails(self, code: u8) -> Ran {
        assert_ne!(code, 0);
        self.exits(code)
    }

    pub fn exits(self, code: u8) -> Ran {
        let may_leave_files = self.may_leave_files || code == 0;
        let ran = self.runs();
        ran.check(ran.exit == Some(code), &format!("it should have ended with {code}"));
        if !may_leave_files {
            ran.changes_nothing();
        }
        ran
    }

    /// Runs, and checks the conditions that hold for every run.
    pub fn runs(self) -> Ran {
        let fake = self.server.fake();
        let before = items(self.place.path());
        let asked_before = fake.log().len();
        let (stdout, stderr) = (Pipe::new(self.stdout_holds), Pipe::new(usize::MAX));
        let stream =
            |pipe: &Pipe| Stream { writer: Box::new(pipe.clone()), terminal: self.terminal };
        let env = Env {
            args: self.args.clone(),
            vars: self.vars.clone(),
            not_unicode: Default::default(),
            dir: self.work(),
            stdin: Box::new(io::Cursor::new(self.stdin)),
            keyboard: self.keys.map(|keys| Box::new(Keys(keys.into_iter())) as Box<dyn Keyboard>),
            stdout: stream(&stdout),
            stderr: stream(&stderr),
            clock: Arc::new(self.clock.clone()),
            interrupt: self.interrupt,
        };
        // In a thread of its own, so that a run that panics or hangs still tells its story.
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || tell.send(downriver::run(env).code()));
        let exit = told.recv_timeout(LONGEST);
        let ending = match &exit {
            Ok(code) => format!("exit {code}"),
            Err(mpsc::RecvTimeoutError::Timeout) => "hangs".to_owned(),
            Err(mpsc::RecvTimeoutError::Disconnected) => "panicked".to_owned(),
        };
        let asks_colour =
            self.terminal || self.args.iter().any(|arg| arg == "always" || arg == "--color=always");
        let mut log = fake.log();
        let ran = Ran {
            args: self.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect(),
            vars: self.vars,
            exit: exit.ok(),
            ending,
            raw_stdout: stdout.bytes(),
            raw_stderr: stderr.bytes(),
            stdout: String::new(),
            stderr: String::new(),
            log: log.split_off(asked_before.min(log.len())),
            requests: Vec::new(),
            pauses: self.clock.pauses(),
            place: self.place,
            before,
            violations: fake.violations(),
            idle_faults: fake.idle_faults(),
            secrets: fake.secrets(),
        };
        ran.finished(&fake.api_origin(), &fake.store_origin(), asks_colour, self.binary)
    }
}

/// Splits a line like a shell does, with quotes of both kinds and no escapes.
pub fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut quote = None;
    let mut inside = false;
    for c in line.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => words.last_mut().unwrap().push(c),
            None if c.is_whitespace() => inside = false,
            None => {
                if !std::mem::replace(&mut inside, true) {
                    words.push(String::new());
                }
                match c {
                    '\'' | '"' => quote = Some(c),
                    c => words.last_mut().unwrap().push(c),
                }
            }
        }
    }
    assert!(quote.is_none(), "an open quote in {line:?}");
    words
}

#[test]
fn lines_are_split_as_a_shell_splits_them() {
    let line = r#"fetch 'build: [linux, x64]' --path="a b" '' x"#;
    assert_eq!(words(line), ["fetch", "build: [linux, x64]", "--path=a b", "", "x"]);
}
