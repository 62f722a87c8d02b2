//! The contract of a priming policy: which predicted actions are executed ahead of the build.

use crate::PolicyError;

/// Decides which actions are primed, and in which order. One object serves a whole session and may keep state.
///
/// All calls are batches; actions, elements and commands are numbers. A policy that fails or gives an invalid answer is
/// replaced by [`BuiltInPrimingPolicy`](crate::BuiltInPrimingPolicy) for the rest of the session.
pub trait PrimingPolicy: Send {
    /// Decides on candidates: as many decisions as candidates, in the same order. A candidate that is held is decided on
    /// again when the state of the session has changed.
    ///
    /// # Errors
    /// When the policy is broken.
    fn decide(&mut self, candidates: &[Candidate], machine: &Machine) -> Result<Vec<Decision>, PolicyError>;

    /// Tells the policy the outcome of actions that were submitted.
    ///
    /// # Errors
    /// When the policy is broken.
    fn observe(&mut self, _outcomes: &[Observation]) -> Result<(), PolicyError> {
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

/// A predicted action that could be submitted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number, the same in all questions of a session.
    pub action: u32,
    /// The element that will request it.
    pub element: u32,
    /// The program it runs: equal numbers are equal programs, in all sessions.
    pub program: u32,
    /// How long it ran when it was recorded, in milliseconds; 0 if not known.
    pub took_ms: u32,
    /// CPU time that it took when it was recorded, in milliseconds; 0 if not known.
    pub cpu_ms: u32,
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

/// The machine, the budget and the session at the time of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Actions that can run at a time.
    pub slots: u32,
    /// Requested actions that run or wait.
    pub real: u32,
    /// Primed actions that run or wait.
    pub primed: u32,
    /// Primed actions that were submitted in this session.
    pub sent: u32,
    /// The sum of `element_hits` of all elements.
    pub hits: u32,
    /// How many more may be submitted now.
    pub free: u32,
    /// CPU time that the session may still spend, in milliseconds.
    pub cpu_left_ms: u64,
    /// Bytes that outputs of primed actions may still take.
    pub bytes_left: u64,
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
    Other,
}

/// The outcome of a submitted action, and its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Its number.
    pub action: u32,
    /// Its outcome.
    pub outcome: Outcome,
    /// CPU time that it took, in milliseconds; 0 if not known.
    pub cpu_ms: u32,
}

/// The outcome of a submitted action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The build requested it after it had finished.
    Used,
    /// The build requested it while it ran or waited.
    Joined,
    /// Its element ended without requesting it.
    Unused,
    /// It failed.
    Failed,
}
