//! An overlay policy that decides by what it asks, and remembers what was right.

use spec_guest_sdk::overlay::{
    Choice, Description, InputAlternatives, InputOrigins, Observation, OverlayPolicy, Wants,
};
use spec_guest_sdk::settings::{Refusal, Settings};
use spec_guest_sdk::{export, facts};

struct Asks {
    right: Vec<u8>,
}

impl OverlayPolicy for Asks {
    fn describe() -> Description {
        Description::new("asks-overlay", env!("CARGO_PKG_VERSION"), "Asks for facts.")
    }

    fn open(_: &Settings, memory: &[u8]) -> Result<Self, Refusal> {
        Ok(Self { right: memory.to_vec() })
    }

    fn wants(&self) -> Wants {
        Wants::OBSERVE
    }

    /// Only headers are recorded, and of these only origins in known elements.
    fn select(&mut self, input: &InputOrigins) -> Vec<u8> {
        if !facts::path(input.path).is_some_and(|path| path.ends_with(".h")) {
            return Vec::new();
        }
        let origins = (0u8..).zip(&input.origins);
        let is_known =
            |element: Option<u32>| element.is_none_or(|element| facts::element_name(element).is_some());
        origins.filter(|(_, origin)| is_known(origin.element)).map(|(index, _)| index).collect()
    }

    /// Alternatives with the recorded content go first.
    fn choose(&mut self, input: &InputAlternatives) -> Choice {
        let recorded = facts::recorded_content(input.input);
        let is_same = |index: u8| facts::current_content(input.input, index) == recorded;
        let mut ranking: Vec<u8> = (0..input.alternatives.len() as u8).collect();
        ranking.sort_by_key(|index| !is_same(*index));
        if ranking.is_empty() { Choice::GiveUp } else { Choice::Rank(ranking) }
    }

    fn observe(&mut self, ended: &[Observation]) {
        self.right.extend(ended.iter().flat_map(|ended| &ended.right));
    }

    fn remember(&self) -> Vec<u8> {
        self.right.clone()
    }
}

export!(Asks as OverlayPolicy);
