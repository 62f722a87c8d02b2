//! Workers in the stead of those whose action waits for others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use crate::outcome::ActionError;
use crate::pool::{Executions, PoolShared};

/// Most workers beyond those of the pool: actions that ask for actions, one in another or beside each other.
const MOST: usize = 64;

/// A worker in the stead of one whose action waits for others. When this is dropped it ends after what it is doing.
#[derive(Debug)]
#[must_use = "dropping it ends the worker"]
pub struct OvercommitWorker {
    shared: Arc<PoolShared>,
    over: Arc<AtomicBool>,
}

impl Executions {
    /// Adds a worker for as long as the answer is kept.
    ///
    /// # Errors
    /// [`ActionError::Exhausted`] when there are too many already.
    pub fn overcommit(&self) -> Result<OvercommitWorker, ActionError> {
        let mut threads = self.pool.shared.overcommit.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| !thread.is_finished());
        if threads.len() >= MOST {
            return Err(ActionError::Exhausted {
                what: format!("more than {MOST} actions are waiting for actions that they asked for"),
            });
        }
        let over = Arc::new(AtomicBool::new(false));
        let (shared, ended) = (Arc::clone(&self.pool.shared), Arc::clone(&over));
        let thread = PoolShared::start("overcommit-action", move || shared.work(&ended))?;
        threads.push(thread);
        self.pool.shared.add_worker();
        Ok(OvercommitWorker { shared: Arc::clone(&self.pool.shared), over })
    }
}

impl Drop for OvercommitWorker {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.shared.remove_worker();
    }
}
