//! How many actions this machine executes in a cluster's place.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spec_model::Cancel;

/// How often one who waits looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// Slots for actions on this machine. Requested actions get one before primed ones.
#[derive(Debug)]
pub(crate) struct LocalSlots {
    number: usize,
    state: Mutex<SlotState>,
    freed: Condvar,
}

#[derive(Debug)]
struct SlotState {
    free: usize,
    /// Requested actions that wait.
    requested: usize,
}

/// A slot that is in use. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct LocalSlot<'a>(&'a LocalSlots);

impl LocalSlots {
    pub(crate) fn new(number: usize) -> Self {
        let number = number.max(1);
        let state = Mutex::new(SlotState { free: number, requested: 0 });
        Self { number, state, freed: Condvar::new() }
    }

    /// How many there are.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Waits for a slot; `None` when the action is not wanted any more. While `is_primed`, those that are not go first.
    pub(crate) fn take(&self, is_primed: impl Fn() -> bool, cancel: &Cancel) -> Option<LocalSlot<'_>> {
        let mut primed = is_primed();
        let mut state = self.lock();
        state.requested += usize::from(!primed);
        while !cancel.is_cancelled() && (state.free == 0 || (primed && state.requested > 0)) {
            let waited = self.freed.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if primed && !is_primed() {
                primed = false;
                state.requested += 1;
            }
        }
        state.requested -= usize::from(!primed);
        if cancel.is_cancelled() {
            return None;
        }
        state.free -= 1;
        Some(LocalSlot(self))
    }

    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LocalSlot<'_> {
    fn drop(&mut self) {
        self.0.lock().free += 1;
        self.0.freed.notify_all();
    }
}

#[cfg(test)]
mod tests;
