//! The built-in policies: used when no policy is configured, and when a configured one fails.

use std::cmp::Reverse;

use crate::{
    Candidate, Choice, Decision, InputAlternatives, InputOrigins, OriginState, OverlayFacts, OverlayPolicy,
    PolicyError, PrimingFacts, PrimingLoad, PrimingPolicy, SkipReason,
};

/// Records every alternative, and takes the first that is known, in the order SOURCE, ACTION, ARTIFACT.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltInOverlayPolicy;

impl OverlayPolicy for BuiltInOverlayPolicy {
    fn select(&mut self, inputs: &[InputOrigins], _: &dyn OverlayFacts) -> Result<Vec<Vec<u8>>, PolicyError> {
        Ok(inputs.iter().map(|input| (0..=u8::MAX).take(input.origins.len()).collect()).collect())
    }

    fn choose(
        &mut self,
        inputs: &[InputAlternatives],
        _: &dyn OverlayFacts,
    ) -> Result<Vec<Choice>, PolicyError> {
        Ok(inputs.iter().map(choose).collect())
    }
}

fn choose(input: &InputAlternatives) -> Choice {
    let states = || (0u8..).zip(input.alternatives.iter().map(|(_, state)| *state));
    let known = states().find(|(_, state)| matches!(state, OriginState::Unchanged | OriginState::Changed));
    match known {
        Some((index, _)) => Choice::Take(index),
        None if states().any(|(_, state)| state == OriginState::Pending) => Choice::Wait,
        None => Choice::GiveUp,
    }
}

/// Submits all candidates, those with the longest chain of dependents first, except those whose past predictions were
/// mostly wrong. Candidates without a correct prediction in the past are submitted a few at a time until the build has
/// requested one predicted action of the session.
///
/// It ignores what candidates cost: the budget bounds that.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltInPrimingPolicy;

/// Wrong predictions of an action before its ratio of hits to misses counts.
const MIN_ACTION_MISSES: u32 = 3;
/// Wrong predictions for an element in this session before the element's ratio counts.
const MIN_ELEMENT_MISSES: u32 = 2;
/// Unproven actions that may be submitted in a session, for each worker.
const TRIALS_PER_WORKER: u32 = 3;

impl PrimingPolicy for BuiltInPrimingPolicy {
    fn decide(
        &mut self,
        candidates: &[Candidate],
        load: &PrimingLoad,
        _: &dyn PrimingFacts,
    ) -> Result<Vec<Decision>, PolicyError> {
        let mut decisions: Vec<Decision> = candidates.iter().map(decide).collect();
        let Some(allowed) = trials(load) else { return Ok(decisions) };
        let is_trial = |index: &usize| {
            candidates[*index].hits == 0 && matches!(decisions[*index], Decision::Submit { .. })
        };
        let mut trials: Vec<usize> = (0..candidates.len()).filter(is_trial).collect();
        trials.sort_by_key(|index| Reverse(candidates[*index].critical_ms));
        for index in trials.into_iter().skip(allowed as usize) {
            decisions[index] = Decision::Hold;
        }
        Ok(decisions)
    }
}

fn decide(candidate: &Candidate) -> Decision {
    if is_unlikely(candidate) {
        Decision::Skip(SkipReason::Unlikely)
    } else if is_doubtful(candidate) {
        Decision::Hold
    } else {
        Decision::Submit { priority: 1000 - urgency(candidate.critical_ms) }
    }
}

/// How many more unproven actions may be submitted. They leave one worker to the build's own requests. `None` means no
/// limit: a prediction of this session was right, or the number of workers is unknown.
fn trials(load: &PrimingLoad) -> Option<u32> {
    let slots = load.slots.filter(|_| load.hits == 0)?;
    let workers = slots.saturating_sub(1).max(1);
    let left = TRIALS_PER_WORKER.saturating_mul(workers).saturating_sub(load.submitted);
    Some(workers.saturating_sub(load.primed).min(left))
}

/// Whether less than one in five predictions of this action were right. Skipped actions are still predicted, so their
/// statistics go on.
fn is_unlikely(candidate: &Candidate) -> bool {
    candidate.misses >= MIN_ACTION_MISSES && u64::from(candidate.misses) > 4 * u64::from(candidate.hits)
}

