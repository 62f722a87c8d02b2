//! Sockets at which sandboxes find the Remote Execution API.

use std::fmt;
use std::path::Path;

use crate::error::ExecutionError;
use crate::recorder::Recording;
use crate::rights::Rights;

/// Opens sockets of the Remote Execution API for sandboxes, over the store, the results and the workers of one session.
pub trait RemoteApis: fmt::Debug + Send + Sync + 'static {
    /// Opens a socket that nobody else uses, and serves on it until the guard is dropped.
    ///
    /// # Errors
    /// When the system refuses, or when there are no workers for it.
    fn open(&self, wanted: SocketOptions) -> Result<Box<dyn OpenSocket>, ExecutionError>;
}

/// A socket that is served. Dropping it removes the socket, ends serving, and gives up what was asked for through it.
pub trait OpenSocket: fmt::Debug + Send {
    /// Where it is on the host.
    fn path(&self) -> &Path;
}

/// What is wanted of a socket.
#[derive(Clone, Debug)]
pub struct SocketOptions {
    /// Who keeps a record of the answers.
    pub recording: Recording,
    /// Whether clients may bring results of actions that they ran themselves (BuildStream's
    /// `action-cache-enable-update`).
    pub update_results: bool,
    /// Whether it is for a sandbox that keeps a worker of the pool busy. Another one works in its stead meanwhile, so
    /// that who asks is answered.
    pub for_action: bool,
    /// What the actions of those who ask may have: at most what their sandbox has.
    pub rights: Rights,
}
