//! Priming policies: which predicted actions are executed before the build requests them.
//!
//! ```
//! use spec_guest_sdk::priming::{Candidate, Decision, Description, Load, PrimingPolicy};
//! use spec_guest_sdk::settings::{Refusal, Settings};
//! use spec_guest_sdk::{export, facts};
//!
//! /// Waits until the build requests nothing, and primes links first.
//! struct Cautious;
//!
//! impl PrimingPolicy for Cautious {
//!     fn describe() -> Description {
//!         Description::new("cautious", "1.0.0", "Primes on idle workers only.")
//!     }
//!
//!     fn open(_: &Settings, _: &[u8]) -> Result<Self, Refusal> {
//!         Ok(Self)
//!     }
//!
//!     fn decide(&mut self, candidates: &[Candidate], load: &Load) -> Vec<Decision> {
//!         let decide = |candidate: &Candidate| match load.requested {
//!             0 if facts::program_name(candidate.program).as_deref() == Some("ld") => Decision::Submit(0),
//!             0 => Decision::Submit(500),
//!             _ => Decision::Hold,
//!         };
//!         candidates.iter().map(decide).collect()
//!     }
//! }
//!
//! export!(Cautious as PrimingPolicy);
//!
//! use spec_guest_sdk::testing::TestFacts;
//!
//! let candidates = [1, 2].map(|program| Candidate { program, ..Candidate::default() });
//! let facts = TestFacts { programs: [(2, "ld".to_owned())].into(), ..TestFacts::default() };
//! let decided = facts.during(|| Cautious.decide(&candidates, &Load::default()));
//! assert_eq!(decided, [Decision::Submit(500), Decision::Submit(0)]);
//! let busy = Load { requested: 1, ..Load::default() };
//! assert_eq!(Cautious.decide(&candidates, &busy), [Decision::Hold, Decision::Hold]);
//! ```

pub use crate::bindings::imports::spec::plugin::settings::Description;
pub use crate::bindings::priming_policy::exports::spec::plugin::priming::{
    Candidate, Decision, LastDecision, Load, Observation, Outcome, Revision, SkipReason, SubmittedAction,
    Wants,
};
use crate::settings::{Refusal, Settings};

/// The priority of actions that run last.
pub const LOWEST_PRIORITY: u16 = 1000;

/// The priority of an action that a chain of actions of this length waits for, in milliseconds: longer chains go first.
/// Lengths that differ by 3 % or more have different priorities, whether they are milliseconds or days.
#[must_use]
pub fn priority(waiting_ms: u32) -> u16 {
    let octave = waiting_ms.max(1).ilog2();
    let within = (31 * u64::from(waiting_ms.max(1) - (1 << octave))) >> octave;
    // At most 31 * 31 + 30.
    LOWEST_PRIORITY - (31 * octave) as u16 - within as u16
}

/// The numbers of candidates, in the same order, for questions to [`facts`](crate::facts).
#[must_use]
pub fn actions(candidates: &[Candidate]) -> Vec<u32> {
    candidates.iter().map(|candidate| candidate.action).collect()
}

/// A priming policy at work in one session.
pub trait PrimingPolicy: Sized + 'static {
    /// Its name, version and settings; always the same.
    fn describe() -> Description;

    /// Opens a session. `memory` is what [`remember`](Self::remember) gave in the last one; empty the first time.
    ///
    /// # Errors
    /// When a setting is wrong in a way that its description does not say.
    fn open(settings: &Settings, memory: &[u8]) -> Result<Self, Refusal>;

    /// What it wants to be called for besides [`decide`](Self::decide) and [`observe`](Self::observe).
    fn wants(&self) -> Wants {
        Wants::empty()
    }

    /// Decides on candidates: as many decisions, in the same order. A candidate that is held is decided on again when
    /// something changed.
    fn decide(&mut self, candidates: &[Candidate], load: &Load) -> Vec<Decision>;

    /// Decides again on submitted actions, before [`decide`](Self::decide), when there are candidates: as many revisions,
    /// in the same order. Called for those who [want](Self::wants) it.
    fn revise(&mut self, submitted: &[SubmittedAction], _load: &Load) -> Vec<Revision> {
        vec![Revision::Keep; submitted.len()]
    }

    /// Tells the policy what became of actions: of submitted ones, or of all that it decided on if it
    /// [wants](Self::wants) that.
    fn observe(&mut self, _ended: &[Observation]) {}

    /// The state that the next session gets as its `memory`, at most 64 KiB.
    fn remember(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl Default for Candidate {
    /// An action of which nothing is known.
    fn default() -> Self {
        Self {
            action: 0,
            element: 0,
            program: 0,
            hits: 0,
            misses: 0,
            element_hits: 0,
            element_misses: 0,
            fan_out: 0,
            critical_ms: 0,
            distance: 0,
        }
    }
}

impl Default for Load {
    /// Nothing runs, and nothing more may be submitted.
    fn default() -> Self {
        Self {
            slots: None,
            requested: 0,
            primed: 0,
            submitted: 0,
            hits: 0,
            free: 0,
            cpu_left_ms: None,
            bytes_left: None,
        }
    }
}
