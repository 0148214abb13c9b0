//! The environment of the process as one value. No other code reads arguments, variables, the clock
//! or the current directory, so that tests can start whole runs in process.

use std::collections::{BTreeMap, BTreeSet};
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

/// Handling of SIGINT, SIGTERM and SIGHUP on a separate thread, because the run may sleep or be
/// blocked in a read.
mod signals {
    use std::io::{Result, Write, stderr};
    use std::path::PathBuf;
    use std::sync::mpsc;
    use std::thread::Builder;
    use std::time::{Duration, Instant};

    use signal_hook::consts::{SIGINT, SIGTERM};

    use crate::exit::Exit;
    use crate::interrupt::Interrupt;
    use crate::sanitize::sanitize;

    /// Time for removing temporary files after a signal.
    const CLEANUP_LIMIT: Duration = Duration::from_millis(1300);

    /// Time for the message after the cleanup; the reader of standard error may have stopped.
    const MESSAGE_LIMIT: Duration = Duration::from_millis(200);

    #[cfg(unix)]
    pub fn listen(interrupt: Interrupt) -> Result<()> {
        use signal_hook::consts::{SIGHUP, SIGXFSZ};
        // SIGXFSZ would end the process when a file exceeds `ulimit -f`. If it is ignored, the write
        // fails with an error that can be reported.
        signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default())?;
        let mut handled = vec![SIGINT, SIGTERM];
        if !ignores_hangup() {
            handled.push(SIGHUP);
        }
        let mut signals = signal_hook::iterator::Signals::new(handled)?;
        Builder::new().spawn(move || {
            for (number, signal) in signals.forever().enumerate() {
                // A second signal ends the process without waiting for the cleanup.
                if number > 0 {
                    end(signal);
                }
                let cleaned = interrupt.clone();
                let cleaner = Builder::new().spawn(move || clean_up_and_end(&cleaned, signal));
                if cleaner.is_err() {
                    clean_up_and_end(&interrupt, signal);
                }
            }
        })?;
        Ok(())
    }

    /// Returns true if the process was started with SIGHUP ignored, as by `nohup`, or if that cannot
    /// be known.
    #[cfg(unix)]
    fn ignores_hangup() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_none_or(|mask| mask & 1 != 0)
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
        Builder::new().spawn(move || {
            loop {
                if let Some((signal, _)) =
                    raised.iter().find(|(_, flag)| flag.load(Ordering::SeqCst))
                {
                    clean_up_and_end(&interrupt, *signal);
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        })?;
        Ok(())
    }

    #[allow(clippy::disallowed_methods, reason = "the cleanup has a time limit of its own")]
    fn clean_up_and_end(interrupt: &Interrupt, signal: i32) {
        let start = Instant::now();
        let cleanup = interrupt.clean_up(|| start.elapsed() < CLEANUP_LIMIT);
        say(message(&cleanup.left));
        end(signal)
    }

    /// Returns the message after a cleanup that left these paths.
    fn message(left: &[PathBuf]) -> String {
        let Some(first) = left.first() else {
            return "interrupted: nothing was left behind\n".to_owned();
        };
        let first = sanitize(&first.to_string_lossy()).to_string();
        format!(
            "interrupted: `{first}` could not be removed in time; the next run there removes it\n"
        )
    }

    /// Prints a message on standard error, past the lock of the stream: the run may hold that while
    /// it is blocked in a write.
    fn say(message: String) {
        let (done, wait) = mpsc::channel();
        let spawned = Builder::new().spawn(move || {
            let _ = write(&message);
            done.send(())
        });
        if spawned.is_ok() {
            let _ = wait.recv_timeout(MESSAGE_LIMIT);
        }
    }

    #[cfg(unix)]
    fn write(message: &str) -> Result<()> {
        use std::io::IsTerminal;
        use std::os::fd::AsFd;
        let mut stream = std::fs::File::from(stderr().as_fd().try_clone_to_owned()?);
        // Overwrites `^C` and the progress bar on a terminal.
        let start = if stream.is_terminal() { "\r\u{1b}[2K" } else { "" };
        stream.write_all(format!("{start}{message}").as_bytes())
    }

    #[cfg(not(unix))]
    fn write(message: &str) -> Result<()> {
        stderr().write_all(message.as_bytes())
    }

    #[allow(
        clippy::disallowed_methods,
        clippy::exit,
        reason = "a signal ends the process at any point of the run"
    )]
    fn end(signal: i32) -> ! {
        let exit = if signal == SIGINT { Exit::Interrupted } else { Exit::Terminated };
        std::process::exit(i32::from(exit.code()))
    }
}
