//! The effects that a [`PrimingState`](super::PrimingState) asks its owner to carry out, and the results that the
//! owner returns.

use spec_model::Digest;

use crate::instantiate::Adaptation;
use crate::record::Content;
use crate::resolve::ActionId;

/// An effect that the owner of a [`PrimingState`](super::PrimingState) has to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrimingEffect {
    /// Instantiate an action, and call [`action_adapted`](super::PrimingState::action_adapted).
    Adapt {
        /// The action.
        action: ActionId,
        /// The number of the prediction, to be passed back.
        round: u32,
        /// The recorded action.
        base: Digest,
        /// The differences from the recorded action.
        adaptation: Adaptation,
    },
    /// Call [`scan`](super::PrimingState::scan): files changed, and the predictions of actions that read them wait until
    /// the overlay policy has seen their contents.
    Scan,
    /// Have an action executed, and call [`execution_ended`](super::PrimingState::execution_ended) once for it, also when
    /// it was cancelled or could not be submitted.
    Submit {
        /// The action.
        action: ActionId,
        /// The encoded Action.
        digest: Digest,
        /// For the executor: lower numbers run first; requests of the build have 0.
        priority: i32,
    },
    /// Cancel an execution. A request of the build that joined it keeps it running.
    Cancel {
        /// The action.
        action: ActionId,
        /// The encoded Action.
        digest: Digest,
    },
}

/// The result of an instantiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdaptResult {
    /// The recorded action.
    Unchanged,
    /// Another action.
    Action {
        /// The encoded Action.
        digest: Digest,
        /// The encoded Command.
        command: Digest,
    },
    /// The action cannot be made.
    Contradiction,
}

/// What came of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutionOutcome {
    /// It succeeded, and wrote these files, by path as in the result.
    Succeeded(Vec<(String, Content)>),
    /// It failed.
    Failed,
    /// It could not be executed, since contents of its inputs are not to be had there.
    ContentElsewhere,
    /// It was not executed to its end: it was cancelled, to make room for requests among other causes, or could not be
    /// submitted.
    NotExecuted,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionEnd {
    /// What came of it.
    pub outcome: ExecutionOutcome,
    /// How long it ran, in milliseconds.
    pub took_ms: u32,
    /// The CPU time that it took, in milliseconds; 0 if the result came from the action cache.
    pub cpu_ms: u32,
    /// The size of its outputs, in bytes.
    pub bytes: u64,
}

/// The load of the workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerLoad {
    /// The number of workers; 0 if it is not known.
    pub slots: u32,
    /// Actions that run or wait, primed ones included.
    pub busy: u32,
    /// How long the primed actions that run have been running, in milliseconds, summed up.
    pub primed_running_ms: u64,
    /// Whether they are on other machines, which are asked to hurry with a waiting action that a request joins.
    pub elsewhere: bool,
}
