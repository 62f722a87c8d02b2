//! One of the stores that a pool works for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use spec_action::read_action;
use spec_cas::Cas;
use spec_model::{Action, Answered, Cancel, Digest};

use super::{ActionError, Answer, Done, Executed, Executor, Order, ResultCache};

/// A store with the results of its actions, and who executes those. Its digests mean nothing in another realm.
pub(super) struct Realm {
    /// Tells the realms of a pool apart.
    pub(super) number: usize,
    pub(super) cas: Cas,
    pub(super) cache: ResultCache,
    pub(super) executor: Arc<dyn Executor>,
}

impl Realm {
    pub(super) fn action(&self, digest: &Digest) -> Result<Action, ActionError> {
        Ok(read_action(&self.cas, digest)?)
    }

    /// Executes an action, and keeps the result if it is one to keep.
    pub(super) fn execute(&self, order: &Order, cancel: &Cancel) -> Answer {
        // A panic must cost one action, not a worker and all who wait.
        let execute = AssertUnwindSafe(|| self.executor.execute(order, cancel));
        let executed = catch_unwind(execute).unwrap_or_else(|_| {
            let message = "the executor panicked; its message is in the log".to_owned();
            Err(ActionError::failed("action-panic", message, "the executor panicked"))
        })?;
        if executed.result.exit_code == 0 && !order.action.do_not_cache {
            self.cache.put(&order.granted, &executed.result)?;
        }
        let Executed { result, report } = executed;
        Ok(Done { result, answered: Answered::Executed, report }.into())
    }
}
