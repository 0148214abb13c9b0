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
    use super::*;

    #[test]
    fn no_more_than_the_limit_are_taken_at_the_same_time() {
        let slots = Slots::default();
        let taken: Vec<Slot<'_>> = (0..MAX_SLOTS).map(|_| slots.take()).collect();
        assert_eq!(*slots.free.lock().unwrap(), 0);
        std::thread::scope(|scope| {
            // It ends only because a slot is given back.
            let waiting = scope.spawn(|| drop(slots.take()));
            drop(taken);
            waiting.join().unwrap();
        });
        assert_eq!(*slots.free.lock().unwrap(), MAX_SLOTS);
    }
}
