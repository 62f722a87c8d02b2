//! The priming policy `priming-eager`: all candidates at once, those with the longest chain of dependents first.

use spec_guest_sdk::priming::{Candidate, Decision, Machine, PrimingPolicy, priority};
use spec_guest_sdk::{Settings, SettingsError, export_priming_policy};

struct Eager;

impl PrimingPolicy for Eager {
    fn open(_: &mut Settings, _: &[u8]) -> Result<Self, SettingsError> {
        Ok(Self)
    }

    fn decide(&mut self, candidates: &[Candidate], _: &Machine) -> Vec<Decision> {
        candidates.iter().map(|candidate| Decision::Submit(priority(candidate.critical_ms))).collect()
    }
}

export_priming_policy!(Eager);
