//! Execution: roots that commands run in, and the pool that answers actions of the Remote Execution API.
//!
//! [`Root`] is a tree in the store that is edited without touching a disk: trees are staged into it, directories are
//! made and copied. When a command has to run, the trees are laid out as overlay layers, each made once under its
//! digest, so that it costs what changed and not what exists ([`LayerSupport`] tells how this is done here). What commands
//! wrote is read back when somebody asks for it. Elements are built in such roots: a [`CommandRunner`] runs their commands,
//! in the root itself or as actions.
//!
//! [`Executions`] is what servers call: it answers requests for actions from the [`ResultCache`], joins identical actions,
//! and hands the rest to a pool of threads, the most urgent first. The threads call an [`Executor`]: [`LocalExecutor`] runs
//! the command on this machine.
//!
//! The crate does not know elements: every staged tree carries an *owner* number, and [`Root::owner_of`] gives it
//! back for a path.

mod command_runner;
mod error;
mod expected_outputs;
mod local;
mod outcome;
mod platform;
mod pool;
mod properties;
mod recorder;
mod remote_apis;
mod request;
mod request_signal;
mod result_cache;
mod rights;
mod root;
mod shared_memory;
mod staging;
mod symlinks;
#[cfg(test)]
mod tests;

pub use command_runner::{
    ActionCommandRunner, BatchCommand, BatchHost, BatchOutcome, CommandBatch, CommandRunner, FailedCommand,
    InPlaceRunner,
};
pub use error::ExecutionError;
pub use expected_outputs::unrequested_output;
pub use local::{ActionLimits, LocalExecutor, LocalOptions, merged_root};
pub use outcome::{ActionAnswer, ActionError, AnsweredAction, ExecutedAction, MissingRight};
pub use pool::{
    ExecutionId, ExecutionQueue, Executions, JoinedExecution, LazyExecutions, OvercommitWorker,
    PendingRequest, PoolOptions, QueueFull, RequestPolicy, StartedExecution, WaiterId,
};
pub use recorder::{InMemoryRecorder, Recorder, Recording};
pub use remote_apis::{OpenSocket, RemoteApis, SocketOptions};
pub use request::{ActionRequest, Executor, ExecutorTask, Progress};
pub use request_signal::RequestSignal;
pub use result_cache::ResultCache;
pub use rights::{AllowedIds, GrantedAction, Rights};
pub use root::{CommandStreams, MAX_LAYERS, Root, RootCommand, StageReport, StagedTree, WriteAccess};
pub use staging::LayerSupport;
