//! Roots that commands can run in, made of trees, and trees made of what the commands wrote.
//!
//! [`Root`] is a tree in the store that is edited without touching a disk: trees are staged into it, directories are
//! made and copied. When a command has to run, the trees are laid out as overlay layers, each made once under its
//! digest, so that it costs what changed and not what exists ([`Staging`] tells how this is done here). What commands
//! wrote is read back when somebody asks for it.
//!
//! The crate does not know elements: every staged tree carries an *owner* number, and [`Root::owner_of`] gives it
//! back for a path.

mod addition;
mod error;
mod executor;
mod layout;
mod memory;
mod root;
mod run;
mod staging;
mod writable;

pub use error::ExecError;
pub use executor::{
    ActionError, ActionLimits, Answer, Done, Excess, Executed, Executions, Executor, Granted, LocalExecutor,
    LocalOptions, Notes, Numbers, OpenSocket, Order, PoolOptions, Progress, Recorder, Recording, RemoteApis,
    Request, ResultCache, Rights, SocketOptions, Spare, Ticket,
};
pub use layout::MAX_LAYERS;
pub use root::{Root, StageReport, StagedTree};
pub use run::{Access, Ran, RunSpec, Streams};
pub use staging::Staging;
