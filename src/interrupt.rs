//! Cleanup after a signal: temporary files and directories are removed before the process ends.
//!
//! A signal can arrive while the run sleeps or is blocked in a read, so a separate thread cleans
//! up. It waits for a commit in progress, because a partial commit must not stay.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Number of attempts to remove one path.
const MAX_REMOVALS: usize = 20;

/// The state shared by the run and the thread that handles signals.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stopping: AtomicBool,
    /// Temporary files and directories of the run.
    temp_paths: Mutex<Vec<PathBuf>>,
}

/// A guard that delays the cleanup, and with it the end of the process, until it is dropped.
pub struct Hold<'a>(
    #[allow(dead_code, reason = "the guard is held, not read")] MutexGuard<'a, Vec<PathBuf>>,
);

impl Interrupt {
    /// Returns true after a signal. Long operations check it between their steps and end early.
    pub fn stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }

    /// Calls `create`, which creates a temporary file or directory, and tracks the returned path for
    /// cleanup. The cleanup waits for this call, so that it cannot miss the new path.
    pub fn create_tracked<T>(
        &self,
        create: impl FnOnce() -> io::Result<(T, PathBuf)>,
    ) -> io::Result<T> {
        let mut temp_paths = self.lock_temp_paths();
        let (created, path) = create()?;
        temp_paths.push(path);
        Ok(created)
    }

    /// Excludes a path from the cleanup, because the run has removed or committed it.
    pub fn untrack(&self, path: &Path) {
        self.lock_temp_paths().retain(|known| known != path);
    }

    /// Returns a guard that delays the cleanup until it is dropped.
    pub fn hold(&self) -> Hold<'_> {
        Hold(self.lock_temp_paths())
    }

    /// Removes all tracked paths; called by the signal thread. While the returned guard lives, the
    /// run cannot create new temporary paths.
    pub fn clean_up(&self) -> Hold<'_> {
        self.0.stopping.store(true, Ordering::SeqCst);
        let temp_paths = self.lock_temp_paths();
        remove_all(&temp_paths);
        Hold(temp_paths)
    }

    /// Removes all tracked paths unless a guard is held; called after a panic. It must not wait for
    /// the guard, because the thread that panicked may hold it. The next run removes what is left.
    pub fn try_clean_up(&self) {
        if let Ok(temp_paths) = self.0.temp_paths.try_lock() {
            remove_all(&temp_paths);
        }
    }

    fn lock_temp_paths(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.0.temp_paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove_all(paths: &[PathBuf]) {
    for path in paths {
        // The run may still be creating files in a directory, which makes its removal fail.
        for _ in 0..MAX_REMOVALS {
            let removed = if path.is_dir() {
                std::fs::remove_dir_all(path)
            } else {
                std::fs::remove_file(path)
            };
            if removed.is_ok() || std::fs::symlink_metadata(path).is_err() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracked_paths_are_removed_and_untracked_ones_stay() {
        let home = tempfile::tempdir().unwrap();
        let (private, kept) = (home.path().join("private"), home.path().join("kept"));
        for path in [&private, &kept] {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("file"), "x").unwrap();
        }
        let interrupt = Interrupt::default();
        for path in [&private, &kept] {
            interrupt.create_tracked(|| Ok(((), path.clone()))).unwrap();
        }
        interrupt.untrack(&kept);
        drop(interrupt.clean_up());
        assert!(interrupt.stopping());
        assert!(!private.exists());
        assert!(kept.join("file").exists());
    }

    #[test]
    fn a_signal_waits_until_a_new_path_is_tracked() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("private");
        let interrupt = Interrupt::default();
        std::thread::scope(|scope| {
            let made = interrupt.create_tracked(|| {
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
    fn cleanup_after_a_panic_does_not_wait_for_a_guard() {
        let home = tempfile::tempdir().unwrap();
        let private = home.path().join("private");
        let interrupt = Interrupt::default();
        let make = || std::fs::create_dir(&private).map(|()| ((), private.clone()));
        interrupt.create_tracked(make).unwrap();
        let held = interrupt.hold();
        interrupt.try_clean_up();
        assert!(private.exists());
        drop(held);
        interrupt.try_clean_up();
        assert!(!private.exists());
    }
}
