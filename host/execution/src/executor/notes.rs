//! A record in memory.

use std::sync::{Arc, Mutex, PoisonError};

use spec_model::Subaction;

use super::{Recorder, Recording};

/// A record in memory. A clone is another handle on the same one.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<Vec<Subaction>>>);

impl Notes {
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

impl Recorder for Notes {
    fn record(&self, subaction: Subaction) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(subaction);
    }
}
