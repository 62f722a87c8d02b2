//! A client of the Remote Execution API, version 2.
//!
//! [`Remote::connect`] connects to a server and asks for its capabilities; the handle is cheap to clone. It asks which
//! blobs are missing there ([`Remote::missing`]), uploads blobs of a [`BlobProvider`] ([`Remote::upload`]), downloads them
//! to a [`BlobReceiver`] ([`Remote::download`]), and does the same with whole trees ([`Remote::push`], [`Remote::pull`]).
//! The store is a provider and a receiver; a [`DirectoryProvider`] sends a directory of this machine, and a
//! [`DirectoryReceiver`] receives into one.
//!
//! [`Remote::new`] connects when something is first asked. [`Remote::execute`] executes actions, [`Remote::action_result`] and
//! [`Remote::update_action_result`] use the action cache. [`Remote::known`] remembers what the server has, so that
//! [`Remote::push`] and [`Remote::ensure_present_if`] neither ask for it nor send it twice.
//!
//! Every request has a deadline and is retried after transient errors. What is received is checked against its digest
//! before it becomes visible. Errors say whose fault they are.

mod action_cache;
mod address;
mod assets;
mod bearer_token;
mod blob;
mod capabilities;
mod certificate;
mod check;
mod connect;
mod directory_provider;
mod directory_receiver;
mod download;
mod error;
mod execute_request;
mod execution;
mod execution_attempt;
#[cfg(fuzzing)]
pub mod fuzzing;
mod health;
mod known_blobs;
mod memory_receiver;
mod missing;
mod operation;
mod operation_stage;
mod options;
pub mod pem;
mod presence;
mod read_stream;
mod refused_identity;
mod remote;
mod retry;
mod rpc_channel;
mod stage_counters;
mod statistics;
mod status_details;
mod store_endpoint;
mod transfers;
mod tree;
mod upload;
mod wire;
mod write_stream;

pub use address::Address;
pub use assets::AssetReferences;
pub use blob::{BlobContents, BlobProvider, BlobReceiver, BlobSink, TransferTotals};
pub use capabilities::{ApiVersion, RemoteCapabilities};
pub use check::RemoteNeeds;
pub use directory_provider::DirectoryProvider;
pub use directory_receiver::DirectoryReceiver;
pub use error::RemoteError;
pub use execute_request::ActionToExecute;
pub use execution::{ExecutionAnswer, RemoteResult, ServerLog};
pub use health::RemoteHealth;
pub use known_blobs::{ClaimedTrees, KnownBlobs, OtherClaims};
pub use options::{RemoteOptions, Tls, Token};
pub use remote::Remote;
pub use statistics::RemoteStatistics;
