//! What is asked for: by clients of the pool, and by the pool of an executor.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use spec_model::{Action, ActionResult, Cancel, Digest};

use crate::outcome::{ActionAnswer, ActionError, ExecutedAction};
use crate::recorder::Recording;
use crate::request_signal::RequestSignal;
use crate::rights::{GrantedAction, Rights};

/// A request to have an action answered: REAPI's `ExecuteRequest`.
#[derive(Clone, Debug)]
pub struct ActionRequest {
    /// Of the encoded action, which is in the store.
    pub action: Digest,
    /// Lower numbers go first (REAPI's `ExecutionPolicy`); 0 is the usual.
    pub priority: i32,
    /// Sent by priming, before anybody requests the action: it starts when no other request is queued, and is preempted by
    /// every other request. An answer of [`ActionError::Cancelled`] says that it was preempted too often.
    pub primed: bool,
    /// Run it even if the action cache has a result.
    pub skip_cache_lookup: bool,
    /// Who keeps a record of the answer.
    pub recording: Recording,
    /// What the session of the request permits actions.
    pub rights: Arc<Rights>,
    /// Trees beside its inputs that actions name which it requests itself: whoever executes it elsewhere has to have them.
    pub trees: Arc<[Digest]>,
}

impl ActionRequest {
    /// A request of the usual priority that nobody records.
    #[must_use]
    pub fn new(action: Digest, rights: Arc<Rights>) -> Self {
        let (recording, trees) = (Recording::default(), Arc::default());
        Self { action, priority: 0, primed: false, skip_cache_lookup: false, recording, rights, trees }
    }
}

/// How far a request has come: REAPI's `ExecutionStage`.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It waits for a worker.
    Queued,
    /// A worker has it.
    Executing,
    /// It is answered. Nothing follows.
    Completed(ActionAnswer),
}

/// Executes actions, one at a time per calling thread. It neither looks at the action cache of the store nor writes it.
pub trait Executor: Send + Sync + 'static {
    /// Runs the action to its end, and blocks meanwhile. A command that fails has a result and is no error.
    ///
    /// # Errors
    /// See [`ActionError`]. [`ActionError::Cancelled`] soon after `cancel`; nothing of the action runs any more then.
    fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError>;

    /// Whether actions find a socket of the Remote Execution API where their property `remoteApisSocketPath` says.
    fn opens_sockets(&self) -> bool {
        false
    }

    /// Whether actions run on other machines, so that its reports tell what the log of a build does not have.
    fn runs_elsewhere(&self) -> bool {
        false
    }

    /// How many actions it runs at a time, as far as it knows: others that it is given wait. `None` for as many as it is
    /// given.
    fn slots(&self) -> Option<usize> {
        None
    }

    /// Has the store have the messages of actions that an action which it executed requested there through its socket, as far
    /// as they can be had, and answers with those of which a result is known, too. They are as good as whoever tells of them.
    fn find_subactions(&self, _actions: &[Digest], _cancel: &Cancel) -> HashMap<Digest, ActionResult> {
        HashMap::new()
    }

    /// The time from a request to where actions run to its answer, without the execution of an action; `None` where it is not
    /// known, or no request is sent.
    fn latency(&self) -> Option<Duration> {
        None
    }

    /// Is told that actions will come soon, and that most of their inputs are in these trees, so that whoever sends them
    /// elsewhere can connect, and ask what is there already, meanwhile. Returns at once.
    fn expect_actions(&self, _inputs: &[Digest]) {}
}

/// An action to be executed.
#[derive(Clone, Debug)]
pub struct ExecutorTask {
    /// The permission of its session, with the user and group number that it runs under if it names none.
    pub granted: GrantedAction,
    /// The action.
    pub action: Action,
    /// When it was queued.
    pub queued: SystemTime,
    /// Nobody had requested it when it was started: it runs at a lower priority than other processes.
    pub primed: bool,
    /// Lower numbers go first among the primed ones, and among the requested ones.
    pub priority: i32,
    /// Tells of the first request for it, if it was primed.
    pub requested: RequestSignal,
    /// A result that somebody else has of it is no answer.
    pub skip_cache_lookup: bool,
    /// Trees that actions name which it requests itself.
    pub trees: Arc<[Digest]>,
}

impl ExecutorTask {
    /// Whether nobody has requested it by now.
    #[must_use]
    pub fn is_primed(&self) -> bool {
        self.primed && !self.requested.is_sent()
    }
}
