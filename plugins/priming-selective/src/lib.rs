//! The priming policy `priming-selective`: learns which actions are worth executing ahead.
//!
//! An action is worth it when the build is likely to request it. The probability is estimated from past requests of
//! the action, and while these are few, from those of its program. Actions that are too short to save time are
//! skipped, and so are those that would take most of the CPU time that is left. Everything is tried again after some
//! sessions, so that wrong estimates are corrected.

mod memory;

use std::collections::HashMap;

use memory::Memory;
use spec_guest_sdk::export;
use spec_guest_sdk::facts::{self, Execution};
use spec_guest_sdk::priming::{
    Candidate, Decision, Description, Load, Observation, Outcome, PrimingPolicy, SkipReason, actions,
    priority,
};
use spec_guest_sdk::settings::{Number, Refusal, Settings};

const LEAST_MS: Number =
    Number::new("least-ms", "Shorter actions are skipped, in milliseconds.", 0, u32::MAX as i64).default(10);
const LEAST_PERCENT: Number =
    Number::new("least-percent", "Less likely actions are skipped, in percent.", 0, 100).default(20);
const TRY_ALL_EVERY: Number =
    Number::new("try-all-every", "Everything is tried in each such session.", 1, u32::MAX as i64).default(10);

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
    fn describe() -> Description {
        let summary = "Learns which actions are worth executing ahead.";
        Description::new("priming-selective", env!("CARGO_PKG_VERSION"), summary)
            .setting(&LEAST_MS)
            .setting(&LEAST_PERCENT)
            .setting(&TRY_ALL_EVERY)
    }

    fn open(settings: &Settings, memory: &[u8]) -> Result<Self, Refusal> {
        let mut memory = Memory::read(memory);
        memory.sessions = memory.sessions.wrapping_add(1);
        Ok(Self {
            least_ms: settings.get(&LEAST_MS) as u32,
            least_percent: settings.get(&LEAST_PERCENT) as u64,
            try_all: memory.sessions.is_multiple_of(settings.get(&TRY_ALL_EVERY) as u32),
            memory,
            programs: HashMap::new(),
        })
    }

    fn decide(&mut self, candidates: &[Candidate], load: &Load) -> Vec<Decision> {
        let decide = |(candidate, recorded)| self.decide_on(candidate, recorded, load);
        candidates.iter().zip(facts::recorded(&actions(candidates))).map(decide).collect()
    }

    fn observe(&mut self, ended: &[Observation]) {
        for observation in ended {
            if let Some(program) = self.programs.remove(&observation.action) {
                let hit = matches!(observation.outcome, Outcome::Used | Outcome::Joined | Outcome::Overtaken);
                self.memory.rates.entry(program).or_default().count(hit);
            }
        }
    }

    fn remember(&self) -> Vec<u8> {
        self.memory.write()
    }
}

impl Selective {
    fn decide_on(&mut self, candidate: &Candidate, recorded: Option<Execution>, load: &Load) -> Decision {
        let run_ms = recorded.map(|execution| execution.run_ms);
        if run_ms.is_some_and(|run_ms| run_ms < self.least_ms) && candidate.fan_out == 0 {
            return Decision::Skip(SkipReason::TooCheap);
        }
        let cpu_ms = u64::from(recorded.and_then(|execution| execution.cpu_ms).unwrap_or(0));
        if load.cpu_left_ms.is_some_and(|left| cpu_ms > left / 2) {
            return Decision::Skip(SkipReason::TooDear);
        }
        let likely = self.percent(candidate);
        if likely < self.least_percent && !self.try_all {
            return Decision::Skip(SkipReason::Unlikely);
        }
        self.programs.insert(candidate.action, candidate.program);
        Decision::Submit(priority(urgency(candidate.critical_ms.max(run_ms.unwrap_or(0)), likely)))
    }

    /// The probability that the build requests an action, in percent.
    fn percent(&self, candidate: &Candidate) -> u64 {
        let program = self.memory.rates.get(&candidate.program).copied().unwrap_or_default();
        let (hits, misses) = (u64::from(candidate.hits), u64::from(candidate.misses));
        (100 * hits + PROGRAM_WEIGHT * program.percent()) / (hits + misses + PROGRAM_WEIGHT)
    }
}

/// The time of what waits for an action, times the probability that it is asked for, in milliseconds.
fn urgency(waiting_ms: u32, percent: u64) -> u32 {
    let expected = u64::from(waiting_ms) * percent / 100;
    u32::try_from(expected).unwrap_or(u32::MAX)
}

export!(Selective as PrimingPolicy);

#[cfg(test)]
mod tests;
