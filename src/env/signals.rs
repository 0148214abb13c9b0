//! Handling of SIGINT, SIGTERM and SIGHUP on a separate thread, because the run may sleep or be
//! blocked in a read.

use std::io::{Result, Write, stderr};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::Builder;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::keyboard;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::sanitize::sanitize;

/// Time for removing temporary files after a signal.
const CLEANUP_LIMIT: Duration = Duration::from_millis(1300);

/// Time for the message after the cleanup; the reader of standard error may have stopped.
const MESSAGE_LIMIT: Duration = Duration::from_millis(200);

#[cfg(unix)]
pub fn listen(interrupt: Interrupt) -> Result<()> {
    use nix::sys::signal::{SigSet, Signal};
    use signal_hook::consts::{SIGHUP, SIGXFSZ};
    // SIGXFSZ would end the process when a file exceeds `ulimit -f`. If it is ignored, the write
    // fails with an error that can be reported.
    signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default())?;
    let mut handled = vec![SIGINT, SIGTERM];
    if !ignores_hangup() {
        handled.push(SIGHUP);
    }
    let elsewhere: SigSet =
        handled.iter().filter_map(|signal| Signal::try_from(*signal).ok()).collect();
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
    // No other thread gets these signals, so that none of its calls is interrupted: the keyboard would
    // take that for Ctrl-C.
    elsewhere.thread_block()?;
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
            if let Some((signal, _)) = raised.iter().find(|(_, flag)| flag.load(Ordering::SeqCst)) {
                clean_up_and_end(&interrupt, *signal);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    })?;
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "the cleanup has a time limit of its own")]
fn clean_up_and_end(interrupt: &Interrupt, signal: i32) {
    // The message needs a terminal that begins a line at its start, and the end a restored one, even
    // if the run began to wait for another key meanwhile.
    keyboard::restore_mode();
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
    format!("interrupted: `{first}` could not be removed in time; the next run there removes it\n")
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
    keyboard::restore_mode();
    let exit = if signal == SIGINT { Exit::Interrupted } else { Exit::Terminated };
    std::process::exit(i32::from(exit.code()))
}
