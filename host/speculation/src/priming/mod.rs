//! Priming: executes predicted actions ahead of the build, and accounts for what came of them.
//!
//! [`PrimingState`] is a state machine without IO. Its owner tells it events, and carries out the [`PrimingEffect`]s that
//! it answers with. It never waits.

mod action_facts;
mod action_stage;
mod admission;
mod budget;
mod critical_path;
mod effect;
mod events;
mod revision;
mod state;
#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use effect::{AdaptResult, ExecutionEnd, ExecutionOutcome, PrimingEffect, WorkerLoad};
pub use state::{PrimingState, SessionRecord};
