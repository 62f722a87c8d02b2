//! The engine: one run over a project.
//!
//! A [`Session`] is a loaded project with its keys and its caches. From it come [`RunRequest`]s: [`Build`], [`fetch`],
//! [`prepare_priming_run`] and [`Track`] decide which jobs are needed, and [`run()`] runs them and tells an observer what happens. Beside a build run
//! the speculation loop and the thread that keeps the cache within its quota.
//!
//! This crate does not print, draw or parse a command line, and does not know the configuration file: whoever uses it
//! gives it [`SessionOptions`] and observes it.

mod build;
mod build_work;
mod cache_work;
mod element_state;
mod error;
mod executions;
mod fan_out;
mod gc;
mod job_failure;
mod job_graph;
mod junction_staging;
mod observers;
mod options;
mod prime;
mod recommended_servers;
mod recorded_inputs;
pub mod remotes;
mod run;
mod selection;
mod session;
mod session_info;
mod session_messages;
mod session_recording;
mod session_remotes;
mod shared_caches;
mod source_infos;
mod sources;
mod speculation;
mod start_order;
mod track;
mod workspaces;

pub use build::{Build, BuildOptions, fetch};
pub use cache_work::{pull, pull_missing, push, push_sources};
pub use element_state::ElementState;
pub use error::{Result, SessionError};
pub use executions::{ExecutorFactory, StoreExecutions};
pub use fan_out::FanOut;
pub use gc::{GcOptions, GcThread, evict};
pub use junction_staging::JunctionStaging;
pub use options::{ElementCommands, SessionOptions, SourceOptions};
pub use prime::prepare_priming_run;
pub use run::{FinalMessages, RunRequest, run};
pub use session::{LoadedProject, Session};
pub use session_info::{ElementInfo, SessionInfo};
pub use session_messages::SessionMessages;
pub use session_remotes::{
    CheckedRemote, RefusedRemote, RemoteFigures, RemoteGroup, RemoteRole, SessionRemotes,
};
pub use shared_caches::{SharedCaches, has_buildtrees, push_artifact};
pub use source_infos::ElementSourceInfo;
pub use speculation::{
    OVERLAY_POLICY_KEY, PRIMING_POLICY_KEY, PolicyChoice, PolicyOptions, SpeculationSettings,
};
pub use track::Track;
pub use workspaces::{change_workspaces, write_owner};
