//! The keyboard of a terminal. While a key is awaited, the terminal is in raw mode, which a signal
//! must not leave behind.

use std::io::{self, IsTerminal};

use console::{Key, Term};

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
        mode::save();
        let key = self.read_key_raw();
        mode::forget();
        key
    }

    fn screen_size(&self) -> (u16, u16) {
        self.size()
    }
}

/// Returns the terminal that standard input reads from, if it is one.
pub(super) fn keyboard() -> Option<Box<dyn Keyboard>> {
    let term = Term::stderr();
    // On Windows, this call also turns on escape sequences for the screen.
    let _ = term.features().colors_supported();
    io::stdin().is_terminal().then(|| Box::new(term) as Box<dyn Keyboard>)
}

/// Sets the terminal back to its mode before a key was awaited; called before a signal ends the
/// process.
pub(super) fn restore_mode() {
    mode::restore();
}

#[cfg(unix)]
mod mode {
    use std::io::stdin;
    use std::sync::{Mutex, PoisonError};

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

    /// The mode before a key was awaited; None while none is. The terminal is not touched then,
    /// because setting its mode would stop a process in the background.
    static SAVED: Mutex<Option<Termios>> = Mutex::new(None);

    pub fn save() {
        *lock() = tcgetattr(stdin()).ok();
    }

    pub fn forget() {
        *lock() = None;
    }

    pub fn restore() {
        if let Some(mode) = &*lock() {
            let _ = tcsetattr(stdin(), OptionalActions::Now, mode);
        }
    }

    fn lock() -> std::sync::MutexGuard<'static, Option<Termios>> {
        SAVED.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Windows gives keys without a change of the mode.
#[cfg(not(unix))]
mod mode {
    pub fn save() {}
    pub fn forget() {}
    pub fn restore() {}
}
