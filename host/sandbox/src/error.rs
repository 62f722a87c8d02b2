//! Errors before a command runs.

use std::io;
use std::path::PathBuf;

/// Why a command has no outcome. [`SandboxError::reason`] is the stable code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The description of the root or of the command is invalid.
    #[error("the sandbox is described wrongly: {what}")]
    BadSpec {
        /// What is wrong and what was expected.
        what: String,
    },
    /// The command line is too long for Linux.
    #[error("{what} is {bytes} bytes long, and Linux takes at most {limit}")]
    TooLong {
        /// The argument or variable, or all of them.
        what: String,
        /// Its length.
        bytes: u64,
        /// The largest length.
        limit: u64,
    },
    /// The supervisor did not start, or communication with it failed.
    #[error("cannot {action} of the sandbox: {source}")]
    Supervisor {
        /// What was tried.
        action: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The kernel refused a user namespace.
    #[error("cannot {step}: {source}")]
    UserNamespace {
        /// What was tried.
        step: &'static str,
        /// The kernel's error.
        source: io::Error,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The overlay of the layers could not be made.
    #[error("cannot {step} ({}): {source}{}", path.display(), said(message))]
    Overlay {
        /// What was tried.
        step: &'static str,
        /// The layer or directory of the host concerned.
        path: PathBuf,
        /// The kernel's error.
        source: io::Error,
        /// What the kernel logged; may be empty.
        message: String,
        /// What to do about it; may be empty.
        remedy: &'static str,
    },
    /// Something else about the sandbox could not be set up.
    #[error("cannot {step} ({}): {source}", path.display())]
    Setup {
        /// What was tried.
        step: &'static str,
        /// The path on the host or in the root concerned.
        path: PathBuf,
        /// The kernel's error.
        source: io::Error,
        /// What to do about it; may be empty.
        remedy: &'static str,
    },
    /// The working directory is not in the root, or is no directory.
    #[error("the working directory {} cannot be entered: {source}", path.display())]
    Cwd {
        /// The directory inside.
        path: PathBuf,
        /// The kernel's error.
        source: io::Error,
    },
    /// No such program in the root, or the interpreter that it names is missing.
    #[error(
        "the root has no program {program:?} (or not the interpreter it needs); looked at: {}",
        list(tried)
    )]
    CommandNotFound {
        /// The program as it was asked for.
        program: String,
        /// Paths inside that were tried.
        tried: Vec<PathBuf>,
    },
    /// The program is there but cannot be executed.
    #[error("{} in the root cannot be executed: {source}", path.display())]
    CommandNotExecutable {
        /// The program's path inside.
        path: PathBuf,
        /// The kernel's error.
        source: io::Error,
    },
    /// The output of the command could not be written; the command was killed.
    #[error("the output of the command cannot be kept: {source}")]
    Output {
        /// The error of the sink, or of the pipe.
        source: io::Error,
    },
    /// The sandbox was killed from outside; nothing is known of the command.
    #[error("the sandbox was killed from outside, perhaps because memory ran out")]
    Lost,
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(" (the kernel says: {message})") }
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    if paths.is_empty() { "nothing, as PATH is not set".into() } else { paths.join(", ") }
}

impl SandboxError {
    /// The stable code of this error.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::BadSpec { .. } => "sandbox-bad-spec",
            Self::TooLong { .. } => "sandbox-command-too-long",
            Self::Supervisor { .. } => "sandbox-supervisor-failed",
            Self::UserNamespace { .. } => "sandbox-userns-unavailable",
            Self::Overlay { .. } => "sandbox-overlay-failed",
            Self::Setup { .. } => "sandbox-setup-failed",
            Self::Cwd { .. } => "sandbox-cwd-failed",
            Self::CommandNotFound { .. } => "sandbox-command-not-found",
            Self::CommandNotExecutable { .. } => "sandbox-command-not-executable",
            Self::Output { .. } => "sandbox-output-failed",
            Self::Lost => "sandbox-lost",
        }
    }

    /// What to do about it; may be empty.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "write the text to a file and have the command read that",
            Self::Lost => "see the kernel's log",
            Self::UserNamespace { remedy, .. }
            | Self::Overlay { remedy, .. }
            | Self::Setup { remedy, .. } => remedy,
            _ => "",
        }
    }
}

/// Why the supervisor did not start, or could not be talked to, while `action` was tried.
pub(crate) fn failed(action: &'static str) -> impl FnOnce(io::Error) -> SandboxError {
    move |source| SandboxError::Supervisor { action, source }
}
