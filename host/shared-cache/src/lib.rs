//! Shared caches: artifacts and sources on servers, as BuildStream 2 keeps them there.
//!
//! A server is an *index*, which knows what the keys of artifacts and sources stand for (Remote Asset API), a *storage* of
//! blobs (content-addressable storage), or both. [`SharedArtifacts`] pulls and pushes artifacts, [`SharedSources`] sources;
//! each has a list of servers, best first. Both exchange with BuildStream: names of assets, messages and references are its.
//!
//! A server that fails is no error: one warning says so, it is left alone for a while, and the caller goes on without it.
//! Errors are only those of this machine. What is received counts only when it has the digest that was asked for, and a
//! record of an artifact only when it has the key.
//!
//! Functions here block. What waits for servers runs on the threads of a [`CacheRuntime`], and ends when its caller cancels.

mod artifact_blobs;
mod artifacts;
mod message;
mod monitor;
mod records;
mod runtime;
mod server;
mod servers;
mod sources;
mod uri;

pub use artifacts::{PullOptions, Pulled, Pushed, SharedArtifacts};
pub use monitor::CacheMonitor;
pub use runtime::CacheRuntime;
pub use server::CacheServerOptions;
pub use servers::{ServerList, SharedCacheError};
pub use sources::SharedSources;
