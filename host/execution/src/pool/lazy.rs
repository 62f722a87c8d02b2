//! Executions whose threads start when they are first needed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::outcome::ActionError;
use crate::pool::Executions;

type Start = dyn Fn() -> Result<Executions, ActionError> + Send + Sync;

/// Executions whose threads start when they are first needed: many sessions execute no action.
pub struct LazyExecutions {
    start: Box<Start>,
    started: Mutex<Option<Arc<Executions>>>,
}

impl LazyExecutions {
    /// Executions that `start` will start.
    #[must_use]
    pub fn new(start: impl Fn() -> Result<Executions, ActionError> + Send + Sync + 'static) -> Self {
        Self { start: Box::new(start), started: Mutex::default() }
    }

    /// The executions, which are started if they were not.
    ///
    /// # Errors
    /// When they cannot be started. The next call tries again.
    pub fn get(&self) -> Result<Arc<Executions>, ActionError> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(executions) = &*started {
            return Ok(Arc::clone(executions));
        }
        Ok(Arc::clone(started.insert(Arc::new((self.start)()?))))
    }
}

impl fmt::Debug for LazyExecutions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LazyExecutions").finish_non_exhaustive()
    }
}
