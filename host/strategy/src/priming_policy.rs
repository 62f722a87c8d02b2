//! The contract of a priming policy: which predicted actions are worth running ahead of the build.

use crate::PolicyError;

/// Decides what is primed, and in which order. One object serves a session and may remember what it saw.
///
/// All calls are batches; actions, elements and commands are numbers. A policy that fails or answers nonsense is not
/// asked again in the session, and [`StandardPriming`](crate::StandardPriming) takes its place.
pub trait PrimingPolicy: Send {
    /// What becomes of candidates: as many decisions as candidates, in the same order. A candidate that is held is
    /// asked about again when something changed.
    ///
    /// # Errors
    /// When the policy is broken.
    fn decide(&mut self, candidates: &[Candidate], machine: &Machine) -> Result<Vec<Decision>, PolicyError>;

    /// What became of actions that were submitted.
    ///
    /// # Errors
    /// When the policy is broken.
    fn observe(&mut self, _outcomes: &[Observation]) -> Result<(), PolicyError> {
        Ok(())
    }

    /// What the policy wants to know in the next session, at most 64 KiB. Called once, at the end.
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
    /// The element that will ask for it.
    pub element: u32,
    /// The program it runs: equal numbers are equal programs, in all sessions.
    pub program: u32,
    /// How long it ran when it was recorded, in milliseconds; 0 if not known.
    pub took_ms: u32,
    /// CPU time that it took when it was recorded, in milliseconds; 0 if not known.
    pub cpu_ms: u32,
    /// How often what was predicted for it in earlier sessions was asked for, primed or not; old times fade.
    pub hits: u32,
    /// How often it was not.
    pub misses: u32,
    /// How often its element asked in this session for what was predicted, primed or not, or for what taught us to
    /// predict its other actions.
    pub element_hits: u32,
    /// How often it asked for something else that taught us nothing; 0 again when something does.
    pub element_misses: u32,
    /// How many recorded actions read its outputs.
    pub fan_out: u32,
    /// The longest chain of recorded actions that wait for it, itself included, in milliseconds: those that read
    /// outputs in the chain, and those of elements that are built after.
    pub critical_ms: u32,
    /// How many elements have to be built before the one that will ask for it starts.
    pub distance: u32,
}

/// The machine, the budget and the session at the time of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Actions that can run at a time.
    pub slots: u32,
    /// Real actions that run or wait.
    pub real: u32,
    /// Primed actions that run or wait.
    pub primed: u32,
    /// Primed actions that were ever sent in this session.
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

/// What becomes of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Submit it. Lower numbers go first; all go behind real work.
    Submit {
        /// From 0 to 1000.
        priority: u16,
    },
    /// Ask again later.
    Hold,
    /// Do not submit it as it is predicted now.
    Skip(SkipReason),
}

/// Why a candidate is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// It costs less to run on request.
    TooCheap,
    /// It costs more than it is likely to save.
    TooDear,
    /// It has hardly ever been asked for.
    Unlikely,
    /// Another reason of the policy.
    Other,
}

/// What became of a submitted action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Its number.
    pub action: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// CPU time that it took, in milliseconds; 0 if not known.
    pub cpu_ms: u32,
}

/// What became of a submitted action, as its policy learns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked for after it had finished.
    Used,
    /// It was asked for while it ran or waited.
    Joined,
    /// Its element ended without asking for it.
    Unused,
    /// It failed.
    Failed,
}
