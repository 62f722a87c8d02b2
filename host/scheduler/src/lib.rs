//! From a graph of elements to jobs: which may run now, and what follows when one ends.
//!
//! [`Board`] is the pure state machine; [`run`] drives it with threads for the jobs and emits [`Event`]s. What a job
//! does is behind [`Work`]: this crate knows no projects, no cache and no plugins.

mod board;
mod control;
mod driver;
mod event;
mod graph;
mod work;

pub use board::{Board, JobState};
pub use control::{Control, Decision, OnError, Options};
pub use driver::run;
pub use event::{Event, Failure, JobEnd, Message, MessageLevel, Summary};
pub use graph::{Graph, GraphError, Job, Task};
pub use work::{Context, Observer, Work};
