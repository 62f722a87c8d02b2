//! What a replay predicts.

use std::collections::BTreeMap;

use spec_speculation::SpeculationTotals;

use crate::decision_log::LoggedDecision;

/// What a replay predicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayOutcome {
    /// The time until the last job ended, in microseconds, counted as in the recording.
    pub wall_us: u64,
    /// Requests that were answered from the action cache.
    pub hits: u64,
    /// Requests that joined a primed action that ran or waited.
    pub joined: u64,
    /// Requests whose actions were executed for them.
    pub executed: u64,
    /// What came of the predictions.
    pub totals: SpeculationTotals,
    /// The time that primed actions ran before they were stopped for requests or cancelled, in milliseconds.
    pub stopped_ms: u64,
    /// The last decision of the priming policy on each action.
    pub decisions: BTreeMap<u32, LoggedDecision>,
    /// Why policies were replaced by the built-in ones, if they were.
    pub warnings: Vec<String>,
}

impl ReplayOutcome {
    /// The CPU time of primed actions that nobody used, in milliseconds; that of stopped actions is taken for the time
    /// that they ran.
    #[must_use]
    pub fn wasted_cpu_ms(&self) -> u64 {
        self.totals.cpu_ms.saturating_sub(self.totals.useful_cpu_ms) + self.stopped_ms
    }
}
