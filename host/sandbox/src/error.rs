//! What can go wrong before a command runs.

use crate::protocol::{SetupStep, SupervisorReport};
use crate::remedy::remedy;
use crate::script::CompiledScript;
use rustix::io::Errno;
use std::io;
use std::path::PathBuf;

/// Why there is no outcome. [`SandboxError::reason`] is the stable code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The root or the command asks for something that cannot be.
    #[error("the sandbox is described wrongly: {what}")]
    BadSpec {
        /// What is wrong and what was expected.
        what: String,
    },
    /// Linux starts no command that long.
    #[error(
        "{what} is {bytes} bytes long, and Linux takes at most {limit}; write the text to a file and have the command \
         read that"
    )]
    TooLong {
        /// The argument or variable, or all of them.
        what: String,
        /// Its length.
        bytes: u64,
        /// The most that can be.
        limit: u64,
    },
    /// The supervisor did not start, or could not be talked to.
    #[error("cannot {action} of the sandbox: {source}")]
    Supervisor {
        /// What was tried.
        action: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The kernel refused a user namespace.
    #[error("cannot {step}: {source}{}", then(remedy))]
    UserNamespace {
        /// What was tried.
        step: &'static str,
        /// The kernel's error.
        source: io::Error,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The overlay of the layers could not be made.
    #[error("cannot {step} ({}): {source}{}{}", path.display(), said(message), then(remedy))]
    Overlay {
        /// What was tried.
        step: &'static str,
        /// The layer or directory of the host it was about.
        path: PathBuf,
        /// The kernel's error.
        source: io::Error,
        /// What the kernel logged besides; may be empty.
        message: String,
        /// What to do about it; may be empty.
        remedy: &'static str,
    },
    /// Something else about the sandbox could not be set up.
    #[error("cannot {step} ({}): {source}{}", path.display(), then(remedy))]
    Setup {
        /// What was tried.
        step: &'static str,
        /// Path on the host or in the root it was about.
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
    /// What the command wrote could not be kept; it was killed.
    #[error("the output of the command cannot be kept: {source}")]
    Output {
        /// The error of the sink, or of the pipe.
        source: io::Error,
    },
    /// The sandbox was killed from outside; nothing is known of the command.
    #[error("the sandbox was killed from outside, perhaps for want of memory; see the kernel's log")]
    Lost,
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(" (the kernel says: {message})") }
}

fn then(remedy: &str) -> String {
    if remedy.is_empty() { String::new() } else { format!(". {remedy}") }
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

    /// What to do about it; may be empty. The message has it as well.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::UserNamespace { remedy, .. }
            | Self::Overlay { remedy, .. }
            | Self::Setup { remedy, .. } => remedy,
            _ => "",
        }
    }

    /// The error that the init reported while it followed `script`.
    pub(crate) fn from_report(report: &SupervisorReport, message: &str, script: &CompiledScript) -> Self {
        let Some((step, text)) = SetupStep::ALL.get(report.step as usize).copied() else { return Self::Lost };
        let errno = Errno::from_raw_os_error(report.errno as i32);
        let (source, remedy) = (io::Error::from(errno), remedy(step, errno));
        let subject = script.subjects.get(report.op as usize).cloned().unwrap_or_default();
        let detail = report.detail as usize;
        match step {
            SetupStep::UserNamespace | SetupStep::IdMap | SetupStep::Namespaces => {
                Self::UserNamespace { step: text, source, remedy }
            }
            SetupStep::Overlay | SetupStep::Layer | SetupStep::Upper | SetupStep::Work => {
                let place = match step {
                    SetupStep::Layer => script.layers.get(detail).cloned().unwrap_or_default(),
                    SetupStep::Work => script.work.clone(),
                    _ => subject,
                };
                Self::Overlay { step: text, path: place, source, message: message.trim().to_owned(), remedy }
            }
            SetupStep::Cwd => Self::Cwd { path: script.cwd.clone(), source },
            SetupStep::Exec if errno == Errno::NOENT => {
                Self::CommandNotFound { program: script.program.clone(), tried: script.candidates.clone() }
            }
            SetupStep::Exec => {
                let path = script.candidates.get(detail).cloned().unwrap_or_default();
                Self::CommandNotExecutable { path, source }
            }
            _ => Self::Setup { step: text, path: subject, source, remedy },
        }
    }
}
