//! Properties of a staging that its files share, and the warnings that come of them.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sanitize::sanitize;

/// Properties of a staging that its files share.
#[derive(Debug, Default)]
pub struct Notes {
    /// Files and directories are synced to the disk before they are put in place.
    durable: AtomicBool,
    /// A modification time could not be set.
    times_refused: AtomicBool,
}

impl Notes {
    pub fn set_durable(&self, durable: bool) {
        self.durable.store(durable, Ordering::Relaxed);
    }

    pub fn is_durable(&self) -> bool {
        self.durable.load(Ordering::Relaxed)
    }

    /// Remembers the failure to set a modification time, which is no reason to fail.
    pub fn time_set(&self, result: io::Result<()>) {
        if result.is_err() {
            self.times_refused.store(true, Ordering::Relaxed);
        }
    }

    /// Returns the warnings about the destination `dest`.
    pub fn warnings(&self, dest: &Path) -> Vec<String> {
        let refused = self.times_refused.load(Ordering::Relaxed);
        let dest = dest.to_string_lossy();
        let warning = || {
            let dest = sanitize(&dest);
            format!("`{dest}` takes no modification times, so files have the time of this run")
        };
        refused.then(warning).into_iter().collect()
    }
}
