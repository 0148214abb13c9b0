//! What happens when the run is told to stop: private folders go away, then the process ends.
//!
//! A signal can come while the run sleeps or is blocked in a read, so a thread of its own cleans
//! up. While files are being put in place it waits, because half of that must never stay.

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

    /// From now on this file or folder, made by this run, goes away with it.
    pub fn remember(&self, path: &Path) {
        self.list().push(path.to_owned());
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
        for path in list.iter() {
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
        Hold(list)
    }

    fn list(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.0.private.lock().unwrap_or_else(PoisonError::into_inner)
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
        interrupt.remember(&private);
        interrupt.remember(&kept);
        interrupt.forget(&kept);
        drop(interrupt.clean_up());
        assert!(interrupt.stopping());
        assert!(!private.exists());
        assert!(kept.join("file").exists());
    }
}
