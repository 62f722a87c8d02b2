//! Replays recordings with other policies: predicts how long a recorded build would have taken, what would have been primed,
//! and what of it would have been of use.
//!
//! A [`RecordedSession`] is what a recording says. [`replay`] simulates its jobs, requests and workers event by event, on a
//! clock of its own, and drives the same [`PrimingState`](spec_speculation::priming::PrimingState) as builds do. The same
//! recording and policy give the same [`ReplayOutcome`]. [`compare`] finds out where policies decide differently. Nothing is
//! executed, and nothing is read but the recording.
//!
//! What the simulation assumes is in `docs/recording.md`.

mod adaptations;
mod comparison;
mod decision_log;
mod element_requests;
mod error;
mod event_queue;
mod facts;
mod jobs;
mod outcome;
mod prediction_loop;
mod recorded_session;
mod replay_facts;
mod simulation;
mod workers;

pub use comparison::{Comparison, DecisionDifference, compare};
pub use decision_log::LoggedDecision;
pub use error::{ReplayError, Result};
pub use outcome::ReplayOutcome;
pub use recorded_session::{RecordedAnswers, RecordedSession};
pub use simulation::{ReplayOptions, replay};
