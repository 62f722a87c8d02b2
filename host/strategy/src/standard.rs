//! The policies that are there when no others are.

use crate::{
    Candidate, Choice, Decision, InputOrigins, InputStanding, Machine, OverlayPolicy, PolicyError,
    PrimingPolicy, SkipReason, Standing,
};

/// Records every alternative, and takes the first that is known, in the order SOURCE, ACTION, ARTIFACT.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardOverlays;

impl OverlayPolicy for StandardOverlays {
    fn select(&mut self, inputs: &[InputOrigins]) -> Result<Vec<Vec<u8>>, PolicyError> {
        Ok(inputs.iter().map(|input| (0..=u8::MAX).take(input.origins.len()).collect()).collect())
    }

    fn choose(&mut self, inputs: &[InputStanding]) -> Result<Vec<Choice>, PolicyError> {
        Ok(inputs.iter().map(choose).collect())
    }
}

fn choose(input: &InputStanding) -> Choice {
    let standings = || (0u8..).zip(input.alternatives.iter().map(|(_, standing)| *standing));
    let known = standings().find(|(_, standing)| matches!(standing, Standing::Unchanged | Standing::Changed));
    match known {
        Some((index, _)) => Choice::Take(index),
        None if standings().any(|(_, standing)| standing == Standing::Pending) => Choice::Wait,
        None => Choice::GiveUp,
    }
}

/// Submits everything at once, first what most waits for, but for what was hardly ever predicted rightly.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardPriming;

/// So often a prediction may be wrong before it matters.
const FIRST_MISSES: u32 = 3;

impl PrimingPolicy for StandardPriming {
    fn decide(&mut self, candidates: &[Candidate], _machine: &Machine) -> Result<Vec<Decision>, PolicyError> {
        let decide = |candidate: &Candidate| match is_unlikely(candidate) {
            true => Decision::Skip(SkipReason::Unlikely),
            false => Decision::Submit { priority: 1000 - urgency(candidate.critical_ms) },
        };
        Ok(candidates.iter().map(decide).collect())
    }
}

/// Whether less than one in five predictions were right. What is skipped is predicted all the same, so it is learned when
/// that changes.
fn is_unlikely(candidate: &Candidate) -> bool {
    candidate.misses >= FIRST_MISSES && u64::from(candidate.misses) > 4 * u64::from(candidate.hits)
}

/// At most 31 * 31 + 30. Chains that differ by 3 % or more do so here, be they of milliseconds or of days.
fn urgency(critical_ms: u32) -> u16 {
    let octave = critical_ms.max(1).ilog2();
    let within = (31 * u64::from(critical_ms.max(1) - (1 << octave))) >> octave;
    (31 * octave) as u16 + within as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgency_tells_milliseconds_and_days_apart() {
        let chains = [0, 2, 3, 1000, 1035, 10_000, 10_350, 86_400_000, 90_000_000, u32::MAX];
        let urgencies = chains.map(urgency);
        assert!(urgencies.is_sorted_by(|one, other| one < other), "{urgencies:?}");
        assert_eq!((urgencies[0], urgencies[9]), (0, 991));
    }
}
