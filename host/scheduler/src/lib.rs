//! Runs the jobs of a session: which jobs may start, and what follows when one ends.
//!
//! [`JobStates`] is a state machine without IO; [`run`] runs the jobs on threads and emits [`Event`]s. The caller
//! implements what a job does ([`Work`]): this crate knows no projects, no cache and no plugins.

mod control;
mod driver;
mod event;
mod graph;
mod job_states;
mod work;

pub use control::{Control, FailureDecision, OnError, Options};
pub use driver::run;
pub use event::{Event, Failure, JobEnd, Message, MessageLevel, Summary};
pub use graph::{Graph, GraphError, Job, Task};
pub use job_states::{JobState, JobStates};
pub use work::{Context, Observer, Work};
