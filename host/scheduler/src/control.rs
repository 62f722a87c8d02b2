//! How a session is to run, and what can be asked of it meanwhile.

use std::collections::BTreeMap;

use crate::Task;

/// What to do when a job fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Let running jobs end, start no more.
    #[default]
    Quit,
    /// Go on with everything that does not need the failed element.
    Continue,
    /// Stop running jobs too.
    Terminate,
    /// Ask: start nothing until [`Control::Decide`] arrives.
    Ask,
}

/// Limits and manners of a session.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many jobs of each task run at a time; at least 1.
    pub limits: BTreeMap<Task, usize>,
    /// What happens after a failure.
    pub on_error: OnError,
}

/// What can be asked of a running session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Stop at once: running jobs are cancelled.
    Terminate,
    /// The answer to a failure under [`OnError::Ask`].
    Decide {
        /// The failed job.
        job: usize,
        /// What to do.
        decision: Decision,
    },
}

/// An answer to a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go on without what needs the failed element.
    Continue,
    /// Let running jobs end, start no more.
    Quit,
    /// Stop running jobs too.
    Terminate,
    /// Run the job again.
    Retry,
}
