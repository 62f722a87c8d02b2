//! One of the stores that a pool works for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use spec_action::read_action;
use spec_cas::Cas;
use spec_model::{Action, AnswerSource, Cancel, Digest};

use crate::outcome::{ActionAnswer, ActionError, AnsweredAction, ExecutedAction};
use crate::request::{Executor, ExecutorTask};
use crate::result_cache::ResultCache;

/// A store with the results of its actions, and who executes those. Its digests mean nothing in another backend.
pub(super) struct DigestBackend {
    /// Tells the backends of a pool apart.
    pub(super) number: usize,
    pub(super) cas: Cas,
    pub(super) cache: ResultCache,
    pub(super) executor: Arc<dyn Executor>,
}

impl DigestBackend {
    pub(super) fn action(&self, digest: &Digest) -> Result<Action, ActionError> {
        Ok(read_action(&self.cas, digest)?)
    }

    /// Executes an action, and keeps the result if it is one to keep.
    pub(super) fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> ActionAnswer {
        // A panic must cost one action, not a worker and all who wait.
        let execute = AssertUnwindSafe(|| self.executor.execute(task, cancel));
        let executed = catch_unwind(execute).unwrap_or_else(|_| {
            let message = "the executor panicked; its message is in the log".to_owned();
            Err(ActionError::failed("action-panic", message, "the executor panicked"))
        })?;
        if executed.result.exit_code == 0 && !task.action.do_not_cache {
            self.cache.put(&task.granted, &executed.result)?;
        }
        let ExecutedAction { result, cached, report } = executed;
        let answered = if cached { AnswerSource::CacheHit } else { AnswerSource::Executed };
        Ok(AnsweredAction { result, answered, report }.into())
    }
}
