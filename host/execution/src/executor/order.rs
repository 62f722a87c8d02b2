//! The contract between the pool and who executes.

use std::time::SystemTime;

use spec_model::{Action, ActionResult, Cancel};

use super::{ActionError, Granted};

/// Executes actions, one at a time per calling thread. It neither looks at the action cache nor writes it.
pub trait Executor: Send + Sync + 'static {
    /// Runs the action to its end, and blocks meanwhile. A command that fails has a result and is no error.
    ///
    /// # Errors
    /// See [`ActionError`]. [`ActionError::Cancelled`] soon after `cancel`; nothing of the action runs any more then.
    fn execute(&self, order: &Order, cancel: &Cancel) -> Result<Executed, ActionError>;
}

/// An action to be executed.
#[derive(Clone, Debug)]
pub struct Order {
    /// That a session may have it, and the numbers that it runs under if it names none.
    pub granted: Granted,
    /// The action.
    pub action: Action,
    /// When it was queued.
    pub queued: SystemTime,
    /// Nobody has asked for it yet: it takes of the machine what others leave.
    pub primed: bool,
}

/// An executed action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Its result.
    pub result: ActionResult,
    /// What the machine tells a person of a command that failed: an entry of REAPI's `server_logs`.
    pub report: Option<String>,
}
