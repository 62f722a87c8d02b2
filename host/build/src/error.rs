//! Why an element could not be built.

use std::io;
use std::path::PathBuf;

use spec_artifact::ArtifactError;
use spec_cas::CasError;
use spec_execution::ExecutionError;
use spec_model::{Blame, FilePosition, NodeError, UserError, limit_hint};
use spec_sandbox::SandboxError;
use spec_strategy::BuildRefusal;

/// Why an element could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A command ended badly. A failed artifact with the log has been stored.
    #[error("{0}")]
    Command(Box<CommandFailure>),
    /// Linux starts no command that long.
    #[error("{group}: the command '{command}' cannot be run: {error}")]
    CommandTooLong {
        /// The setting that it comes from, such as `build-commands`.
        group: String,
        /// How it begins.
        command: String,
        /// What is too long, how long it is, and what the limit is.
        error: SandboxError,
    },
    /// A variable of the environment is a list or a dictionary, which no command can have.
    #[error("the environment variable '{name}' is no text, so no command can have it")]
    Environment {
        /// The variable.
        name: String,
    },
    /// The staged artifacts lack a program.
    #[error("the staged artifacts do not provide the command '{command}'")]
    MissingCommand {
        /// The program.
        command: String,
    },
    /// The plan collects a directory that is not there after the build.
    #[error("the directory '{path}' was not found in the sandbox, so there is nothing to collect")]
    NothingToCollect {
        /// The path inside.
        path: String,
    },
    /// The build made more than an artifact may have.
    #[error("the build left {found} bytes or more in '{path}', and an artifact has at most {most}")]
    ArtifactTooLarge {
        /// The path inside.
        path: String,
        /// Bytes, as far as they were counted.
        found: u64,
        /// Bytes that there may be.
        most: u64,
    },
    /// What the build stored takes more than the cache may.
    #[error("this build has stored {stored} bytes, which stay until it ends, and the cache may take {most}")]
    CacheTooFull {
        /// Bytes of disk that the build stored until now.
        stored: u64,
        /// Bytes that the cache may take.
        most: u64,
    },
    /// The plan copies from a directory that is not there.
    #[error("there is no directory '{path}' among the staged sources")]
    MissingDirectory {
        /// The path inside.
        path: String,
    },
    /// The place for the sources is taken.
    #[error("the directory '{path}', where the sources go, is not empty: {element} has files there")]
    SourcesOverFiles {
        /// The path inside.
        path: String,
        /// Whose files these are.
        element: String,
    },
    /// Something that the project made fatal.
    #[error("{text}")]
    FatalWarning {
        /// The warning's code.
        reason: &'static str,
        /// Its text.
        text: String,
        /// Its details.
        detail: String,
    },
    /// The element's kind says that it cannot be built.
    #[error("{}", .0.message)]
    Refused(Box<BuildRefusal>),
    /// A dependency is not built.
    #[error("there is no artifact of '{element}'")]
    NoArtifact {
        /// The dependency's full name.
        element: String,
    },
    /// A dependency was built, and failed.
    #[error("the build of '{element}' failed, so there are no files of it")]
    FailedArtifact {
        /// The dependency's full name.
        element: String,
    },
    /// The artifact keeps no root to work with.
    #[error("the artifact of '{element}' has no build tree")]
    NoBuildtree {
        /// The element's full name.
        element: String,
    },
    /// The element wants another system or architecture than this machine's.
    #[error("'{element}' is built on {wanted}, and this machine is {host}")]
    Platform {
        /// The element's full name.
        element: String,
        /// What it wants.
        wanted: String,
        /// What is here.
        host: String,
    },
    /// The build was cancelled; nothing was stored.
    #[error("the build was cancelled")]
    Cancelled,
    /// The log could not be written.
    #[error("cannot {action} the log {}: {source}", path.display())]
    Log {
        /// What was tried.
        action: &'static str,
        /// The log.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The element's public data is not what it should be.
    #[error(transparent)]
    PublicData(#[from] NodeError),
    /// The artifact store failed.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// Staging or the sandbox failed.
    #[error(transparent)]
    Exec(#[from] ExecutionError),
}

/// A command that ended badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandFailure {
    /// The group it belongs to, such as `build-commands`.
    pub group: String,
    /// The command as it is called in the log.
    pub command: String,
    /// Its exit code, if it exited.
    pub exit_code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// The log, with the command's output at its end.
    pub log: PathBuf,
    /// The byte of the log at which the command's output begins.
    pub output_start: u64,
    /// Whether the stored artifact has a build tree.
    pub has_buildtree: bool,
}

impl std::fmt::Display for CommandFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: the command ", self.group)?;
        match (self.exit_code, self.signal) {
            (Some(code), _) => write!(f, "failed with exit code {code}"),
            (_, Some(signal)) => write!(f, "was ended by signal {signal}"),
            _ => f.write_str("took too long"),
        }
    }
}

