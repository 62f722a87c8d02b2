//! The priming policy `priming-critical-path`: as many actions as the machine can run, those with the longest chains
//! after them first.
//!
//! Others are held, so that more urgent candidates found later come first. Of equal chains the one whose element is
//! built sooner comes first. The setting `per-slot` says how many primed actions may run or wait for each slot of the
//! machine; the default 2 keeps slots from waiting for submissions.

use std::cmp::Reverse;

use spec_guest_sdk::priming::{Candidate, Decision, LOWEST_PRIORITY, Machine, PrimingPolicy};
use spec_guest_sdk::{Settings, SettingsError, export_priming_policy};

struct CriticalPath {
    per_slot: u32,
}

impl PrimingPolicy for CriticalPath {
    fn open(settings: &mut Settings, _: &[u8]) -> Result<Self, SettingsError> {
        Ok(Self { per_slot: settings.number("per-slot", 1..=1000, 2)? })
    }

    fn decide(&mut self, candidates: &[Candidate], machine: &Machine) -> Vec<Decision> {
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_by_key(|index| urgency(&candidates[*index]));
        let mut decisions = vec![Decision::Hold; candidates.len()];
        for (rank, index) in (0..=LOWEST_PRIORITY).zip(order.into_iter().take(self.room(machine))) {
            decisions[index] = Decision::Submit(rank);
        }
        decisions
    }
}

impl CriticalPath {
    /// How many more actions may be submitted.
    fn room(&self, machine: &Machine) -> usize {
        // If the number of slots is not known, there is at least one.
        let most = machine.slots.max(1).saturating_mul(self.per_slot);
        machine.free.min(most.saturating_sub(machine.primed)) as usize
    }
}

/// The key of the order: long chains first, then elements that are built soon, then actions with many dependents.
fn urgency(candidate: &Candidate) -> (Reverse<u32>, u32, Reverse<u32>) {
    (Reverse(candidate.critical_ms), candidate.distance, Reverse(candidate.fan_out))
}

export_priming_policy!(CriticalPath);

#[cfg(test)]
mod tests;
