//! The contract of a priming policy: which predicted actions are executed ahead of the build.

use crate::{PolicyError, PrimingFacts, ReasonCode};

/// Decides which actions are primed, and in which order. One object serves a whole session and may keep state.
///
/// All calls are batches; actions, elements and programs are numbers, and what else is known of them is asked of the facts. An
/// answer has as many entries as the question, in the same order. A policy that fails or gives an invalid answer is replaced
/// by [`BuiltInPrimingPolicy`](crate::BuiltInPrimingPolicy) for the rest of the session.
pub trait PrimingPolicy: Send {
    /// Its name and the file it came from, for messages.
    fn name(&self) -> &str {
        "built-in"
    }

    /// What the host calls besides [`decide`](Self::decide), and how. Always the same.
    fn wants(&self) -> PrimingWants {
        PrimingWants::default()
    }

    /// Decides on candidates. A candidate that is held is decided on again when the state of the session has changed.
    ///
    /// # Errors
    /// When the policy is broken.
    fn decide(
        &mut self,
        candidates: &[Candidate],
        load: &PrimingLoad,
        facts: &dyn PrimingFacts,
    ) -> Result<Vec<Decision>, PolicyError>;

    /// Decides again on submitted actions, before [`decide`](Self::decide), when there are candidates.
    ///
    /// # Errors
    /// When the policy is broken.
    fn revise(
        &mut self,
        submitted: &[SubmittedAction],
        _load: &PrimingLoad,
        _facts: &dyn PrimingFacts,
    ) -> Result<Vec<Revision>, PolicyError> {
        Ok(vec![Revision::Keep; submitted.len()])
    }

    /// Tells the policy what became of actions on which it decided.
    ///
    /// # Errors
    /// When the policy is broken.
    fn observe(&mut self, _ended: &[Observation], _facts: &dyn PrimingFacts) -> Result<(), PolicyError> {
        Ok(())
    }

    /// The state that the policy keeps for the next session, at most 64 KiB. Called once, at the end.
    ///
    /// # Errors
    /// When the policy is broken.
    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        Ok(Vec::new())
    }
}

/// What a priming policy wants to be called for, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrimingWants {
    /// [`PrimingPolicy::revise`].
    pub revise: bool,
    /// [`PrimingPolicy::observe`] for actions that were held or skipped, too.
    pub observe_all: bool,
    /// The most entries of one question; `None` for no limit of its own.
    pub largest_batch: Option<u32>,
}

/// A predicted action that could be submitted now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its number, the same in all questions of a session.
    pub action: u32,
    /// The element that will request it.
    pub element: u32,
    /// The program it runs: equal numbers are equal programs, in all sessions.
    pub program: u32,
    /// How long it ran when it was recorded, in milliseconds.
    pub run_ms: Option<u32>,
    /// CPU time that it took when it was recorded, in milliseconds.
    pub cpu_ms: Option<u32>,
    /// How often the build requested what was predicted for it in earlier sessions, primed or not. Old sessions count
    /// less.
    pub hits: u32,
    /// How often the build did not request it.
    pub misses: u32,
    /// How often its element requested in this session what was predicted, primed or not, or an action that corrected
    /// the predictions of others.
    pub element_hits: u32,
    /// How often its element requested something else that corrected nothing; reset to 0 by a correction.
    pub element_misses: u32,
    /// How many recorded actions read its outputs.
    pub fan_out: u32,
    /// The longest chain of recorded actions that wait for it, itself included, in milliseconds: those that read
    /// outputs in the chain, and those of elements that are built after.
    pub critical_ms: u32,
    /// How many elements must be built before the element that will request it.
    pub distance: u32,
}

/// The workers, the budget and the session at the time of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrimingLoad {
    /// Actions that can run at a time; `None` if it is not known.
    pub slots: Option<u32>,
    /// Requested actions that run or wait.
    pub requested: u32,
    /// Primed actions that run or wait.
    pub primed: u32,
    /// Primed actions that were submitted in this session.
    pub submitted: u32,
    /// The sum of `element_hits` of all elements.
    pub hits: u32,
    /// How many more may be submitted now.
    pub free: u32,
    /// CPU time that primed actions may still take, in milliseconds; `None` if it has no limit.
    pub cpu_left_ms: Option<u64>,
    /// Bytes that outputs of primed actions may still take; `None` if they have no limit.
    pub bytes_left: Option<u64>,
}

/// A decision on a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Submit it. Lower numbers run first; all run after requested actions.
    Submit {
        /// From 0 to 1000.
        priority: u16,
    },
    /// Decide again later.
    Hold,
    /// Do not submit it as it is predicted now.
    Skip(SkipReason),
}

/// Why a candidate is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// Executing it ahead saves too little.
    TooCheap,
    /// It costs too much of the budget that is left.
    TooDear,
    /// Its predictions were mostly wrong.
    Unlikely,
    /// Another reason of the policy.
    Other(ReasonCode),
}

/// An action that was submitted, and has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmittedAction {
    /// Its number.
    pub action: u32,
    /// Its priority, from 0 to 1000.
    pub priority: u16,
    /// How long it has been running, in milliseconds; `None` while it waits for a worker.
    pub running_ms: Option<u32>,
}

/// A new decision on a submitted action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// It stays as it is.
    Keep,
    /// It gets another priority. Has no effect on one that runs.
    Reprioritise {
        /// From 0 to 1000.
        priority: u16,
    },
    /// It is cancelled, and is a candidate again.
    Cancel,
}

/// The end of an action on which the policy decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Its number.
    pub action: u32,
    /// The last decision of the policy on it.
    pub decision: LastDecision,
    /// What became of the prediction.
    pub outcome: Outcome,
    /// How long it ran in this session, in milliseconds.
    pub run_ms: Option<u32>,
    /// CPU time that it took in this session, in milliseconds.
    pub cpu_ms: Option<u32>,
}

/// The last decision of a policy on an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastDecision {
    /// It was submitted.
    Submitted,
    /// It was held.
    Held,
    /// It was skipped.
    Skipped,
}

/// What became of a prediction: of an action that was held or skipped, what would have become of it if it had been submitted
/// early enough, which is `Used` or `Unused`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The build requested it after it had finished; one that was not submitted: the build requested it.
    Used,
    /// The build requested it while it ran or waited.
    Joined,
    /// Its element ended without requesting it, or the build requested another action in its place.
    Unused,
    /// It failed.
    Failed,
    /// The build requested it before a worker had executed it: none was free, or it had to make room for requested actions.
    Overtaken,
}
