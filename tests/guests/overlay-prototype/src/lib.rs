//! The resolution rules of the known prototype of speculative actions, as far as an overlay policy can have them: the
//! peer of `cargo xtask bench speculation`.
//!
//! Its rules that are here:
//! - an input has one origin, not several: a source rather than an artifact, an artifact rather than another action;
//! - sources are there before it looks, since it primes after it fetched;
//! - what is pending when it looks for the first time is given up, and never tried again. So nothing follows from an
//!   action that has to be run first.
//!
//! Those that no policy can have, so that this peer is better than the prototype:
//! - inputs are found by path here, and by their bytes there;
//! - an artifact that arrives counts for what is staged from it, whatever the policy gave up before;
//! - what real requests show corrects what is predicted;
//! - the whole closure of dependencies is known, not only direct ones;
//! - trees of dependencies are replaced in platform properties and environment;
//! - the record is not lost by a failed build, or by one that asked for nothing new;
//! - an action with an input that was given up is not run; there it may be run with the stale one, which nobody asks for.

use std::collections::HashSet;

use spec_guest_sdk::export;
use spec_guest_sdk::overlay::{
    Alternative, Choice, Description, InputAlternatives, InputOrigins, OriginKind, OriginState,
    OverlayPolicy, first_known,
};
use spec_guest_sdk::settings::{Refusal, Settings};

#[derive(Default)]
struct Prototype {
    given_up: HashSet<u32>,
}

impl OverlayPolicy for Prototype {
    fn describe() -> Description {
        Description::new("overlay-prototype", env!("CARGO_PKG_VERSION"), "Resolves as the known prototype.")
    }

    fn open(_: &Settings, _: &[u8]) -> Result<Self, Refusal> {
        Ok(Self::default())
    }

    fn select(&mut self, input: &InputOrigins) -> Vec<u8> {
        let first_of = |kind| input.origins.iter().position(|origin| origin.kind == kind);
        let kinds = [OriginKind::Source, OriginKind::Artifact, OriginKind::Action];
        kinds.into_iter().find_map(first_of).and_then(|index| u8::try_from(index).ok()).into_iter().collect()
    }

    fn choose(&mut self, input: &InputAlternatives) -> Choice {
        if self.given_up.contains(&input.input) {
            return Choice::GiveUp;
        }
        let is_built = |other: &Alternative| other.origin.kind != OriginKind::Source;
        let is_too_late = |other: &Alternative| is_built(other) && other.state == OriginState::Pending;
        if input.alternatives.iter().any(is_too_late) {
            self.given_up.insert(input.input);
            return Choice::GiveUp;
        }
        first_known(input)
    }
}

export!(Prototype as OverlayPolicy);

#[cfg(test)]
mod tests;
