//! What replays of several policies come to.

use spec_replay::{Comparison, ReplayOutcome};
use spec_strategy::{Decision, SkipReason};

/// What one policy comes to with some workers: by recording.
pub(super) struct ComparedRow {
    pub(super) policy: String,
    /// `None` for as many as recorded.
    pub(super) workers: Option<u32>,
    pub(super) outcomes: Vec<ReplayOutcome>,
}

/// What differs on one recording with some workers.
pub(super) struct ComparedRecording {
    pub(super) recording: String,
    pub(super) workers: Option<u32>,
    pub(super) comparison: Comparison,
}

/// A decision for people.
pub(super) fn decision(decision: Decision) -> String {
    match decision {
        Decision::Submit { priority } => format!("submit with priority {priority}"),
        Decision::Hold => "hold".to_owned(),
        Decision::Skip(SkipReason::TooCheap) => "skip (too cheap)".to_owned(),
        Decision::Skip(SkipReason::TooDear) => "skip (too dear)".to_owned(),
        Decision::Skip(SkipReason::Unlikely) => "skip (unlikely)".to_owned(),
        Decision::Skip(SkipReason::Other(code)) => format!("skip ({})", code.as_str()),
    }
}
