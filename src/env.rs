//! The environment of the process as one value. No other code reads arguments, variables, the clock
//! or the current directory, so that tests can start whole runs in process.

mod keyboard;
mod signals;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use keyboard::keyboard;

use crate::clock::Clock;
use crate::exit::Exit;
use crate::interrupt::Interrupt;

pub use keyboard::Keyboard;

/// The environment of one run.
pub struct Env {
    /// Command-line arguments; the first is the name of the program.
    pub args: Vec<OsString>,
    /// Environment variables whose name and value are Unicode.
    pub vars: BTreeMap<String, String>,
    /// The names of variables whose value is not Unicode.
    pub not_unicode: BTreeSet<String>,
    /// The current directory.
    pub dir: PathBuf,
    pub stdin: Box<dyn Read + Send>,
    /// None if standard input is no terminal.
    pub keyboard: Option<Box<dyn Keyboard>>,
    pub stdout: Stream,
    pub stderr: Stream,
    pub clock: Arc<dyn Clock>,
    pub interrupt: Interrupt,
}

/// An output stream.
pub struct Stream {
    pub writer: Box<dyn Write + Send>,
    /// True if the stream is a terminal.
    pub terminal: bool,
}

impl Stream {
    /// Takes the stream and leaves one in its place that discards everything.
    pub fn take(&mut self) -> Stream {
        let writer = std::mem::replace(&mut self.writer, Box::new(std::io::sink()));
        Stream { writer, terminal: self.terminal }
    }
}

impl Env {
    /// Reads the environment of the process, and installs the handlers for signals and panics. The
    /// second value is an error if there are no descriptors or threads for them; the environment then
    /// serves for nothing but messages.
    #[allow(
        clippy::disallowed_methods,
        reason = "the only place that reads the process environment"
    )]
    pub fn from_process() -> (Env, io::Result<()>) {
        let (mut vars, mut not_unicode) = (BTreeMap::new(), BTreeSet::new());
        for (name, value) in std::env::vars_os() {
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => {
                    vars.insert(name, value);
                }
                (Ok(name), Err(_)) => {
                    not_unicode.insert(name);
                }
                (Err(_), _) => {}
            }
        }
        let interrupt = Interrupt::default();
        let ready = signals::listen(interrupt.clone());
        end_on_panic(interrupt.clone());
        let env = Env {
            args: std::env::args_os().collect(),
            vars,
            not_unicode,
            // A deleted directory has no path. Absolute paths can be used all the same.
            dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            stdin: Box::new(io::stdin()),
            keyboard: keyboard(),
            stdout: Stream {
                terminal: io::stdout().is_terminal(),
                writer: Box::new(NamedWriter("standard output", io::stdout())),
            },
            stderr: Stream { terminal: io::stderr().is_terminal(), writer: Box::new(io::stderr()) },
            clock: Arc::new(SystemClock(Instant::now())),
            interrupt,
        };
        (env, ready)
    }

    /// Returns the value of a variable. Empty values count as unset, because CI jobs often define
    /// variables that way.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// A stream whose errors name it.
struct NamedWriter<W>(&'static str, W);

impl<W> NamedWriter<W> {
    fn named<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot write to {}: {error}", self.0))
        })
    }
}

impl<W: Write> Write for NamedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.1.write(bytes);
        self.named(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.1.flush();
        self.named(flushed)
    }
}

struct SystemClock(Instant);

#[allow(clippy::disallowed_methods, reason = "the only place that reads the system clock")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, pause: Duration) {
        std::thread::sleep(pause);
    }
}

/// Ends the process after a panic in any thread: prints the panic message, removes temporary files
/// and exits with [`Exit::Fault`].
#[allow(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "a panic is a bug, and no thread can go on after it"
)]
fn end_on_panic(interrupt: Interrupt) {
    let print_panic = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print_panic(panic);
        interrupt.try_clean_up();
        std::process::exit(i32::from(Exit::Fault.code()))
    }));
}
