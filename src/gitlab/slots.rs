//! A limit on the number of list requests at the same time, shared by all lists and their pages.

use std::sync::{Condvar, Mutex, PoisonError};

/// The number of list requests at the same time.
const MAX_SLOTS: usize = 8;

/// The slots that are free.
pub(super) struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A slot that is taken until it is dropped.
pub(super) struct Slot<'a>(&'a Slots);

impl Default for Slots {
    fn default() -> Slots {
        Slots { free: Mutex::new(MAX_SLOTS), freed: Condvar::new() }
    }
}

impl Slots {
    /// Waits for a free slot and takes it.
    pub(super) fn take(&self) -> Slot<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_while(free, |free| *free == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_more_than_the_limit_are_taken_at_the_same_time() {
        let (slots, taken, most) = (Slots::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..3 * MAX_SLOTS {
                scope.spawn(|| {
                    let _slot = slots.take();
                    most.fetch_max(taken.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    taken.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert!((1..=MAX_SLOTS).contains(&most.into_inner()));
    }
}