/// Whether the element mostly requests other actions than predicted. Held candidates are decided on again later.
fn is_doubtful(candidate: &Candidate) -> bool {
    candidate.element_misses >= MIN_ELEMENT_MISSES
        && u64::from(candidate.element_misses) > 4 * u64::from(candidate.element_hits)
}

/// A logarithmic scale from 0 to 991, on which durations that differ by 3 % or more differ, from milliseconds to days.
fn urgency(critical_ms: u32) -> u16 {
    let octave = critical_ms.max(1).ilog2();
    let within = (31 * u64::from(critical_ms.max(1) - (1 << octave))) >> octave;
    (31 * octave) as u16 + within as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NoFacts;

    const UNPROVEN: Candidate = Candidate {
        action: 0,
        element: 0,
        program: 0,
        run_ms: Some(100),
        cpu_ms: Some(100),
        hits: 0,
        misses: 0,
        element_hits: 0,
        element_misses: 0,
        fan_out: 0,
        critical_ms: 100,
        distance: 0,
    };
    const PROVEN: Candidate = Candidate { hits: 1, ..UNPROVEN };

    /// How many of ten such candidates are sent.
    fn sent(candidate: Candidate, load: PrimingLoad) -> usize {
        let decisions = BuiltInPrimingPolicy.decide(&[candidate; 10], &load, &NoFacts).expect("it answers");
        decisions.iter().filter(|decision| matches!(decision, Decision::Submit { .. })).count()
    }

    #[test]
    fn unproven_actions_are_submitted_a_few_at_a_time() {
        let load =
            |slots, primed, submitted| PrimingLoad { slots, primed, submitted, ..PrimingLoad::default() };
        let cases = [
            ((None, 0, 0), 10),
            ((Some(1), 0, 0), 1),
            ((Some(2), 0, 0), 1),
            ((Some(2), 1, 1), 0),
            ((Some(2), 0, 2), 1),
            ((Some(2), 0, 3), 0),
            ((Some(4), 1, 2), 2),
            ((Some(4), 1, 8), 1),
            ((Some(16), 0, 0), 10),
            ((Some(u32::MAX), 0, 0), 10),
        ];
        for ((slots, primed, before), expected) in cases {
            let load = load(slots, primed, before);
            assert_eq!(sent(UNPROVEN, load), expected, "{load:?}");
            assert_eq!(sent(PROVEN, load), 10, "{load:?}");
            assert_eq!(sent(UNPROVEN, PrimingLoad { hits: 1, ..load }), 10, "{load:?}");
        }
    }

    #[test]
    fn the_longest_chain_is_tried_first() {
        let load = PrimingLoad { slots: Some(2), ..PrimingLoad::default() };
        let candidates = [50, 200, 100].map(|critical_ms| Candidate { critical_ms, ..UNPROVEN });
        let decisions = BuiltInPrimingPolicy.decide(&candidates, &load, &NoFacts).expect("it answers");
        let submit = Decision::Submit { priority: 1000 - urgency(200) };
        assert_eq!(decisions, [Decision::Hold, submit, Decision::Hold]);
    }

    #[test]
    fn an_element_with_wrong_predictions_is_held_until_one_is_right() {
        let load = PrimingLoad { slots: Some(4), hits: 9, ..PrimingLoad::default() };
        for (element_hits, element_misses, expected) in
            [(0, 1, 10), (0, 2, 0), (1, 4, 10), (1, 5, 0), (2, 5, 10), (u32::MAX, u32::MAX, 10)]
        {
            let candidate = Candidate { element_hits, element_misses, ..PROVEN };
            assert_eq!(sent(candidate, load), expected, "{element_hits} {element_misses}");
        }
    }

    #[test]
    fn urgency_distinguishes_milliseconds_and_days() {
        let chains = [0, 2, 3, 1000, 1035, 10_000, 10_350, 86_400_000, 90_000_000, u32::MAX];
        let urgencies = chains.map(urgency);
        assert!(urgencies.is_sorted_by(|one, other| one < other), "{urgencies:?}");
        assert_eq!((urgencies[0], urgencies[9]), (0, 991));
    }
}
