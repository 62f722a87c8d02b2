//! Commands that were not started.

use std::path::Path;

use rustix::io::Errno;
use spec_model::{ActionResult, Captured};
use spec_sandbox::{RootSpec, SandboxError};

use crate::local::prepared_action::PreparedAction;
use crate::outcome::ActionError;

/// Why a command was not started.
pub(super) enum StartFailure {
    /// There is no such program: a failed command, as in a shell.
    Failed(Box<ActionResult>),
    /// There is no result.
    Refused(ActionError),
}

impl StartFailure {
    /// What the error of a sandbox with this root, with a socket at that path of the host, means to who asked for the
    /// action.
    pub(super) fn of(
        error: &SandboxError,
        prepared: &PreparedAction,
        root: &RootSpec,
        socket: Option<&Path>,
    ) -> Self {
        let exit_code = match error {
            SandboxError::CommandNotFound { .. } => 127,
            SandboxError::CommandNotExecutable { source, .. } if is(source, Errno::TOOBIG) => {
                return Self::invalid("its arguments and environment are longer than this machine takes");
            }
            SandboxError::CommandNotExecutable { .. } => 126,
            SandboxError::BadSpec { .. } | SandboxError::Cwd { .. } | SandboxError::TooLong { .. } => {
                return Self::invalid(error);
            }
            SandboxError::Setup { path, source, .. } if socket == Some(path) => {
                let inside = prepared.requirements.socket.as_deref().unwrap_or_default();
                return Self::invalid(format!(
                    "remoteApisSocketPath={inside}: no socket can be there: {source}"
                ));
            }
            SandboxError::Setup { path, .. } if is_asked_for(root, path) => return Self::invalid(error),
            other => return Self::Refused(other.into()),
        };
        let hint = match prepared.requirements.chroot {
            None => "the action names no chrootRootDigest, so the root has nothing but its own inputs\n",
            Some(_) => "",
        };
        let stderr = Captured { raw: format!("{error}\n{hint}").into_bytes(), digest: None };
        Self::Failed(Box::new(ActionResult { exit_code, stderr, ..ActionResult::default() }))
    }

    fn invalid(what: impl ToString) -> Self {
        Self::Refused(ActionError::invalid(what.to_string()))
    }
}

fn is(error: &std::io::Error, errno: Errno) -> bool {
    Errno::from_io_error(error) == Some(errno)
}

/// Whether a path is one of the root that the action names: its working directory, the parent of an output, a directory
/// that says whether it can be written. No path of the host is among them.
fn is_asked_for(root: &RootSpec, path: &Path) -> bool {
    let subtrees = root.subtrees.iter().map(|subtree| &subtree.path);
    root.directories.iter().chain(subtrees).any(|asked| asked == path)
}
