//! Errors of element kinds and policies.

use spec_model::{Blame, FilePosition, UserError};

/// Why an element kind gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// The kind looked at the element's configuration and refused it: the user's fault.
    #[error("{message}")]
    Rejected {
        /// A stable code, chosen by the kind.
        reason: String,
        /// What is wrong and what was expected.
        message: String,
        /// What to do next, if the kind says so.
        hint: Option<String>,
        /// The configuration node at fault.
        position: Option<FilePosition>,
    },
    /// No component for this kind is known.
    #[error("there is no component for element kind '{kind}'{}; known kinds: {known}", without(missing.as_deref()))]
    Unknown {
        /// The kind that was asked for.
        kind: String,
        /// The kinds that are there, separated by commas.
        known: String,
        /// The file that the project declares, which is not there.
        missing: Option<String>,
    },
    /// The component could not be loaded or did not keep its contract.
    #[error("plugin '{plugin}', {activity}: {message}")]
    Broken {
        /// A stable code such as `plugin-trap`, `plugin-timeout`, `plugin-out-of-memory`, `plugin-wrong-world`.
        reason: &'static str,
        /// The plugin: its kind and the file it came from.
        plugin: String,
        /// What was going on: the export being called, or `load`.
        activity: String,
        /// What happened.
        message: String,
        /// What to do next; may be empty.
        hint: &'static str,
        /// Whose fault it is: the plugin's, which broke its contract, or this machine's, which could not serve it.
        blame: Blame,
    },
}

fn without(missing: Option<&str>) -> String {
    missing.map(|file| format!(": the project declares {file}, which is not there")).unwrap_or_default()
}

impl UserError for KindError {
    fn blame(&self) -> Blame {
        match self {
            Self::Rejected { .. } | Self::Unknown { .. } => Blame::Project,
            Self::Broken { blame, .. } => *blame,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Rejected { reason, .. } => reason,
            Self::Unknown { .. } => "unknown-kind",
            Self::Broken { reason, .. } => reason,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { kind, missing: Some(_), .. } => {
                Some(format!("put a component of that name there, or name another with --plugin {kind}=FILE"))
            }
            Self::Unknown { kind, .. } => Some(format!(
                "name its component with --plugin {kind}=FILE, or put {kind}.wasm into a folder of the project and declare it in \
                 project.conf: `plugins: [{{origin: local, path: FOLDER, elements: [{kind}]}}]`"
            )),
            Self::Broken { hint, .. } => non_empty(hint),
            Self::Rejected { hint, .. } => hint.clone(),
        }
    }

    fn position(&self) -> Option<&FilePosition> {
        match self {
            Self::Rejected { position, .. } => position.as_ref(),
            Self::Unknown { .. } | Self::Broken { .. } => None,
        }
    }
}

/// Why an overlay policy or a priming policy gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("policy '{policy}', {activity}: {message}")]
pub struct PolicyError {
    /// A stable code such as `plugin-trap`, `plugin-timeout`, `plugin-invalid-answer`.
    pub reason: &'static str,
    /// The policy: its name and the file it came from.
    pub policy: String,
    /// The call.
    pub activity: &'static str,
    /// What happened.
    pub message: String,
    /// What to do next; may be empty.
    pub hint: &'static str,
}

impl UserError for PolicyError {
    fn blame(&self) -> Blame {
        Blame::Plugin
    }

    fn reason(&self) -> &str {
        self.reason
    }

    fn hint(&self) -> Option<String> {
        non_empty(self.hint)
    }
}

fn non_empty(hint: &str) -> Option<String> {
    (!hint.is_empty()).then(|| hint.to_owned())
}
