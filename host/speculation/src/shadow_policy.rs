//! Policies that are asked beside those of the session, without acting on their answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use spec_strategy::{
    Candidate, Choice, Decision, InputAlternatives, LastDecision, Observation, OverlayFacts, PrimingFacts,
    PrimingLoad,
};

use crate::accounting::Bucket;
use crate::guarded_policy::{GuardedOverlayPolicy, GuardedPrimingPolicy, batch};
use crate::policy_listener::PolicyListener;
use crate::priming::PrimingState;
use crate::resolve::ActionId;

/// A priming policy that is asked the same questions as that of the session.
#[derive(Debug)]
pub struct ShadowPrimingPolicy {
    policy: GuardedPrimingPolicy,
    /// By action, the last decision of the session's policy, and that of this one.
    decisions: Mutex<BTreeMap<u32, (Decision, Decision)>>,
    report: Mutex<ShadowReport>,
}

/// An overlay policy that is asked the same questions as that of the session.
#[derive(Debug)]
pub struct ShadowOverlayPolicy {
    policy: GuardedOverlayPolicy,
    /// By input, the last choice of the session's policy, and that of this one.
    choices: Mutex<BTreeMap<u32, (Choice, Choice)>>,
}

/// How a shadow policy decided in comparison with the policy of the session, and what would have come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShadowReport {
    /// The actions, or inputs, on which both decided.
    pub asked: usize,
    /// Those on which they decided differently.
    pub different: usize,
    /// Actions that only the shadow policy would have submitted, and that the build requested as predicted.
    pub more_right: usize,
    /// How long these ran when they were recorded, in milliseconds: an upper bound of the time that it would have saved.
    pub more_right_ms: u64,
    /// Actions that only the shadow policy would have submitted, in vain.
    pub more_wrong: usize,
    /// Their recorded CPU time, in milliseconds.
    pub more_wrong_cpu_ms: u64,
    /// Actions that only the session submitted, and that the build used.
    pub fewer_right: usize,
    /// How long these ran when they were recorded, in milliseconds.
    pub fewer_right_ms: u64,
    /// Actions that only the session submitted, in vain.
    pub fewer_wrong: usize,
    /// Their recorded CPU time, in milliseconds.
    pub fewer_wrong_cpu_ms: u64,
    /// The first differences, in words.
    pub first: Vec<String>,
}

/// How many differences a report names.
const NAMED: usize = 5;

impl ShadowPrimingPolicy {
    /// Asks this policy.
    #[must_use]
    pub fn new(policy: GuardedPrimingPolicy) -> Self {
        Self { policy, decisions: Mutex::default(), report: Mutex::default() }
    }

    /// The policy, which may have been replaced.
    #[must_use]
    pub fn policy(&self) -> &GuardedPrimingPolicy {
        &self.policy
    }

    /// The session ends: finds out what would have come of its decisions.
    pub fn conclude(&self, priming: &PrimingState) {
        let decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut report = ShadowReport { asked: decisions.len(), ..ShadowReport::default() };
        for (&action, (session, shadow)) in &*decisions {
            if kind(session) != kind(shadow) {
                report.add(priming, ActionId(action), session, shadow);
            }
        }
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }

