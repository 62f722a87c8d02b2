//! Why a cluster did not execute an action.

use spec_execution::{ActionError, ExecutedAction};
use spec_model::UserError;
use spec_remote::RemoteError;

/// What to do about a cluster that does not execute an action that wants a socket of the Remote Execution API.
pub const SOCKET_HINT: &str = "let it have workers that know the platform property remoteApisSocketPath, or set 'elements-with-socket: local'";

/// Why a cluster did not execute an action.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteExecutionError {
    /// What it comes to wherever it is executed.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// A server cannot be reached, does not let us in, keeps failing or breaks the protocol.
    #[error(transparent)]
    Remote(RemoteError),
    /// The cluster has no room for it at present.
    #[error("{address} takes no more actions at present: {why}")]
    Busy { address: String, why: String },
    /// The result lacks an output that the command declares: it may be that of another action.
    #[error("the result of {address} lacks the output '{path}', which the command declares")]
    Incomplete { address: String, path: String, executed: Box<ExecutedAction> },
    /// The cluster will never execute it.
    #[error("{address} does not execute the action: {why}")]
    Refused {
        address: String,
        why: String,
        /// Whether a worker has to open a socket for it.
        wants_socket: bool,
    },
}

impl From<RemoteError> for RemoteExecutionError {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::Local(error) => Self::Action(error.into()),
            RemoteError::Full { address, why, .. } => Self::Busy { address, why },
            other => Self::Remote(other),
        }
    }
}

impl From<RemoteExecutionError> for ActionError {
    fn from(error: RemoteExecutionError) -> Self {
        let hint = match error {
            RemoteExecutionError::Refused { wants_socket: true, .. } => SOCKET_HINT,
            _ => "",
        };
        let (reason, message) = match error {
            RemoteExecutionError::Action(error) => return error,
            RemoteExecutionError::Busy { .. } => return Self::Exhausted { what: error.to_string() },
            RemoteExecutionError::Remote(error) => (error.reason().to_owned(), error.to_string()),
            RemoteExecutionError::Refused { .. } => ("remote-refused".to_owned(), error.to_string()),
            RemoteExecutionError::Incomplete { .. } => ("remote-broken".to_owned(), error.to_string()),
        };
        Self::Internal { reason, detail: message.clone(), message, hint }
    }
}
