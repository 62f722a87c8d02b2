//! The priming policy `priming-eager`: everything at once, first what most waits for.

use spec_guest_sdk::priming::{Candidate, Decision, LAST, Machine, Policy};
use spec_guest_sdk::{Refused, Settings, export_priming_policy};

struct Eager;

impl Policy for Eager {
    fn open(_: &mut Settings, _: &[u8]) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn decide(&mut self, candidates: &[Candidate], _: &Machine) -> Vec<Decision> {
        candidates.iter().map(|candidate| Decision::Submit(LAST - urgency(candidate))).collect()
    }
}

/// Ten seconds and more of what waits are the most urgent.
fn urgency(candidate: &Candidate) -> u16 {
    u16::try_from(candidate.critical_ms / 10).map_or(LAST, |urgency| urgency.min(LAST))
}

export_priming_policy!(Eager);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_waits_for_goes_first() {
        for (critical_ms, expected) in [(0, 0), (95, 9), (10_000, 1000), (10_010, 1000), (u32::MAX, 1000)] {
            let candidate = Candidate { critical_ms, ..NOTHING };
            assert_eq!(urgency(&candidate), expected);
        }
    }

    const NOTHING: Candidate = Candidate {
        action: 0,
        element: 0,
        program: 0,
        took_ms: 0,
        cpu_ms: 0,
        hits: 0,
        misses: 0,
        fan_out: 0,
        critical_ms: 0,
        distance: 0,
    };
}
