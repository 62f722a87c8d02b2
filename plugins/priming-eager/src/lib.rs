//! The priming policy `priming-eager`: all candidates at once, those with the longest chain of dependents first.

use spec_guest_sdk::export;
use spec_guest_sdk::priming::{Candidate, Decision, Description, Load, PrimingPolicy, priority};
use spec_guest_sdk::settings::{Refusal, Settings};

struct Eager;

impl PrimingPolicy for Eager {
    fn describe() -> Description {
        let summary = "Submits all candidates at once, those with the longest chain of dependents first.";
        Description::new("priming-eager", env!("CARGO_PKG_VERSION"), summary)
    }

    fn open(_: &Settings, _: &[u8]) -> Result<Self, Refusal> {
        Ok(Self)
    }

    fn decide(&mut self, candidates: &[Candidate], _: &Load) -> Vec<Decision> {
        candidates.iter().map(|candidate| Decision::Submit(priority(candidate.critical_ms))).collect()
    }
}

export!(Eager as PrimingPolicy);
