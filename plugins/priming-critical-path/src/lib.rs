//! The priming policy `priming-critical-path`: as many actions as the machine can run, those with the longest chains
//! after them first.
//!
//! Others are held, so that more urgent candidates found later come first. Of equal chains the one whose element is
//! built sooner comes first. The setting `per-slot` says how many primed actions may run or wait for each slot of the
//! machine; the default 2 keeps slots from waiting for submissions.

use std::cmp::Reverse;

use spec_guest_sdk::export;
use spec_guest_sdk::priming::{Candidate, Decision, Description, LOWEST_PRIORITY, Load, PrimingPolicy};
use spec_guest_sdk::settings::{Number, Refusal, Settings};

const PER_SLOT: Number =
    Number::new("per-slot", "Primed actions that may run or wait for each slot.", 1, 1000).default(2);

struct CriticalPath {
    per_slot: u32,
}

impl PrimingPolicy for CriticalPath {
    fn describe() -> Description {
        let summary = "Submits as many actions as the machine can run, those with the longest chains first.";
        Description::new("priming-critical-path", env!("CARGO_PKG_VERSION"), summary).setting(&PER_SLOT)
    }

    fn open(settings: &Settings, _: &[u8]) -> Result<Self, Refusal> {
        Ok(Self { per_slot: settings.get(&PER_SLOT) as u32 })
    }

    fn decide(&mut self, candidates: &[Candidate], load: &Load) -> Vec<Decision> {
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by_key(|index| urgency(&candidates[*index]));
        let mut decisions = vec![Decision::Hold; candidates.len()];
        for (rank, index) in (0..=LOWEST_PRIORITY).zip(order.into_iter().take(self.room(load))) {
            decisions[index] = Decision::Submit(rank);
        }
        decisions
    }
}

impl CriticalPath {
    /// How many more actions may be submitted.
    fn room(&self, load: &Load) -> usize {
        // If the number of slots is not known, there is at least one.
        let most = load.slots.unwrap_or(1).saturating_mul(self.per_slot);
        load.free.min(most.saturating_sub(load.primed)) as usize
    }
}

/// The key of the order: long chains first, then elements that are built soon, then actions with many dependents.
fn urgency(candidate: &Candidate) -> (Reverse<u32>, u32, Reverse<u32>) {
    (Reverse(candidate.critical_ms), candidate.distance, Reverse(candidate.fan_out))
}

export!(CriticalPath as PrimingPolicy);

#[cfg(test)]
mod tests;
