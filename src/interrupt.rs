//! Cleanup after a signal: temporary files and directories are removed before the process ends.
//!
//! A signal can arrive while the run sleeps or is blocked in a read, so a separate thread cleans
//! up. It waits for a commit in progress, because a partial commit must not stay.

use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Number of attempts to remove one temporary directory.
const MAX_REMOVALS: usize = 20;

/// Something temporary on disk that the cleanup removes.
pub trait Temporary: Debug + Send + Sync {
    /// Returns the path, for messages.
    fn path(&self) -> &Path;

    /// Marks it as rubbish, so that the next run removes it even if this one cannot. Quick, whatever
    /// it holds.
    fn abandon(&self);

    /// Removes it, as long as `go_on` returns true. Succeeds if it is gone already.
    fn remove(&self, go_on: &dyn Fn() -> bool) -> io::Result<()>;
}

/// The state shared by the run and the thread that handles signals.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stopping: AtomicBool,
    /// All that is temporary in the run.
    tracked: Mutex<Tracked>,
    /// Paths that could not be removed, with the reasons.
    leftovers: Mutex<Vec<Leftover>>,
}

type Tracked = Vec<Arc<dyn Temporary>>;

/// Something temporary that could not be removed.
#[derive(Debug)]
pub struct Leftover {
    pub path: PathBuf,
    pub reason: io::Error,
}

/// A guard that delays the cleanup, and with it the end of the process, until it is dropped.
pub struct Hold<'a>(#[allow(dead_code, reason = "held, not read")] MutexGuard<'a, Tracked>);

/// The outcome of a cleanup. While it lives, the run cannot create anything temporary.
pub struct CleanUp<'a> {
    _hold: Hold<'a>,
    /// Paths that could not be removed in time; the next run removes them.
    pub left: Vec<PathBuf>,
}

impl Interrupt {
    /// Returns true after a signal. Long operations check it between their steps and end early.
    pub fn stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }

    /// Calls `create`, which creates something temporary, and tracks it for the cleanup. The cleanup
    /// waits for this call, so that it cannot miss anything.
    pub fn create_tracked<T: Temporary + 'static>(
        &self,
        create: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<Arc<T>> {
        let mut tracked = self.lock_tracked();
        let created = Arc::new(create()?);
        tracked.push(created.clone());
        Ok(created)
    }

    /// Removes something tracked, because the run does not need it any more. A failure is recorded
    /// for [`Interrupt::take_leftovers`].
    pub fn remove<T: Temporary>(&self, item: &Arc<T>) {
        item.abandon();
        let removed = item.remove(&|| true);
        self.untrack(item);
        if let Err(reason) = removed {
            let path = item.path().to_owned();
            self.lock_leftovers().push(Leftover { path, reason });
        }
    }

    /// Excludes something from the cleanup.
    pub fn untrack<T: Temporary>(&self, item: &Arc<T>) {
        let item: *const () = Arc::as_ptr(item).cast();
        self.lock_tracked().retain(|known| Arc::as_ptr(known).cast::<()>() != item);
    }

    /// Returns what could not be removed since the last call.
    pub fn take_leftovers(&self) -> Vec<Leftover> {
        std::mem::take(&mut self.lock_leftovers())
    }

    /// Returns a guard that delays the cleanup until it is dropped.
    pub fn hold(&self) -> Hold<'_> {
        Hold(self.lock_tracked())
    }

    /// Removes everything tracked; called by the signal thread. When `go_on` returns false, it ends
    /// early, and the next run removes the rest.
    pub fn clean_up(&self, go_on: impl Fn() -> bool) -> CleanUp<'_> {
        self.0.stopping.store(true, Ordering::SeqCst);
        let tracked = self.lock_tracked();
        let left = remove_all(&tracked, &go_on);
        CleanUp { _hold: Hold(tracked), left }
    }

    /// Removes everything tracked unless a guard is held; called after a panic. It must not wait for
    /// the guard, because the thread that panicked may hold it. The next run removes what is left.
    pub fn try_clean_up(&self) {
        if let Ok(tracked) = self.0.tracked.try_lock() {
            remove_all(&tracked, &|| true);
        }
    }

    fn lock_tracked(&self) -> MutexGuard<'_, Tracked> {
        self.0.tracked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_leftovers(&self) -> MutexGuard<'_, Vec<Leftover>> {
        self.0.leftovers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes all of it, and returns the paths of the rest. Everything is marked before anything is
