//! Errors of loading a policy.

use spec_model::{Blame, UserError};
use spec_strategy::PolicyError;

/// Why a policy cannot be loaded. It is reported before anything is built.
#[derive(Debug, thiserror::Error)]
pub enum PolicyLoadError {
    /// The program has no embedded policy of that name.
    #[error(
        "'{name}' is not {wanted} of this program; known: built-in, {known}; the name of a file has a slash or ends \
         in .wasm"
    )]
    Unknown {
        /// Which kind of policy was wanted.
        wanted: &'static str,
        /// The name.
        name: String,
        /// The known names, separated by commas.
        known: String,
    },
    /// The component cannot be loaded, or implements another world.
    #[error(transparent)]
    Broken(PolicyError),
    /// The component was loaded, and failed when its session was opened.
    #[error(transparent)]
    Failed(#[from] PolicyError),
    /// The policy refuses its configuration.
    #[error("policy '{policy}' refuses {}: {message}", setting(key.as_deref()))]
    Refused {
        /// A stable code.
        reason: String,
        /// The policy: its name and the file it came from.
        policy: String,
        /// The key at fault, if it is one.
        key: Option<String>,
        /// What is wrong, and what was expected.
        message: String,
        /// What to do next, if the policy says so.
        hint: Option<String>,
    },
}

fn setting(key: Option<&str>) -> String {
    key.map_or_else(|| "its configuration".to_owned(), |key| format!("the setting '{key}'"))
}

impl PolicyLoadError {
    /// The key of the setting at fault.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Refused { key, .. } => key.as_deref(),
            Self::Unknown { .. } | Self::Broken(_) | Self::Failed(_) => None,
        }
    }
}

impl UserError for PolicyLoadError {
    fn blame(&self) -> Blame {
        match self {
            Self::Unknown { .. } | Self::Refused { .. } => Blame::Usage,
            Self::Broken(error) | Self::Failed(error) => error.blame(),
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Unknown { .. } => "unknown-policy",
            Self::Broken(error) | Self::Failed(error) => error.reason,
            Self::Refused { reason, .. } => reason.as_str(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Broken(error) | Self::Failed(error) => error.hint(),
            Self::Refused { hint, .. } => hint.clone(),
            Self::Unknown { .. } => None,
        }
    }
}
