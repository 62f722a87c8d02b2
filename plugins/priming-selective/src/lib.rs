//! The priming policy `priming-selective`: learns which actions are worth executing ahead.
//!
//! An action is worth it when the build is likely to request it. The probability is estimated from past requests of
//! the action, and while these are few, from those of its program. Actions that are too short to save time are
//! skipped, and so are those that would take most of the CPU time that is left. Everything is tried again after some
//! sessions, so that wrong estimates are corrected.
//!
//! | setting | meaning | when not given |
//! | --- | --- | --- |
//! | `least-ms` | actions that take less are not run ahead | 10 |
//! | `least-percent` | actions that are less likely to be asked for are not run ahead | 20 |
//! | `try-all-every` | sessions from one in which everything is tried to the next | 10 |

mod memory;

use std::collections::HashMap;

use memory::Memory;
use spec_guest_sdk::priming::{
    Candidate, Decision, Machine, Observation, Outcome, PrimingPolicy, SkipReason, priority,
};
use spec_guest_sdk::{Settings, SettingsError, export_priming_policy};

/// How many observations of the action itself the rate of its program is worth.
const PROGRAM_WEIGHT: u64 = 2;

struct Selective {
    least_ms: u32,
    least_percent: u64,
    try_all: bool,
    memory: Memory,
    /// The programs of actions that were submitted.
    programs: HashMap<u32, u32>,
}

impl PrimingPolicy for Selective {
    fn open(settings: &mut Settings, memory: &[u8]) -> Result<Self, SettingsError> {
        let mut memory = Memory::read(memory);
        memory.sessions = memory.sessions.wrapping_add(1);
        let every = settings.number("try-all-every", 1..=u32::MAX, 10)?;
        Ok(Self {
            least_ms: settings.number("least-ms", 0..=u32::MAX, 10)?,
            least_percent: settings.number("least-percent", 0..=100, 20)?,
            try_all: memory.sessions.is_multiple_of(every),
            memory,
            programs: HashMap::new(),
        })
    }

    fn decide(&mut self, candidates: &[Candidate], machine: &Machine) -> Vec<Decision> {
        candidates.iter().map(|candidate| self.decide_on(candidate, machine)).collect()
    }

    fn observe(&mut self, outcomes: &[Observation]) {
        for observation in outcomes {
            if let Some(program) = self.programs.remove(&observation.action) {
                let hit = matches!(observation.outcome, Outcome::Used | Outcome::Joined);
                self.memory.rates.entry(program).or_default().count(hit);
            }
        }
    }

    fn remember(&self) -> Vec<u8> {
        self.memory.write()
    }
}

impl Selective {
    fn decide_on(&mut self, candidate: &Candidate, machine: &Machine) -> Decision {
        // 0 means that it was not measured.
        if candidate.took_ms > 0 && candidate.took_ms < self.least_ms && candidate.fan_out == 0 {
            return Decision::Skip(SkipReason::TooCheap);
        }
        if u64::from(candidate.cpu_ms) > machine.cpu_left_ms / 2 {
            return Decision::Skip(SkipReason::TooDear);
        }
        let likely = self.percent(candidate);
        if likely < self.least_percent && !self.try_all {
            return Decision::Skip(SkipReason::Unlikely);
        }
        self.programs.insert(candidate.action, candidate.program);
        Decision::Submit(priority(urgency(candidate, likely)))
    }

    /// The probability that the build requests an action, in percent.
    fn percent(&self, candidate: &Candidate) -> u64 {
        let program = self.memory.rates.get(&candidate.program).copied().unwrap_or_default();
        let (hits, misses) = (u64::from(candidate.hits), u64::from(candidate.misses));
        (100 * hits + PROGRAM_WEIGHT * program.percent()) / (hits + misses + PROGRAM_WEIGHT)
    }
}

/// The time of what waits for an action, times the probability that it is asked for, in milliseconds.
fn urgency(candidate: &Candidate, percent: u64) -> u32 {
    let expected = u64::from(candidate.critical_ms.max(candidate.took_ms)) * percent / 100;
    u32::try_from(expected).unwrap_or(u32::MAX)
}

export_priming_policy!(Selective);

#[cfg(test)]
mod tests;