/// removed, because removing can take longer than there is time.
fn remove_all(tracked: &Tracked, go_on: &dyn Fn() -> bool) -> Vec<PathBuf> {
    tracked.iter().for_each(|item| item.abandon());
    // The run may still be creating files in a directory, which makes its removal fail.
    let remove = |item: &Arc<dyn Temporary>| (0..MAX_REMOVALS).any(|_| item.remove(go_on).is_ok());
    tracked.iter().filter(|item| !remove(item)).map(|item| item.path().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a file in it.
    #[derive(Debug)]
    struct Folder(PathBuf);

    impl Temporary for Folder {
        fn path(&self) -> &Path {
            &self.0
        }

        fn abandon(&self) {
            let _ = std::fs::write(self.0.join("rubbish"), "");
        }

        fn remove(&self, go_on: &dyn Fn() -> bool) -> io::Result<()> {
            match go_on() {
                _ if !self.0.exists() => Ok(()),
                true => std::fs::remove_dir_all(&self.0),
                false => Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    fn create(path: &Path) -> io::Result<Folder> {
        std::fs::create_dir(path)?;
        std::fs::write(path.join("file"), "x")?;
        Ok(Folder(path.to_owned()))
    }

    #[test]
    fn tracked_paths_are_removed_and_untracked_ones_stay() {
        let home = tempfile::tempdir().unwrap();
        let (private, kept) = (home.path().join("private"), home.path().join("kept"));
        let interrupt = Interrupt::default();
        interrupt.create_tracked(|| create(&private)).unwrap();
        let other = interrupt.create_tracked(|| create(&kept)).unwrap();
        interrupt.untrack(&other);
        assert!(interrupt.clean_up(|| true).left.is_empty());
        assert!(interrupt.stopping());
        assert!(!private.exists());
        assert!(kept.join("file").exists());
    }

    #[test]
    fn everything_is_marked_and_named_where_there_is_no_time_to_remove_it() {
        let home = tempfile::tempdir().unwrap();
        let paths = ["a", "b"].map(|name| home.path().join(name));
        let interrupt = Interrupt::default();
        for path in &paths {
            interrupt.create_tracked(|| create(path)).unwrap();
        }
        assert_eq!(interrupt.clean_up(|| false).left, paths);
        assert!(paths.iter().all(|path| path.join("rubbish").exists()));
        assert!(interrupt.clean_up(|| true).left.is_empty());
    }

    #[test]
    fn a_removal_that_fails_is_told_once() {
        #[derive(Debug)]
        struct Stuck;
        impl Temporary for Stuck {
            fn path(&self) -> &Path {
                Path::new("stuck")
            }
            fn abandon(&self) {}
            fn remove(&self, _: &dyn Fn() -> bool) -> io::Result<()> {
                Err(io::ErrorKind::PermissionDenied.into())
            }
        }
        let interrupt = Interrupt::default();
        let stuck = interrupt.create_tracked(|| Ok(Stuck)).unwrap();
        interrupt.remove(&stuck);
        let told = interrupt.take_leftovers();
        assert_eq!(told[0].path, Path::new("stuck"));
        assert!(interrupt.take_leftovers().is_empty());
    }

    #[test]
    fn a_signal_waits_until_a_new_path_is_tracked() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("private");
        let interrupt = Interrupt::default();
        std::thread::scope(|scope| {
            let made = interrupt.create_tracked(|| {
                scope.spawn(|| drop(interrupt.clean_up(|| true)));
                while !interrupt.stopping() {
                    std::thread::yield_now();
                }
                create(&path)
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
        interrupt.create_tracked(|| create(&private)).unwrap();
        let held = interrupt.hold();
        interrupt.try_clean_up();
        assert!(private.exists());
        drop(held);
        interrupt.try_clean_up();
        assert!(!private.exists());
    }
}
