//! Errors of element kinds and policies.

use spec_model::{Blame, Place, UserError};

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
        /// The configuration node at fault.
        place: Option<Place>,
    },
    /// No component for this kind is known.
    #[error("there is no component for element kind '{kind}'; known kinds: {known}")]
    Unknown {
        /// The kind that was asked for.
        kind: String,
        /// The kinds that are there, separated by commas.
        known: String,
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

    fn place(&self) -> Option<&Place> {
        match self {
            Self::Rejected { place, .. } => place.as_ref(),
            Self::Unknown { .. } | Self::Broken { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Broken { hint, .. } => non_empty(hint),
            Self::Rejected { .. } | Self::Unknown { .. } => None,
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
