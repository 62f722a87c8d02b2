//! What is asked of a server to have an action executed, and what comes back.

use std::time::Duration;

use bazel_remote_apis::google::longrunning::Operation;
use bazel_remote_apis::google::rpc;
use spec_model::Digest;

/// What was asked of the server, for errors.
pub(crate) const EXECUTE: &str = "execute an action";

/// An action that a server is to execute: REAPI's `ExecuteRequest`.
#[derive(Clone, Debug)]
pub struct ActionToExecute {
    /// Of the encoded action, which the server has.
    pub action: Digest,
    /// Execute it even if the server's action cache has a result.
    pub skip_cache_lookup: bool,
    /// Lower numbers go first.
    pub priority: i32,
    /// How long it may wait for a worker once somebody waits for it; then the server counts as busy.
    pub longest_wait: Option<Duration>,
    /// Output files whose contents are wanted in the answer, if they fit.
    pub inline_files: Vec<String>,
}

/// How a stream of operations ended.
pub(crate) enum Ended {
    /// With an operation that is done.
    Operation(Box<Operation>),
    /// With an error that is about this action.
    Status(rpc::Status),
}