impl UserError for BuildError {
    fn blame(&self) -> Blame {
        match self {
            Self::PublicData(error) => error.blame(),
            Self::Platform { .. } | Self::Log { .. } | Self::CacheTooFull { .. } => Blame::Machine,
            Self::Cancelled => Blame::Cancelled,
            Self::Artifact(error) => error.blame(),
            Self::Exec(error) => error.blame(),
            _ => Blame::Build,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Command(_) => "command-failed",
            Self::CommandTooLong { .. } => "command-too-long",
            Self::Environment { .. } => "environment-not-text",
            Self::MissingCommand { .. } => "missing-command",
            Self::NothingToCollect { .. } => "nothing-to-collect",
            Self::ArtifactTooLarge { .. } => "artifact-too-large",
            Self::CacheTooFull { .. } => "cache-too-full",
            Self::MissingDirectory { .. } => "missing-directory",
            Self::SourcesOverFiles { .. } => "sources-over-files",
            Self::FatalWarning { reason, .. } => reason,
            Self::Refused(refusal) => &refusal.reason,
            Self::NoArtifact { .. } => "uncached-artifact",
            Self::FailedArtifact { .. } => "failed-artifact",
            Self::NoBuildtree { .. } => "no-buildtree",
            Self::Platform { .. } => "unsupported-platform",
            Self::Cancelled => "cancelled",
            Self::Log { .. } => "log-failed",
            Self::PublicData(error) => error.reason(),
            Self::Artifact(error) => error.reason(),
            Self::Exec(error) => error.reason(),
        }
    }

    fn position(&self) -> Option<&FilePosition> {
        match self {
            Self::PublicData(error) => error.position(),
            Self::Refused(refusal) => refusal.position.as_ref(),
            _ => None,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::FatalWarning { detail, .. } => Some(detail.clone()).filter(|detail| !detail.is_empty()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::CommandTooLong { error, .. } => error.remedy(),
            Self::Environment { .. } => "write it as one text",
            Self::MissingCommand { .. } => "add the element that provides it to 'build-depends'",
            Self::NothingToCollect { .. } => "have the commands install into it",
            Self::ArtifactTooLarge { .. } => return Some(limit_hint("artifact-size")),
            Self::CacheTooFull { .. } => {
                "raise 'quota' below 'cache' in the user configuration, or build fewer elements at a time"
            }
            Self::FatalWarning { .. } => "it is an error because of 'fatal-warnings' in project.conf",
            Self::NoArtifact { element } => return Some(format!("spec-host build {element}")),
            Self::FailedArtifact { element } => {
                return Some(format!(
                    "see why: spec-host artifact log {element}, or build it again: spec-host build --retry-failed \
                     {element}"
                ));
            }
            Self::NoBuildtree { .. } => "build it again with --cache-buildtrees always",
            Self::Platform { .. } => {
                "set 'build-os' and 'build-arch' under 'sandbox', or build on such a machine"
            }
            Self::Refused(refusal) => return refusal.hint.clone(),
            Self::PublicData(error) => return error.hint(),
            Self::Exec(error) => return error.hint(),
            Self::Artifact(error) => return error.hint(),
            Self::Command(_)
            | Self::MissingDirectory { .. }
            | Self::SourcesOverFiles { .. }
            | Self::Cancelled
            | Self::Log { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl From<CasError> for BuildError {
    fn from(error: CasError) -> Self {
        Self::Exec(error.into())
    }
}
