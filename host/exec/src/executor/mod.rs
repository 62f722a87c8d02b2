//! Actions of the Remote Execution API: from an action's digest to its result.
//!
//! [`Executions`] is what servers call: it answers from the action cache, joins identical actions, and hands the rest
//! to a pool of threads, the most urgent first. The threads call an [`Executor`]: [`LocalExecutor`] runs the command
//! on this machine.

mod arena;
mod error;
mod executions;
mod listener;
mod load;
mod local;
mod order;
mod outputs;
mod path;
mod platform;
mod properties;
mod queue;
mod realm;
mod record;
mod request;
mod result_cache;
mod settle;
mod stage;
mod view;

pub use error::ActionError;
pub use executions::{Executions, PoolOptions, Ticket};
pub use local::{LocalExecutor, LocalOptions};
pub use order::{Executed, Executor, Order};
pub use record::{Recorder, Recording};
pub use request::{Answer, Done, Progress, Request};
pub use result_cache::ResultCache;

use path::{join, parent};

#[cfg(test)]
mod tests;
