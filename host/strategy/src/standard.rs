//! The policies that are there when no others are.

use std::cmp::Reverse;

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

/// Submits everything at once, first what most waits for, but for what was hardly ever predicted rightly. What was never
/// tried is tried a few at a time, until anything in the session is asked for as predicted.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardPriming;

/// So often a prediction may be wrong before it matters.
const FIRST_MISSES: u32 = 3;
/// So often in a session.
const FIRST_DOUBTS: u32 = 2;
/// Actions for each worker that are tried on mere suspicion.
const TRIALS: u32 = 3;

impl PrimingPolicy for StandardPriming {
    fn decide(&mut self, candidates: &[Candidate], machine: &Machine) -> Result<Vec<Decision>, PolicyError> {
        let mut decisions: Vec<Decision> = candidates.iter().map(decide).collect();
        let Some(most) = trials(machine) else { return Ok(decisions) };
        let is_trial = |index: &usize| {
            candidates[*index].hits == 0 && matches!(decisions[*index], Decision::Submit { .. })
        };
        let mut trials: Vec<usize> = (0..candidates.len()).filter(is_trial).collect();
        trials.sort_by_key(|index| Reverse(candidates[*index].critical_ms));
        for index in trials.into_iter().skip(most as usize) {
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

/// How many more actions that were never predicted rightly may be sent: few, and they leave a worker to what the build
/// itself does. `None` is no limit: something turned out right, or the machine does not tell its workers.
fn trials(machine: &Machine) -> Option<u32> {
    if machine.slots == 0 || machine.hits > 0 {
        return None;
    }
    let workers = (machine.slots - 1).max(1);
    let left = TRIALS.saturating_mul(workers).saturating_sub(machine.sent);
    Some(workers.saturating_sub(machine.primed).min(left))
}

/// Whether less than one in five predictions were right. What is skipped is predicted all the same, so it is learned when
/// that changes.
fn is_unlikely(candidate: &Candidate) -> bool {
    candidate.misses >= FIRST_MISSES && u64::from(candidate.misses) > 4 * u64::from(candidate.hits)
}

/// Whether the element asks for other things than was predicted. What is held is sent when that turns out better.
fn is_doubtful(candidate: &Candidate) -> bool {
    candidate.element_misses >= FIRST_DOUBTS
        && u64::from(candidate.element_misses) > 4 * u64::from(candidate.element_hits)
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

    const UNTRIED: Candidate = Candidate {
        action: 0,
        element: 0,
        program: 0,
        took_ms: 100,
        cpu_ms: 100,
        hits: 0,
        misses: 0,
        element_hits: 0,
        element_misses: 0,
        fan_out: 0,
        critical_ms: 100,
        distance: 0,
    };
    const KNOWN: Candidate = Candidate { hits: 1, ..UNTRIED };

    /// How many of ten such candidates are sent.
    fn sent(candidate: Candidate, machine: Machine) -> usize {
        let decisions = StandardPriming.decide(&[candidate; 10], &machine).expect("it answers");
        decisions.iter().filter(|decision| matches!(decision, Decision::Submit { .. })).count()
    }

    #[test]
    fn what_was_never_tried_is_tried_a_few_at_a_time() {
        let machine = |slots, primed, sent| Machine { slots, primed, sent, ..Machine::default() };
        let cases = [
            ((0, 0, 0), 10),
            ((1, 0, 0), 1),
            ((2, 0, 0), 1),
            ((2, 1, 1), 0),
            ((2, 0, 2), 1),
            ((2, 0, 3), 0),
            ((4, 1, 2), 2),
            ((4, 1, 8), 1),
            ((16, 0, 0), 10),
            ((u32::MAX, 0, 0), 10),
        ];
        for ((slots, primed, before), expected) in cases {
            let machine = machine(slots, primed, before);
            assert_eq!(sent(UNTRIED, machine), expected, "{machine:?}");
            assert_eq!(sent(KNOWN, machine), 10, "{machine:?}");
            assert_eq!(sent(UNTRIED, Machine { hits: 1, ..machine }), 10, "{machine:?}");
        }
    }

    #[test]
    fn the_longest_chain_is_tried_first() {
        let machine = Machine { slots: 2, ..Machine::default() };
        let candidates = [50, 200, 100].map(|critical_ms| Candidate { critical_ms, ..UNTRIED });
        let decisions = StandardPriming.decide(&candidates, &machine).expect("it answers");
        let submit = Decision::Submit { priority: 1000 - urgency(200) };
        assert_eq!(decisions, [Decision::Hold, submit, Decision::Hold]);
    }

    #[test]
    fn an_element_that_surprises_is_left_alone_until_it_does_as_predicted() {
        let machine = Machine { slots: 4, hits: 9, ..Machine::default() };
        for (element_hits, element_misses, expected) in
            [(0, 1, 10), (0, 2, 0), (1, 4, 10), (1, 5, 0), (2, 5, 10), (u32::MAX, u32::MAX, 10)]
        {
            let candidate = Candidate { element_hits, element_misses, ..KNOWN };
            assert_eq!(sent(candidate, machine), expected, "{element_hits} {element_misses}");
        }
    }

    #[test]
    fn urgency_tells_milliseconds_and_days_apart() {
        let chains = [0, 2, 3, 1000, 1035, 10_000, 10_350, 86_400_000, 90_000_000, u32::MAX];
        let urgencies = chains.map(urgency);
        assert!(urgencies.is_sorted_by(|one, other| one < other), "{urgencies:?}");
        assert_eq!((urgencies[0], urgencies[9]), (0, 991));
    }
}
