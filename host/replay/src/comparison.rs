//! Finds out where policies decide differently.

use std::collections::BTreeSet;

use spec_strategy::Decision;

use crate::decision_log::LoggedDecision;
use crate::outcome::ReplayOutcome;
use crate::recorded_session::RecordedSession;

/// How replays of one recording differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Whether a decision, the predicted time or what came of the predictions differs.
    pub can_be_told_apart: bool,
    /// The earliest different decisions.
    pub first: Vec<DecisionDifference>,
    /// The number of actions with different decisions.
    pub count: usize,
}

/// An action on which policies decide differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionDifference {
    /// The number of the recorded action.
    pub action: u32,
    /// The element that requests it.
    pub element: String,
    /// The program that it runs.
    pub program: String,
    /// By replay, the last decision; `None` where there was none.
    pub decisions: Vec<Option<LoggedDecision>>,
}

/// Compares replays of one recording, and names at most `most` different decisions.
#[must_use]
pub fn compare(session: &RecordedSession, outcomes: &[&ReplayOutcome], most: usize) -> Comparison {
    let actions: BTreeSet<u32> =
        outcomes.iter().flat_map(|outcome| outcome.decisions.keys().copied()).collect();
    let decisions = |action: u32| -> Vec<Option<LoggedDecision>> {
        outcomes.iter().map(|outcome| outcome.decisions.get(&action).copied()).collect()
    };
    let mut different: Vec<(u64, u32)> = actions
        .into_iter()
        .filter_map(|action| {
            let decisions = decisions(action);
            let first = decision(decisions.first()?);
            let differs = decisions.iter().any(|other| decision(other) != first);
            let earliest = decisions.iter().flatten().map(|logged| logged.at_us).min()?;
            differs.then_some((earliest, action))
        })
        .collect();
    different.sort_unstable();
    let named = different.iter().take(most).map(|(_, action)| {
        let (element, program) = session.describe_action(*action);
        DecisionDifference { action: *action, element, program, decisions: decisions(*action) }
    });
    let figures = |outcome: &&ReplayOutcome| (outcome.wall_us, outcome.hits, outcome.totals.clone());
    let is_other =
        |outcome: &&ReplayOutcome| outcomes.first().is_some_and(|first| figures(first) != figures(outcome));
    Comparison {
        can_be_told_apart: !different.is_empty() || outcomes.iter().any(is_other),
        first: named.collect(),
        count: different.len(),
    }
}

/// What a decision comes to. Priorities alone are no different decision.
fn decision(logged: &Option<LoggedDecision>) -> Option<u8> {
    Some(match logged.as_ref()?.decision {
        Decision::Submit { .. } => 0,
        Decision::Hold => 1,
        Decision::Skip(_) => 2,
    })
}
