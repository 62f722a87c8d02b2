//! The server of the Remote Execution API, version 2: one file per gRPC service in `services`, thin methods over plain
//! logic.
//!
//! [`Server`] holds what the services share; [`Listener::open`] opens a socket and [`Server::serve`] answers on it
//! until told to stop. [`SessionApiServer`] serves sockets inside sandboxes. Messages are decoded and answers encoded in
//! this crate only: `from_proto`, `operation_to_proto` and `status`. Work that may block runs on a bounded number of
//! threads ([`Limits`]).
//!
//! The crate does not know elements, projects or configuration files, and does not choose who executes actions: it is
//! given its executions.

mod access;
mod asset_request;
mod assets;
mod authority_rewriter;
mod batch_blobs;
mod blocking_pool;
mod digest_backend;
mod download;
mod error;
mod from_proto;
#[cfg(fuzzing)]
pub mod fuzzing;
mod inline_contents;
mod listener;
mod metrics;
mod metrics_page;
mod operation_state;
mod operation_to_proto;
mod operations;
mod options;
mod request_error;
mod request_metrics;
mod resource_name;
mod server;
mod service_context;
mod services;
mod session_api_server;
mod status;
mod tree_pages;
mod unix_connection;
mod uploads;
mod zstd_blob;

pub use assets::asset_needs;
pub use error::ServeError;
pub use listener::{Address, Listener};
pub use options::{Limits, Options, Scope, Tls, Tokens};
pub use server::Server;
pub use session_api_server::SessionApiServer;
