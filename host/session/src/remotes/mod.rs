//! The servers that a session talks to, in BuildStream's configuration format.
//!
//! A [`RemoteSpec`] is one server: its address, what it is for, and how to connect. [`UserRemotes`] are those of the user
//! configuration with their overrides for single projects, [`recommended`] reads those of project.conf, and
//! [`CommandLineRemotes`] are those of one command. [`UserRemotes`] chooses between them as BuildStream does. Files are read
//! only when a server is used: [`RemoteSpec::options`].

mod auth;
mod cache_servers;
mod connection_config;
mod execution;
mod options;
mod spec;
mod text;
mod user;

pub use auth::{ClientCredential, CredentialFile, CredentialPaths, RemoteAuth};
pub use cache_servers::{CacheServers, CommandLineRemotes, recommended};
pub use connection_config::ConnectionConfig;
pub use execution::RemoteExecutionSpec;
pub use options::CredentialError;
pub use spec::{RemoteService, RemoteSpec, RemoteType};
pub use text::RemotePurpose;
pub use user::{ProjectRemotes, UserRemotes};

#[cfg(test)]
mod tests;
