//! Overlay policies: where the inputs of recorded actions come from.
//!
//! ```
//! use spec_guest_sdk::export;
//! use spec_guest_sdk::overlay::{Choice, Description, InputAlternatives, Observation, OverlayPolicy, Wants};
//! use spec_guest_sdk::settings::{Refusal, Settings};
//!
//! /// Prefers the alternative that was right most often.
//! struct Learning {
//!     /// By the index of an alternative.
//!     right: [u32; 256],
//! }
//!
//! impl OverlayPolicy for Learning {
//!     fn describe() -> Description {
//!         Description::new("learning", "1.0.0", "Prefers what was right most often.")
//!     }
//!
//!     fn open(_: &Settings, _: &[u8]) -> Result<Self, Refusal> {
//!         Ok(Self { right: [0; 256] })
//!     }
//!
//!     fn wants(&self) -> Wants {
//!         Wants::OBSERVE
//!     }
//!
//!     fn choose(&mut self, input: &InputAlternatives) -> Choice {
//!         let mut ranking: Vec<u8> = (0..input.alternatives.len() as u8).collect();
//!         ranking.sort_by_key(|index| std::cmp::Reverse(self.right[usize::from(*index)]));
//!         if ranking.is_empty() { Choice::GiveUp } else { Choice::Rank(ranking) }
//!     }
//!
//!     fn observe(&mut self, ended: &[Observation]) {
//!         ended.iter().flat_map(|ended| &ended.right).for_each(|index| self.right[usize::from(*index)] += 1);
//!     }
//! }
//!
//! export!(Learning as OverlayPolicy);
//!
//! use spec_guest_sdk::overlay::{Alternative, Origin, OriginKind, OriginState};
//!
//! let origin = Origin { kind: OriginKind::Source, element: None };
//! let alternatives = vec![Alternative { origin, state: OriginState::Pending }; 2];
//! let input = InputAlternatives { input: 0, alternatives };
//! let mut policy = spec_guest_sdk::testing::open_overlay::<Learning>(&[]).expect("it needs no settings");
//! assert_eq!(policy.choose(&input), Choice::Rank(vec![0, 1]));
//! policy.observe(&[Observation { input: 0, taken: Some(0), right: vec![1] }]);
//! assert_eq!(policy.choose(&input), Choice::Rank(vec![1, 0]));
//! ```

pub use crate::bindings::imports::spec::plugin::settings::Description;
pub use crate::bindings::overlay_policy::exports::spec::plugin::overlay::{
    Alternative, ChangedFile, Choice, InputAlternatives, InputOrigins, Observation, Origin, OriginKind,
    OriginState, Proposal, Renaming, SetEdit, Wants,
};
use crate::settings::{Refusal, Settings};

/// An overlay policy at work in one session. The host asks about many inputs at once; [`select`](Self::select),
/// [`choose`](Self::choose) and [`propose`](Self::propose) are called for each of them.
pub trait OverlayPolicy: Sized + 'static {
    /// Its name, version and settings; always the same.
    fn describe() -> Description;

    /// Opens a session. `memory` is what [`remember`](Self::remember) gave in the last one; empty the first time.
    ///
    /// # Errors
    /// When a setting is wrong in a way that its description does not say.
    fn open(settings: &Settings, memory: &[u8]) -> Result<Self, Refusal>;

    /// What it wants to be called for besides [`select`](Self::select) and [`choose`](Self::choose).
    fn wants(&self) -> Wants {
        Wants::empty()
    }

    /// Which alternatives of an input are recorded, by index, first the one to be tried first; none for an input that
    /// the build generated.
    fn select(&mut self, input: &InputOrigins) -> Vec<u8> {
        (0..=u8::MAX).take(input.origins.len()).collect()
    }

    /// Where an input takes its contents from.
    fn choose(&mut self, input: &InputAlternatives) -> Choice;

    /// What the inputs of actions will have or lack after a file that they read changed. Called for those who
    /// [want](Self::wants) it.
    fn propose(&mut self, _file: &ChangedFile) -> Vec<SetEdit> {
        Vec::new()
    }

    /// Tells the policy what came of its choices, if it [wants](Self::wants) that.
    fn observe(&mut self, _ended: &[Observation]) {}

    /// The state that the next session gets as its `memory`, at most 64 KiB.
    fn remember(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// The first alternative that is known; if there is none, one to wait for.
#[must_use]
pub fn first_known(input: &InputAlternatives) -> Choice {
    let known = |alternative: &Alternative| {
        matches!(alternative.state, OriginState::Unchanged | OriginState::Changed)
    };
    let mut all = (0u8..).zip(&input.alternatives);
    match all.find(|(_, alternative)| known(alternative)) {
        Some((index, _)) => Choice::Take(index),
        None if input.alternatives.iter().any(|other| other.state == OriginState::Pending) => Choice::Wait,
        None => Choice::GiveUp,
    }
}