    /// How it decided, after [`conclude`](Self::conclude).
    #[must_use]
    pub fn report(&self) -> ShadowReport {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PolicyListener for ShadowPrimingPolicy {
    fn decided(
        &self,
        candidates: &[Candidate],
        load: &PrimingLoad,
        decisions: &[Decision],
        facts: &dyn PrimingFacts,
    ) {
        // Each policy has its own largest batch.
        let size = batch(self.policy.wants().largest_batch);
        let own = candidates.chunks(size).flat_map(|batch| self.policy.decide(batch, load, facts));
        let mut known = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        for ((candidate, session), shadow) in candidates.iter().zip(decisions).zip(own) {
            let decided = known.entry(candidate.action).or_insert((*session, shadow));
            // The session does not ask again what it submitted; the shadow's submission stays likewise.
            decided.0 = *session;
            if !matches!(decided.1, Decision::Submit { .. }) {
                decided.1 = shadow;
            }
        }
    }

    fn observed(&self, ended: &[Observation], facts: &dyn PrimingFacts) {
        // A policy that did not ask for all is told only of what was submitted.
        let all = self.policy.wants().observe_all;
        let wanted = ended.iter().filter(|ended| all || ended.decision == LastDecision::Submitted);
        self.policy.observe(&wanted.copied().collect::<Vec<_>>(), facts);
    }
}

impl ShadowOverlayPolicy {
    /// Asks this policy.
    #[must_use]
    pub fn new(policy: GuardedOverlayPolicy) -> Self {
        Self { policy, choices: Mutex::default() }
    }

    /// The policy, which may have been replaced.
    #[must_use]
    pub fn policy(&self) -> &GuardedOverlayPolicy {
        &self.policy
    }

    /// How it chose, at the end of a session. What would have come of it is not known.
    #[must_use]
    pub fn report(&self) -> ShadowReport {
        let choices = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
        let different = || choices.iter().filter(|(_, (session, shadow))| session != shadow);
        let named = |(input, (session, shadow)): (&u32, &(Choice, Choice))| {
            format!("input {input}: {} instead of {}", choice_words(shadow), choice_words(session))
        };
        ShadowReport {
            asked: choices.len(),
            different: different().count(),
            first: different().take(NAMED).map(named).collect(),
            ..ShadowReport::default()
        }
    }
}

impl PolicyListener for ShadowOverlayPolicy {
    fn chosen(&self, inputs: &[InputAlternatives], choices: &[Choice], facts: &dyn OverlayFacts) {
        let own = self.policy.choose(inputs, facts);
        let mut known = self.choices.lock().unwrap_or_else(PoisonError::into_inner);
        for ((input, session), shadow) in inputs.iter().zip(choices).zip(own) {
            known.insert(input.input, (session.clone(), shadow));
        }
    }
}

impl ShadowReport {
    fn add(&mut self, priming: &PrimingState, action: ActionId, session: &Decision, shadow: &Decision) {
        let recorded = priming.resolver().recorded(action);
        let (took_ms, cpu_ms) = (u64::from(recorded.took_ms), u64::from(recorded.cpu_ms));
        let is_used = matches!(priming.bucket(action), Bucket::Used | Bucket::Joined);
        let is_right = is_used || priming.is_confirmed(action) == Some(true);
        let is_submitted = |decision: &Decision| matches!(decision, Decision::Submit { .. });
        self.different += 1;
        match (is_submitted(session), is_submitted(shadow), is_right) {
            (false, true, true) => {
                (self.more_right, self.more_right_ms) = (self.more_right + 1, self.more_right_ms + took_ms)
            }
            (false, true, false) => {
                (self.more_wrong, self.more_wrong_cpu_ms) =
                    (self.more_wrong + 1, self.more_wrong_cpu_ms + cpu_ms);
            }
            (true, false, true) => {
                (self.fewer_right, self.fewer_right_ms) =
                    (self.fewer_right + 1, self.fewer_right_ms + took_ms);
            }
            (true, false, false) => {
                (self.fewer_wrong, self.fewer_wrong_cpu_ms) =
                    (self.fewer_wrong + 1, self.fewer_wrong_cpu_ms + cpu_ms);
            }
            _ => {}
        }
        if self.first.len() < NAMED {
            let words = [shadow, session].map(decision_words);
            let program = priming.resolver().expanded_action(action);
            let program = program.map_or_else(String::new, |expanded| format!(" ({})", expanded.program));
            let what = priming.bucket(action).name();
            let element = priming.resolver().element_of(action);
            let element = priming.resolver().expanded_record(element);
            let element = element.map_or("", |record| record.record.element());
            let text = format!(
                "action {} of {element}{program}, {what}: {} instead of {}",
                action.0, words[0], words[1]
            );
            self.first.push(text);
        }
    }
}

fn kind(decision: &Decision) -> u8 {
    match decision {
        Decision::Submit { .. } => 0,
        Decision::Hold => 1,
        Decision::Skip(_) => 2,
    }
}

fn decision_words(decision: &Decision) -> &'static str {
    match decision {
        Decision::Submit { .. } => "submit",
        Decision::Hold => "hold",
        Decision::Skip(_) => "skip",
    }
}

fn choice_words(choice: &Choice) -> String {
    match choice {
        Choice::Take(index) => format!("alternative {index}"),
        Choice::Rank(ranking) => format!("the first of {ranking:?}"),
        Choice::Wait => "wait".to_owned(),
        Choice::GiveUp => "give up".to_owned(),
    }
}
