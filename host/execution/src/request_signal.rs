//! Tells the executor of a primed action that somebody has requested it meanwhile.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Hook = Box<dyn FnOnce() + Send>;

/// Tells the executor of a primed action that somebody has requested it meanwhile. Clones share it.
#[derive(Clone, Default)]
pub struct RequestSignal(Arc<Mutex<SignalState>>);

#[derive(Default)]
struct SignalState {
    sent: bool,
    hooks: Vec<Hook>,
}

impl RequestSignal {
    /// Somebody has requested the action: runs the hooks in the calling thread. Only the first time counts.
    pub(crate) fn send(&self) {
        let hooks = {
            let mut state = self.lock();
            state.sent = true;
            std::mem::take(&mut state.hooks)
        };
        hooks.into_iter().for_each(|hook| hook());
    }

    /// Whether somebody has requested the action.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.lock().sent
    }

    /// Runs `hook` once, when somebody requests the action, or now if somebody has. It must not block.
    pub fn on_request(&self, hook: impl FnOnce() + Send + 'static) {
        let mut state = self.lock();
        if state.sent {
            drop(state);
            hook();
        } else {
            state.hooks.push(Box::new(hook));
        }
    }

    fn lock(&self) -> MutexGuard<'_, SignalState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RequestSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestSignal({})", self.is_sent())
    }
}

#[cfg(test)]
mod tests;
