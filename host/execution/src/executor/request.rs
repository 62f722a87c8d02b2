//! What is asked of [`Executions`](super::Executions), and what comes back.

use std::sync::Arc;

use spec_model::{ActionResult, Answered, Digest};

use super::{ActionError, Recording, Rights};

/// A request to have an action answered: REAPI's `ExecuteRequest`.
#[derive(Clone, Debug)]
pub struct Request {
    /// Of the encoded action, which is in the store.
    pub action: Digest,
    /// Lower numbers go first (REAPI's `ExecutionPolicy`); 0 is the usual.
    pub priority: i32,
    /// Sent ahead of who may want it: goes when nothing else waits, and gives way to everything else. An answer of
    /// [`ActionError::Cancelled`] tells that it did so too often.
    pub primed: bool,
    /// Run it even if the action cache has a result.
    pub skip_cache_lookup: bool,
    /// Who keeps a record of the answer.
    pub recording: Recording,
    /// What the action may have.
    pub rights: Arc<Rights>,
}

impl Request {
    /// A request of the usual priority that nobody records.
    #[must_use]
    pub fn new(action: Digest, rights: Arc<Rights>) -> Self {
        let recording = Recording::default();
        Self { action, priority: 0, primed: false, skip_cache_lookup: false, recording, rights }
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
    Completed(Answer),
}

/// The answer to a request; shared, as many may wait for one execution.
pub type Answer = Result<Arc<Done>, ActionError>;

/// An answered request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The result.
    pub result: ActionResult,
    /// Where it came from. [`Answered::CacheHit`] is REAPI's `cached_result`.
    pub answered: Answered,
    /// What the machine tells a person of a command that failed: an entry of REAPI's `server_logs`.
    pub report: Option<String>,
}
