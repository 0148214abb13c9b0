//! Everything that the process gets from outside, as one value: below it nothing reads variables,
//! the clock or the current directory, so that whole runs are tested in process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::clock::Clock;
use crate::exit::Exit;
use crate::interrupt::Interrupt;

/// The outside of one run.
pub struct Env {
    /// The first is the name under which the program was called.
    pub args: Vec<OsString>,
    /// Variables whose name and value are text.
    pub vars: BTreeMap<String, String>,
    /// What relative paths are relative to.
    pub dir: PathBuf,
    pub stdin: Box<dyn Read + Send>,
    pub stdout: Stream,
    pub stderr: Stream,
    pub clock: Arc<dyn Clock>,
    pub interrupt: Interrupt,
}

/// A stream to write to.
pub struct Stream {
    pub writer: Box<dyn Write + Send>,
    pub terminal: bool,
}

impl Stream {
    /// The stream itself; what is left in its place swallows all.
    pub fn take(&mut self) -> Stream {
        let writer = std::mem::replace(&mut self.writer, Box::new(std::io::sink()));
        Stream { writer, terminal: self.terminal }
    }
}

impl Env {
    /// The process as it is. From here on, signals end it cleanly.
    #[allow(clippy::disallowed_methods, reason = "this is the one door")]
    pub fn real() -> std::io::Result<Env> {
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
            stdout: Stream {
                terminal: std::io::stdout().is_terminal(),
                writer: Box::new(std::io::stdout()),
            },
            stderr: Stream {
                terminal: std::io::stderr().is_terminal(),
                writer: Box::new(std::io::stderr()),
            },
            clock: Arc::new(RealClock(Instant::now())),
            interrupt,
        })
    }

    /// A variable that is set to something; an empty one counts as not set, as in CI it often is.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

struct RealClock(Instant);

#[allow(clippy::disallowed_methods, reason = "this is the one door")]
impl Clock for RealClock {
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

/// A panic, in any thread, is a fault of our own: it tells of itself, what was made for this run
/// alone goes away, and the process ends.
#[allow(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "after a panic there is nothing to go back to"
)]
fn end_on_panic(interrupt: Interrupt) {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        interrupt.give_up();
        std::process::exit(i32::from(Exit::Fault.code()))
    }));
}

/// SIGINT and SIGTERM, heard by a thread of their own: the run may sleep or be blocked in a read.
mod signals {
    use std::io::Result;

    use signal_hook::consts::{SIGINT, SIGTERM};

    use crate::exit::Exit;
    use crate::interrupt::Interrupt;

    #[cfg(unix)]
    pub fn listen(interrupt: Interrupt) -> Result<()> {
        // A file that gets larger than `ulimit -f` allows is an error that can be told, and no end
        // of the process.
        let ignored = std::sync::Arc::default();
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, ignored)?;
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        std::thread::spawn(move || {
            for (number, signal) in signals.forever().enumerate() {
                // A second signal does not wait for the cleaning up.
                if number > 0 {
                    end(signal);
                }
                let interrupt = interrupt.clone();
                std::thread::spawn(move || {
                    let _held = interrupt.clean_up();
                    end(signal)
                });
            }
        });
        Ok(())
    }

    #[cfg(not(unix))]
    #[allow(
        clippy::disallowed_methods,
        reason = "there is no iterator of signals on this system, so they are polled"
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
                    let _held = interrupt.clean_up();
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
        reason = "a signal ends the process wherever it is"
    )]
    fn end(signal: i32) -> ! {
        let exit = if signal == SIGTERM { Exit::Terminated } else { Exit::Interrupted };
        std::process::exit(i32::from(exit.code()))
    }
}
