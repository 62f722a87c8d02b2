//! Errors of a session outside of its jobs. The failure of a job is a [`Failure`](spec_scheduler::Failure).

use std::io;
use std::path::PathBuf;

use spec_artifact::ArtifactError;
use spec_cas::CasError;
use spec_model::{Blame, FilePosition, NodeError, UserError};
use spec_plugins::PolicyLoadError;
use spec_project::LoadError;
use spec_source::SourceError;

use crate::remotes::CredentialError;
use crate::session_remotes::RefusedRemote;

/// The result of functions of this crate.
pub type Result<T, E = SessionError> = std::result::Result<T, E>;

/// An error of a session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The project cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// New references cannot be written into the project's files.
    #[error(transparent)]
    Edit(LoadError),
    /// A value of the project's files is wrong.
    #[error(transparent)]
    Value(#[from] NodeError),
    /// A source is declared wrongly, or its key cannot be computed.
    #[error(transparent)]
    SourceDeclaration(SourceError),
    /// A source cannot be looked up.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store failed.
    #[error(transparent)]
    Cas(#[from] CasError),
    /// An artifact cannot be looked up.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A warning that the project's `fatal-warnings` names. Its reason is the warning's name.
    #[error("{message}")]
    FatalWarning {
        /// The warning's name.
        reason: &'static str,
        /// The warning.
        message: String,
        /// What it is about.
        position: Option<FilePosition>,
    },
    /// There are no targets or several. Reason `one-element`.
    #[error("expected one element, got {count}")]
    OneElement {
        /// How many there are.
        count: usize,
    },
    /// Elements that are to be built have sources without a reference. Reason `inconsistent-pipeline`.
    #[error("these elements have sources without a ref: {}", elements.join(", "))]
    MissingReferences {
        /// Their names.
        elements: Vec<String>,
    },
    /// Elements that are to be built have workspaces whose folders are gone. Reason `inconsistent-pipeline-workspaced`.
    #[error("the workspaces of these elements are gone: {}", elements.join(", "))]
    MissingWorkspaces {
        /// Their names.
        elements: Vec<String>,
    },
    /// Elements of subprojects are to be tracked, and their refs can be written nowhere. Reason `untrackable-sources`.
    #[error("these elements belong to subprojects, whose files are not changed: {}", elements.join(", "))]
    UntrackableSources {
        /// Their names.
        elements: Vec<String>,
    },
    /// A policy does not exist, is not a policy, or refuses its settings.
    #[error("{error}")]
    Policy {
        /// Why.
        error: PolicyLoadError,
        /// The place of the wrong setting, or of the choice of the policy.
        position: Option<FilePosition>,
    },
    /// The built-in policy was given a setting. Reason `policy-unknown-setting`.
    #[error("the built-in policy has no setting '{key}'")]
    BuiltInPolicySetting {
        /// The setting.
        key: String,
        /// Where it stands.
        position: Option<FilePosition>,
    },
    /// A file with a credential of a server cannot be used.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A server cannot be used as it is configured.
    #[error(transparent)]
    Remote(#[from] RefusedRemote),
    /// Something is to be pulled or pushed, and no server is configured for that. Reasons `no-artifact-servers`,
    /// `no-source-servers`.
    #[error("no remote caches are configured for {action} {what}s")]
    NoServers {
        /// "artifact" or "source".
        what: &'static str,
        /// "pulling" or "pushing".
        action: &'static str,
    },
    /// The file of the workspaces cannot be written. Reason `workspaces-not-written`.
    #[error("cannot write {}: {error}", path.display())]
    Workspaces {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The system cannot start a thread. Reason `io-error`.
    #[error("cannot start {what}: {error}")]
    Start {
        /// What was to be started.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
}

impl SessionError {
    /// The error of another crate, if this is one.
    fn inner(&self) -> Option<&dyn UserError> {
        match self {
            Self::Load(error) | Self::Edit(error) => Some(error),
            Self::Value(error) => Some(error),
            Self::SourceDeclaration(error) | Self::Source(error) => Some(error),
            Self::Cas(error) => Some(error),
            Self::Artifact(error) => Some(error),
            Self::Policy { error, .. } => Some(error),
            Self::Credential(error) => Some(error),
            Self::Remote(error) => Some(error),
            _ => None,
        }
    }
}

impl UserError for SessionError {
    fn reason(&self) -> &str {
        match self {
            Self::FatalWarning { reason, .. } => reason,
            Self::OneElement { .. } => "one-element",
            Self::MissingReferences { .. } => "inconsistent-pipeline",
            Self::MissingWorkspaces { .. } => "inconsistent-pipeline-workspaced",
            Self::UntrackableSources { .. } => "untrackable-sources",
            Self::Workspaces { .. } => "workspaces-not-written",
            Self::BuiltInPolicySetting { .. } => "policy-unknown-setting",
            Self::NoServers { what: "source", .. } => "no-source-servers",
            Self::NoServers { .. } => "no-artifact-servers",
            Self::Start { .. } => "io-error",
            _ => self.inner().map_or("internal-error", UserError::reason),
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Load(error) => error.blame(),
            Self::Value(_)
            | Self::SourceDeclaration(_)
            | Self::FatalWarning { .. }
            | Self::MissingReferences { .. } => Blame::Project,
            Self::OneElement { .. }
            | Self::MissingWorkspaces { .. }
            | Self::UntrackableSources { .. }
            | Self::NoServers { .. }
            | Self::BuiltInPolicySetting { .. } => Blame::Usage,
            Self::Credential(error) => error.blame(),
            Self::Remote(error) => error.blame(),
            Self::Policy { error, .. } => error.blame(),
            Self::Edit(_) | Self::Workspaces { .. } | Self::Start { .. } => Blame::Machine,
            Self::Source(error) => error.blame(),
            Self::Cas(error) => error.blame(),
            Self::Artifact(error) => error.blame(),
        }
    }

    fn detail(&self) -> Option<String> {
        self.inner().and_then(UserError::detail)
    }

    fn position(&self) -> Option<&FilePosition> {
        match self {
            Self::FatalWarning { position, .. }
            | Self::Policy { position, .. }
            | Self::BuiltInPolicySetting { position, .. } => position.as_ref(),
            _ => self.inner().and_then(UserError::position),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::FatalWarning { .. } => {
                Some("it is an error because of 'fatal-warnings' in project.conf".to_owned())
            }
            Self::MissingReferences { elements } => {
                Some(format!("spec-host source track {}", elements.join(" ")))
            }
            Self::MissingWorkspaces { elements } => {
                let elements = elements.join(" ");
                Some(format!(
                    "make them again: spec-host workspace reset {elements}, or close them: spec-host workspace close \
                     {elements}"
                ))
            }
            Self::UntrackableSources { .. } => Some(
                "set 'ref-storage: project.refs' in project.conf, or track them in their own project"
                    .to_owned(),
            ),
            Self::BuiltInPolicySetting { .. } => Some("choose the policy that has it".to_owned()),
            Self::NoServers { what, action } => {
                let (key, line) = if *what == "source" {
                    ("source-caches", "--source-remote")
                } else {
                    ("artifacts", "--artifact-remote")
                };
                let push = if *action == "pushing" { " with 'push: True'" } else { "" };
                Some(format!(
                    "add a server{push} to '{key}' in the user configuration, or name one with {line}"
                ))
            }
            _ => self.inner().and_then(UserError::hint),
        }
    }
}
