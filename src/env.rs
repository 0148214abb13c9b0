//! The environment of the process as one value. No other code reads arguments, variables, the clock
//! or the current directory, so that tests can start whole runs in process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use console::{Key, Term};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::exit::Exit;
use crate::interrupt::Interrupt;

/// The environment of one run.
pub struct Env {
    /// Command-line arguments; the first is the name of the program.
    pub args: Vec<OsString>,
    /// Environment variables whose name and value are Unicode.
    pub vars: BTreeMap<String, String>,
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

/// The keyboard of a terminal, and the size of its screen.
pub trait Keyboard: Send {
    /// Waits for a key. Ctrl-C is a key here, and no signal.
    ///
    /// # Errors
    /// The terminal is gone.
    fn read_key(&mut self) -> io::Result<Key>;

    /// Returns the rows and columns of the screen.
    fn screen_size(&self) -> (u16, u16);
}

impl Keyboard for Term {
    fn read_key(&mut self) -> io::Result<Key> {
        self.read_key_raw()
    }

    fn screen_size(&self) -> (u16, u16) {
        self.size()
    }
}

/// Returns the terminal that standard input reads from, if it is one.
fn keyboard() -> Option<Box<dyn Keyboard>> {
    let term = Term::stderr();
    // On Windows, this call also turns on escape sequences for the screen.
    let _ = term.features().colors_supported();
    std::io::stdin().is_terminal().then(|| Box::new(term) as Box<dyn Keyboard>)
}

impl Env {
    /// Reads the environment of the process, and installs the handlers for signals and panics.
    #[allow(
        clippy::disallowed_methods,
        reason = "the only place that reads the process environment"
    )]
    pub fn from_process() -> std::io::Result<Env> {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let interrupt = Interrupt::default();
        signals::listen(interrupt.clone())?;
        end_on_panic(interrupt.clone());
        Ok(Env {
            args: std::env::args_os().collect(),
            vars: std::env::vars_os().filter_map(text).collect(),
            dir: std::env::current_dir()?,
            stdin: Box::new(std::io::stdin()),
            keyboard: keyboard(),
            stdout: Stream {
                terminal: std::io::stdout().is_terminal(),
                writer: Box::new(std::io::stdout()),
            },
            stderr: Stream {
                terminal: std::io::stderr().is_terminal(),
                writer: Box::new(std::io::stderr()),
            },
            clock: Arc::new(SystemClock(Instant::now())),
            interrupt,
        })
    }

    /// Returns the value of a variable. Empty values count as unset, because CI jobs often define
    /// variables that way.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
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

/// Handling of SIGINT and SIGTERM on a separate thread, because the run may sleep or be blocked in a
/// read.
mod signals {
    use std::io::Result;

    use signal_hook::consts::{SIGINT, SIGTERM};

    use crate::exit::Exit;
    use crate::interrupt::Interrupt;

    #[cfg(unix)]
    pub fn listen(interrupt: Interrupt) -> Result<()> {
        // SIGXFSZ would end the process when a file exceeds `ulimit -f`. If it is ignored, the write
        // fails with an error that can be reported.
        let ignored = std::sync::Arc::default();
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, ignored)?;
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        std::thread::spawn(move || {
            for (number, signal) in signals.forever().enumerate() {
                // A second signal ends the process without waiting for the cleanup.
                if number > 0 {
                    end(signal);
                }
                let interrupt = interrupt.clone();
                std::thread::spawn(move || {
                    let _hold = interrupt.clean_up();
                    end(signal)
                });
            }
        });
        Ok(())
    }

    #[cfg(not(unix))]
    #[allow(
        clippy::disallowed_methods,
        reason = "signal-hook has no iterator of signals on this system, so they are polled"
    )]
    pub fn listen(interrupt: Interrupt) -> Result<()> {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicBool, Ordering};
        let raised = [SIGINT, SIGTERM].map(|signal| (signal, Arc::new(AtomicBool::new(false))));
        for (signal, flag) in &raised {
            signal_hook::flag::register(*signal, Arc::clone(flag))?;
        }
        std::thread::spawn(move || {
            loop {
                if let Some((signal, _)) =
                    raised.iter().find(|(_, flag)| flag.load(Ordering::SeqCst))
                {
                    let _hold = interrupt.clean_up();
                    end(*signal);
                }
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        Ok(())
    }

    #[allow(
        clippy::disallowed_methods,
        clippy::exit,
        reason = "a signal ends the process at any point of the run"
    )]
    fn end(signal: i32) -> ! {
        let exit = if signal == SIGTERM { Exit::Terminated } else { Exit::Interrupted };
        std::process::exit(i32::from(exit.code()))
    }
}
