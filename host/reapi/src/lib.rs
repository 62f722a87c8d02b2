//! The Remote Execution API, version 2, as a server: one file per service, thin methods over plain logic.
//!
//! [`Server`] holds what the services share; [`Listener::open`] opens a socket and [`Server::serve`] answers on it
//! until told to stop. [`Nested`] serves sockets inside of sandboxes. Messages are decoded and answers encoded here and nowhere else: `from_proto` and `status` are
//! the border. Every wait of a client for the disk happens on a bounded number of blocking threads ([`Options`]).
//!
//! The crate does not know elements, projects or configuration files.

mod access;
mod action_cache;
mod asset_fetch;
mod asset_push;
mod asset_request;
mod assets;
mod authority;
mod batch;
mod blocking;
mod byte_stream;
mod capabilities;
mod context;
mod course;
mod download;
mod error;
mod execution;
mod from_proto;
#[cfg(fuzzing)]
pub mod fuzzing;
mod health;
mod listen;
mod long_running;
mod metrics;
mod metrics_page;
mod nested;
mod observe;
mod operations;
mod options;
mod realm;
mod reflection;
mod refusal;
mod resource;
mod results;
mod server;
mod status;
mod storage;
mod to_operation;
mod tree;
mod unix;
mod upload;
mod uploads;
mod zstd_blob;

pub use assets::asset_needs;
pub use error::ServeError;
pub use listen::{Address, Listener};
pub use nested::Nested;
pub use options::{Limits, Options, Scope, Tls, Tokens};
pub use server::Server;
