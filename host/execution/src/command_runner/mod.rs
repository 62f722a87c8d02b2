//! Running the commands of an element in its root: the contract, and who implements it.
//!
//! Whoever runs commands implements [`CommandRunner`]. [`InPlaceRunner`] runs them in the root as it is on the disk of this
//! machine. [`ActionCommandRunner`] makes an action of them, as BuildStream does for a remote server, so that whoever
//! implements [`Executor`](crate::Executor), on this machine or another one, executes them as it executes subactions.

mod action;
mod as_actions;
mod contract;
mod in_place;
mod input_tree;
mod not_an_action;
mod output;
mod program;
mod script;
mod subactions;
#[cfg(test)]
mod tests;

pub use as_actions::ActionCommandRunner;
pub use contract::{BatchCommand, BatchHost, BatchOutcome, CommandBatch, CommandRunner, FailedCommand};
pub use in_place::InPlaceRunner;
