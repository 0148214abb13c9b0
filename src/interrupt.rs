//! What happens when the run is told to stop: private folders go away, then the process ends.
//!
//! A signal can come while the run sleeps or is blocked in a read, so a thread of its own cleans
//! up. While files are being put in place it waits, because half of that must never stay.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by the run and by the thread that waits for signals.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stopping: AtomicBool,
    private: Mutex<Vec<PathBuf>>,
}

/// Holds off the end of the process as long as it lives.
pub struct Hold<'a>(
    #[allow(dead_code, reason = "the guard is held, not read")] MutexGuard<'a, Vec<PathBuf>>,
);

impl Interrupt {
    /// Whether a signal has come; long work asks between its steps and ends early.
    pub fn stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }

    /// Makes a file or folder that goes away with the run. A signal waits for that, so that there
    /// is no moment in which it is there and nobody knows.
    pub fn make<T>(&self, make: impl FnOnce() -> io::Result<(T, PathBuf)>) -> io::Result<T> {
        let mut list = self.list();
        let (made, path) = make()?;
        list.push(path);
        Ok(made)
    }

    /// The run itself has taken care of this one.
    pub fn forget(&self, path: &Path) {
        self.list().retain(|known| known != path);
    }

    /// Until the guard is dropped, nothing is cleaned up and the process does not end.
    pub fn hold(&self) -> Hold<'_> {
        Hold(self.list())
    }

    /// Called by the thread of signals: removes what the run had made for itself alone.
    /// The list stays locked in the end, so that the run cannot make more before the process ends.
    pub fn clean_up(&self) -> Hold<'_> {
        self.0.stopping.store(true, Ordering::SeqCst);
        let list = self.list();
        remove(&list);
        Hold(list)
    }

    /// Called when the program has a fault of its own: the same, but for what cannot be had without
    /// waiting, because the fault may lie with who holds it. The next run finds what is left.
    pub fn give_up(&self) {
        if let Ok(list) = self.0.private.try_lock() {
            remove(&list);
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.0.private.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(list: &[PathBuf]) {
    for path in list {
        // The run may still be writing in there: what appears behind us is removed again.
        for _ in 0..20 {
            let gone = if path.is_dir() {
                std::fs::remove_dir_all(path)
            } else {
                std::fs::remove_file(path)
            };
            if gone.is_ok() || std::fs::symlink_metadata(path).is_err() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_goes_away_and_what_is_forgotten_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (private, kept) = (folder.path().join("private"), folder.path().join("kept"));
        for path in [&private, &kept] {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("file"), "x").unwrap();
        }
        let interrupt = Interrupt::default();
        for path in [&private, &kept] {
            interrupt.make(|| Ok(((), path.clone()))).unwrap();
        }
        interrupt.forget(&kept);
        drop(interrupt.clean_up());
        assert!(interrupt.stopping());
        assert!(!private.exists());
        assert!(kept.join("file").exists());
    }
    #[test]
    fn a_signal_waits_until_what_is_being_made_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("private");
        let interrupt = Interrupt::default();
        std::thread::scope(|scope| {
            let made = interrupt.make(|| {
                scope.spawn(|| drop(interrupt.clean_up()));
                while !interrupt.stopping() {
                    std::thread::yield_now();
                }
                std::fs::create_dir(&path)?;
                Ok(((), path.clone()))
            });
            made.unwrap();
        });
        assert!(!path.exists());
    }

    #[test]
    fn a_fault_of_our_own_removes_what_nobody_is_busy_with_and_waits_for_nothing() {
        let home = tempfile::tempdir().unwrap();
        let private = home.path().join("private");
        let interrupt = Interrupt::default();
        let make = || std::fs::create_dir(&private).map(|()| ((), private.clone()));
        interrupt.make(make).unwrap();
        let held = interrupt.hold();
        interrupt.give_up();
        assert!(private.exists());
        drop(held);
        interrupt.give_up();
        assert!(!private.exists());
    }
}
