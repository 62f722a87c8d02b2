//! The options of a session, and the requests that a running session takes.

use std::collections::BTreeMap;

use crate::Task;

/// What to do when a job fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Start no more jobs; let running ones end.
    #[default]
    Quit,
    /// Go on with all jobs that do not need the failed element.
    Continue,
    /// Stop running jobs too.
    Terminate,
    /// Start no more jobs until [`Control::Decide`] arrives.
    Ask,
}

/// The options of a session.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many jobs of each task run at a time; at least 1.
    pub limits: BTreeMap<Task, usize>,
    /// What to do when a job fails.
    pub on_error: OnError,
}

/// A request to a running session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Cancel running jobs and start no more.
    Terminate,
    /// What to do about a failure, under [`OnError::Ask`].
    Decide {
        /// The failed job.
        job: usize,
        /// What to do.
        decision: FailureDecision,
    },
}

/// What to do about a failed job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureDecision {
    /// Go on with all jobs that do not need the failed element.
    Continue,
    /// Start no more jobs; let running ones end.
    Quit,
    /// Stop running jobs too.
    Terminate,
    /// Run the job again.
    Retry,
}
