//! What can go wrong between trees and sandboxes.

use std::io;
use std::path::PathBuf;

use spec_cas::CasError;
use spec_model::{Blame, UserError};
use spec_sandbox::SandboxError;

use crate::outcome::ActionError;

/// Why a root could not be staged, run in or captured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutionError {
    /// The store failed.
    #[error(transparent)]
    Cas(#[from] CasError),
    /// The sandbox could not be made, or the command not started.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A path in the root is not what it should be.
    #[error("'{path}' in the sandbox is {found}, expected {expected}")]
    BadPath {
        /// The path inside.
        path: String,
        /// What is there.
        found: &'static str,
        /// What should be there.
        expected: &'static str,
    },
    /// Commands wrote more below a directory than is taken from it.
    #[error("commands wrote {found} bytes or more below '{path}', and at most {most} are taken")]
    TooMuchWritten {
        /// The path inside.
        path: String,
        /// Bytes, as far as they were counted.
        found: u64,
        /// Bytes that there may be.
        most: u64,
    },
    /// An action, or a socket for actions, could not be had.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// The socket of the Remote Execution API could not be opened.
    #[error("cannot open a socket of the Remote Execution API for the sandbox: {error}")]
    RemoteApis {
        /// Why not.
        error: Box<dyn UserError>,
    },
    /// What commands print could not be written to their log.
    #[error("cannot write the log of the commands: {source}")]
    Log {
        /// The system's error.
        source: io::Error,
    },
    /// Commands for another platform cannot be sent to a machine that has it.
    #[error("the commands are for {wanted}, this machine is {host}, and they cannot run elsewhere: {why}")]
    OtherPlatform {
        /// The system and the processor that they are for.
        wanted: String,
        /// Those of this machine.
        host: String,
        /// Why they are made no action.
        why: String,
    },
    /// A folder that receives what commands write could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Scratch {
        /// What was tried.
        action: &'static str,
        /// The folder on the host.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl UserError for ExecutionError {
    fn blame(&self) -> Blame {
        match self {
            Self::BadPath { .. } | Self::TooMuchWritten { .. } => Blame::Build,
            Self::Sandbox(_) | Self::Log { .. } | Self::OtherPlatform { .. } | Self::Scratch { .. } => {
                Blame::Machine
            }
            Self::Cas(error) => error.blame(),
            Self::Action(error) => error.blame(),
            Self::RemoteApis { error } => error.blame(),
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Cas(error) => error.reason(),
            Self::Sandbox(error) => error.reason(),
            Self::TooMuchWritten { .. } => "too-much-written",
            Self::BadPath { .. } => "sandbox-path",
            Self::Action(error) => error.reason(),
            Self::RemoteApis { error } => error.reason(),
            Self::Log { .. } => "log-failed",
            Self::OtherPlatform { .. } => "unsupported-platform",
            Self::Scratch { .. } => "scratch-failed",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Cas(error) => error.hint(),
            Self::Sandbox(error) => Some(error.remedy()).filter(|hint| !hint.is_empty()).map(str::to_owned),
            Self::Action(error) => error.hint(),
            Self::RemoteApis { error } => error.hint(),
            Self::OtherPlatform { wanted, .. } => Some(format!("build it on a machine that is {wanted}")),
            Self::BadPath { .. } | Self::TooMuchWritten { .. } | Self::Log { .. } | Self::Scratch { .. } => {
                None
            }
        }
    }
}

impl From<ExecutionError> for ActionError {
    fn from(error: ExecutionError) -> Self {
        match error {
            ExecutionError::Action(error) => error,
            ExecutionError::Cas(error) => error.into(),
            ExecutionError::Sandbox(error) => (&error).into(),
            other => {
                let message = "cannot make what the action needs beside its root".to_owned();
                Self::failed(other.reason(), message, &other)
            }
        }
    }
}
