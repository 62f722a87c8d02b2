//! Actions of the Remote Execution API: from an action's digest to its result.
//!
//! [`Executions`] is what servers call: it answers from the action cache, joins identical actions, and hands the rest
//! to a pool of threads, the most urgent first. The threads call an [`Executor`]: [`LocalExecutor`] runs the command
//! on this machine.

mod arena;
mod error;
mod executions;
mod limits;
mod listener;
mod local;
mod notes;
mod order;
mod outputs;
mod platform;
mod properties;
mod queue;
mod realm;
mod record;
mod remote_apis;
mod report;
mod request;
mod result_cache;
mod rights;
mod settle;
mod slowness;
mod spare;
mod spool;
mod stage;
mod subtrees;
mod task;
mod unstarted;
mod view;

pub use error::ActionError;
pub use executions::{Executions, PoolOptions, Ticket};
pub use limits::ActionLimits;
pub use local::{LocalExecutor, LocalOptions};
pub use notes::Notes;
pub use order::{Executed, Executor, Order};
pub use record::{Recorder, Recording};
pub use remote_apis::{OpenSocket, RemoteApis, SocketOptions};
pub use request::{Answer, Done, Progress, Request};
pub use result_cache::ResultCache;
pub use rights::{Excess, Granted, Numbers, Rights};
pub use spare::Spare;

#[cfg(test)]
mod tests;
