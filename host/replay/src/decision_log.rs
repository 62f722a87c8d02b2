//! The decisions of a priming policy in a replay.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use spec_speculation::PolicyListener;
use spec_strategy::{Candidate, Decision, PrimingFacts, PrimingLoad};

/// The last decision on an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedDecision {
    /// When it was first decided so, without another decision since, in simulated microseconds.
    pub at_us: u64,
    /// The decision.
    pub decision: Decision,
}

/// Keeps the last decision on each action.
#[derive(Debug, Default)]
pub(crate) struct DecisionLog {
    now_us: AtomicU64,
    decisions: Mutex<BTreeMap<u32, LoggedDecision>>,
}

impl DecisionLog {
    pub(crate) fn set_now(&self, now_us: u64) {
        self.now_us.store(now_us, Ordering::Relaxed);
    }

    /// The last decisions, by action.
    pub(crate) fn take(&self) -> BTreeMap<u32, LoggedDecision> {
        std::mem::take(&mut *self.decisions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PolicyListener for DecisionLog {
    fn decided(
        &self,
        candidates: &[Candidate],
        _: &PrimingLoad,
        decisions: &[Decision],
        _: &dyn PrimingFacts,
    ) {
        let at_us = self.now_us.load(Ordering::Relaxed);
        let mut log = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        for (candidate, &decision) in candidates.iter().zip(decisions) {
            let new = LoggedDecision { at_us, decision };
            let known = log.entry(candidate.action).or_insert(new);
            if known.decision != decision {
                *known = new;
            }
        }
    }
}
