//! Priming: which predicted actions are sent, in which order, and what becomes of them.
//!
//! [`Board`] is a pure state machine with one owner. What happens is told to it, and it answers with [`Command`]s for
//! whoever can carry them out; they wait for nothing, so the build never waits for priming.

mod admission;
mod board;
mod budget;
mod chains;
mod events;
mod stage;
#[cfg(test)]
mod tests;

use spec_model::Digest;

use crate::instantiate::Adaptation;
use crate::record::Content;
use crate::resolve::ActionId;

pub use board::Board;
pub use budget::Budget;

/// What the owner of a [`Board`] has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Instantiate an action, and tell [`Board::adapted`].
    Adapt {
        /// The action.
        action: ActionId,
        /// To be given back: what was predicted may be another by then.
        round: u32,
        /// The recorded action.
        base: Digest,
        /// What is different.
        adaptation: Adaptation,
    },
    /// Have the contents of files that changed scanned: call [`Board::scan`]. Actions that read them wait for it.
    Scan,
    /// Have an action executed, behind all real ones, and tell [`Board::finished`]: once
    /// for each submission, also when it was cancelled or could not be taken.
    Submit {
        /// The action.
        action: ActionId,
        /// The encoded Action.
        digest: Digest,
        /// For the executor: lower numbers go first; real requests have 0.
        priority: i32,
    },
    /// Give an execution up that is not wanted any more. A real request that joined it keeps it alive.
    Cancel {
        /// The action.
        action: ActionId,
        /// The encoded Action.
        digest: Digest,
    },
}

/// How an instantiation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapted {
    /// It is the recorded action after all.
    Unchanged,
    /// It is another one.
    Action {
        /// The encoded Action.
        digest: Digest,
        /// The encoded Command.
        command: Digest,
    },
    /// It cannot be made.
    Contradiction,
}

/// What came of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The files it wrote, by path as in the result; `None` when it failed or was not executed.
    pub outputs: Option<Vec<(String, Content)>>,
    /// How long it ran, in milliseconds.
    pub took_ms: u32,
    /// CPU time that it took, in milliseconds; 0 if it came from the action cache.
    pub cpu_ms: u32,
    /// Bytes that it wrote.
    pub bytes: u64,
}

/// What the machine is busy with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Actions that can run at a time.
    pub slots: u32,
    /// Actions that run or wait, primed ones among them.
    pub busy: u32,
}
