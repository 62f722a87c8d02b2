//! The priming policy `priming-critical-path`: as many actions as the machine has room for, those first that the longest
//! chains wait for.
//!
//! What does not fit is held, so that something more urgent, found later, goes before it. Where chains are equal, what is
//! asked for sooner goes first. The setting `per-slot` says how many primed actions may run or wait for each slot of the
//! machine: 2 when it is not given, so that no slot waits for us.

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
    /// How many more actions the machine takes.
    fn room(&self, machine: &Machine) -> usize {
        // A machine that does not tell its slots has at least one.
        let most = machine.slots.max(1).saturating_mul(self.per_slot);
        machine.free.min(most.saturating_sub(machine.primed)) as usize
    }
}

/// The most urgent is the least: long chains, then what is asked for soon, then what frees most.
fn urgency(candidate: &Candidate) -> (Reverse<u32>, u32, Reverse<u32>) {
    (Reverse(candidate.critical_ms), candidate.distance, Reverse(candidate.fan_out))
}

export_priming_policy!(CriticalPath);

#[cfg(test)]
mod tests;
