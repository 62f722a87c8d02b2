//! Calls policies on samples, so that an author learns of faults before a build does.

use spec_model::UserError;
use spec_strategy::{
    Candidate, ChangedFile, ChoiceObservation, InputAlternatives, InputOrigins, LastDecision, NoFacts,
    Observation, OriginInfo, OriginKind, OriginState, Outcome, OverlayPolicy, PrimingLoad, PrimingPolicy,
    SubmittedAction,
};

use crate::guarded_policy::{GuardedOverlayPolicy, GuardedPrimingPolicy, PolicyWarning, batch};

/// The numbers of questions in one call.
const BATCHES: [u32; 3] = [0, 1, 60];

/// A policy that failed on a sample, or gave an answer that the contract does not allow.
#[derive(Debug, thiserror::Error)]
#[error("it fails on a sample: {}", warning.cause())]
pub struct PolicyCheckError {
    warning: PolicyWarning,
}

impl UserError for PolicyCheckError {
    fn blame(&self) -> spec_model::Blame {
        self.warning.blame()
    }

    fn reason(&self) -> &str {
        self.warning.reason()
    }
}

/// Calls every function of an overlay policy on samples.
///
/// # Errors
/// When a call fails, or an answer is not valid.
pub fn check_overlay_policy(policy: Box<dyn OverlayPolicy>) -> Result<(), PolicyCheckError> {
    let policy = GuardedOverlayPolicy::new(policy);
    for count in BATCHES {
        let inputs: Vec<InputOrigins> = (0..count).map(sample_origins).collect();
        policy.select_batch(&inputs, &NoFacts);
        let inputs: Vec<InputAlternatives> = (0..count).map(sample_alternatives).collect();
        policy.choose(&inputs, &NoFacts);
        if policy.wants().observe {
            policy.observe(&(0..count).map(sample_choice).collect::<Vec<_>>(), &NoFacts);
        }
    }
    if policy.wants().propose {
        policy.propose(&sample_files(), &NoFacts);
    }
    policy.remember();
    policy.take_warning().map_or(Ok(()), |warning| Err(PolicyCheckError { warning }))
}

/// Calls every function of a priming policy on samples.
///
/// # Errors
/// When a call fails, or an answer is not valid.
pub fn check_priming_policy(policy: Box<dyn PrimingPolicy>) -> Result<(), PolicyCheckError> {
    let policy = GuardedPrimingPolicy::new(policy);
    for (count, slots) in BATCHES.into_iter().zip([0, 1, 16]) {
        let candidates: Vec<Candidate> = (0..count).map(sample_candidate).collect();
        policy.decide(&[], &sample_load(slots), &NoFacts);
        for candidates in candidates.chunks(batch(policy.wants().largest_batch)) {
            policy.decide(candidates, &sample_load(slots), &NoFacts);
        }
        if policy.wants().revise {
            let submitted: Vec<SubmittedAction> = (0..count).map(sample_submitted).collect();
            policy.revise(&submitted, &sample_load(slots), &NoFacts);
        }
        let all = policy.wants().observe_all;
        let observed = (0..count).map(sample_observation);
        let observed = observed.filter(|ended| all || ended.decision == LastDecision::Submitted);
        policy.observe(&observed.collect::<Vec<_>>(), &NoFacts);
    }
    policy.remember();
    policy.take_warning().map_or(Ok(()), |warning| Err(PolicyCheckError { warning }))
}

/// 0 is the recorded element itself.
fn origin(kind: OriginKind, element: u32) -> OriginInfo {
    OriginInfo { kind, element: element.checked_sub(1) }
}

fn sample_choice(input: u32) -> ChoiceObservation {
    let right = (0..input as u8 % 3).collect();
    ChoiceObservation { input, taken: (!input.is_multiple_of(2)).then_some(0), right }
}

/// Inputs with no, one and several alternatives.
fn sample_origins(path: u32) -> InputOrigins {
    let all = [
        origin(OriginKind::Source, 0),
        origin(OriginKind::Source, 2),
        origin(OriginKind::Action, 1),
        origin(OriginKind::Artifact, 3),
    ];
    InputOrigins { path, origins: all.into_iter().take(path as usize % 5).collect() }
}

/// Inputs whose alternatives are in all states.
fn sample_alternatives(input: u32) -> InputAlternatives {
    let states = [OriginState::Unchanged, OriginState::Changed, OriginState::Pending, OriginState::Gone];
    let state = |shift: u32| states[((input / 4 + shift) % 4) as usize];
    let all = [
        (origin(OriginKind::Source, input % 3), state(0)),
        (origin(OriginKind::Action, 1), state(1)),
        (origin(OriginKind::Artifact, 2), state(3)),
    ];
    InputAlternatives { input, alternatives: all.into_iter().take(1 + input as usize % 3).collect() }
}

fn sample_files() -> Vec<ChangedFile> {
    let file = |path: &str, before: &[u8], after: &[u8]| ChangedFile {
        path: path.to_owned(),
        before: before.to_vec(),
        after: after.to_vec(),
    };
    vec![
        file("usr/include/a.h", b"#include \"b.h\"\n", b"#include \"c.h\"\n#include <d.h>\n"),
        file("usr/include/empty.h", b"", b""),
        file("usr/include/odd.h", b"#include", b"\xff\xfe#include \"\n"),
    ]
}

fn sample_candidate(action: u32) -> Candidate {
    Candidate {
        action,
        element: action % 7,
        program: action % 3,
        run_ms: (action > 0).then_some(action * 100),
        cpu_ms: (action > 0).then_some(action * 90),
        hits: action % 4,
        misses: action % 5,
        element_hits: action % 2,
        element_misses: action % 3,
        fan_out: action % 10,
        critical_ms: action * 1000,
        distance: action % 20,
    }
}

/// 0 for a number of slots that is not known, and no budget.
fn sample_load(slots: u32) -> PrimingLoad {
    let is_known = slots > 0;
    PrimingLoad {
        slots: is_known.then_some(slots),
        requested: slots / 2,
        primed: 1,
        submitted: 1,
        hits: 1,
        free: slots,
        cpu_left_ms: is_known.then_some(1_000_000),
        bytes_left: is_known.then_some(1 << 30),
    }
}

fn sample_submitted(action: u32) -> SubmittedAction {
    let running_ms = action.is_multiple_of(2).then_some(action * 10);
    SubmittedAction { action, priority: (action % 1000) as u16, running_ms }
}

fn sample_observation(action: u32) -> Observation {
    let submitted = [Outcome::Used, Outcome::Joined, Outcome::Unused, Outcome::Failed, Outcome::Overtaken];
    let (decision, outcome) = match action % 7 {
        5 => (LastDecision::Held, Outcome::Used),
        6 => (LastDecision::Skipped, Outcome::Unused),
        index => (LastDecision::Submitted, submitted[index as usize]),
    };
    Observation { action, decision, outcome, run_ms: Some(action), cpu_ms: (action > 0).then_some(action) }
}

#[cfg(test)]
mod tests;
