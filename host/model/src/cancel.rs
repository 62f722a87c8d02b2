//! Cancelling work that blocks.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

type Hook = Box<dyn FnOnce() + Send>;

/// A request to stop, shared by whoever cancels and whoever works. Clones share it. It cannot be withdrawn.
#[derive(Clone, Default)]
pub struct Cancel {
    state: Arc<CancelState>,
    /// The time from which on this handle and its clones report that the request was made.
    until: Option<Instant>,
}

#[derive(Default)]
struct CancelState {
    /// Not under the lock, since work on all processors reads it very often.
    cancelled: AtomicBool,
    hooks: Mutex<Hooks>,
}

#[derive(Default)]
struct Hooks {
    next: u64,
    waiting: Vec<(u64, Hook)>,
}

impl Cancel {
    /// A request that nobody has made yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the request: runs every hook once, in the calling thread.
    pub fn cancel(&self) {
        let hooks = {
            let mut hooks = self.lock();
            self.state.cancelled.store(true, Ordering::Release);
            std::mem::take(&mut hooks.waiting)
        };
        for (_, hook) in hooks {
            hook();
        }
    }

    /// The same request with a deadline: this handle and its clones are also cancelled after `end`. No hooks run at
    /// the deadline, so this is for work that calls [`is_cancelled`](Self::is_cancelled), not for work that blocks.
    #[must_use]
    pub fn until(&self, end: Instant) -> Self {
        let end = self.until.map_or(end, |until| until.min(end));
        Self { state: Arc::clone(&self.state), until: Some(end) }
    }

    /// Whether the request has been made.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state.cancelled.load(Ordering::Acquire) || self.until.is_some_and(|end| Instant::now() >= end)
    }

    /// Runs `hook` when the request is made, or now if it was made already. Dropping the guard removes the hook.
    pub fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) -> CancelGuard {
        let mut hooks = self.lock();
        let id = hooks.next;
        if self.is_cancelled() {
            drop(hooks);
            hook();
        } else {
            hooks.next += 1;
            hooks.waiting.push((id, Box::new(hook)));
        }
        CancelGuard { cancel: self.clone(), id }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Hooks> {
        self.state.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cancel({})", self.is_cancelled())
    }
}

/// Keeps a hook of a [`Cancel`] alive.
#[derive(Debug)]
#[must_use = "the hook is forgotten when the guard is dropped"]
pub struct CancelGuard {
    cancel: Cancel,
    id: u64,
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.cancel.lock().waiting.retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests;
