//! Keeping a record of what was answered.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use spec_model::{Digest, Subaction};

/// Keeps a record of answered actions, in the order told.
pub trait Recorder: Send + Sync + 'static {
    /// Hears that an action was asked for which the action cache does not answer. Called from any thread; must not
    /// block. What is given up is never answered.
    fn asked(&self, _action: &Digest) {}

    /// Hears that an action was asked for on another machine, some time ago.
    fn asked_before(&self, _action: &Digest) {}

    /// Takes one. Called from any thread; must not block for long.
    fn record(&self, subaction: Subaction);
}

/// A recorder, or none.
#[derive(Clone, Default)]
pub struct Recording(Option<Arc<dyn Recorder>>);

impl Recording {
    /// Has `recorder` keep the record.
    #[must_use]
    pub fn to(recorder: Arc<dyn Recorder>) -> Self {
        Self(Some(recorder))
    }

    /// Tells the recorder, if there is one, that an action was asked for.
    pub fn asked(&self, action: &Digest) {
        if let Some(recorder) = &self.0 {
            recorder.asked(action);
        }
    }

    /// Tells the recorder, if there is one, that an action was asked for on another machine.
    pub fn asked_before(&self, action: &Digest) {
        if let Some(recorder) = &self.0 {
            recorder.asked_before(action);
        }
    }

    /// Hands `subaction` to the recorder, if there is one.
    pub fn record(&self, subaction: impl FnOnce() -> Subaction) {
        if let Some(recorder) = &self.0 {
            recorder.record(subaction());
        }
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({})", if self.0.is_some() { "on" } else { "off" })
    }
}

/// A record in memory. A clone is another handle on the same one.
#[derive(Clone, Debug, Default)]
pub struct InMemoryRecorder(Arc<Mutex<Vec<Subaction>>>);

impl InMemoryRecorder {
    /// Has this keep the record.
    #[must_use]
    pub fn recording(&self) -> Recording {
        Recording::to(Arc::new(self.clone()))
    }

    /// Takes what was recorded so far, in the order in which clients asked.
    #[must_use]
    pub fn take(&self) -> Vec<Subaction> {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.sort_by_key(|subaction| subaction.asked);
        all
    }
}

impl Recorder for InMemoryRecorder {
    fn record(&self, subaction: Subaction) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(subaction);
    }
}
