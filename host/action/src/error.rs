//! Why an action, a command or a record cannot be read from the store.

use spec_cas::CasError;
use spec_model::{Blame, Digest, UserError};

/// Why an action, a command or a record cannot be read from the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActionReadError {
    /// The message of an action or of a command is not in the store.
    #[error("the {message} {digest} is missing")]
    Missing {
        /// `Action` or `Command`.
        message: &'static str,
        /// Its digest.
        digest: Digest,
    },
    /// The blob is no such message, or the message breaks a rule of the protocol.
    #[error("the {message} {digest} is not valid: {why}")]
    Invalid {
        /// `Action` or `Command`.
        message: &'static str,
        /// Its digest.
        digest: Digest,
        /// Which field, what is wrong with it, what was expected.
        why: String,
    },
    /// The record of a build's actions cannot be read.
    #[error("the record {digest} of the actions of a build is damaged: {why}")]
    BadRecord {
        /// Of the record.
        digest: Digest,
        /// What is wrong with it.
        why: String,
    },
    /// The store failed.
    #[error(transparent)]
    Cas(#[from] CasError),
}

impl UserError for ActionReadError {
    fn blame(&self) -> Blame {
        match self {
            Self::Missing { .. } | Self::BadRecord { .. } => Blame::Machine,
            Self::Invalid { .. } => Blame::Build,
            Self::Cas(error) => error.blame(),
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Missing { .. } => "action-missing-blobs",
            Self::Invalid { .. } => "action-invalid",
            Self::BadRecord { .. } => "subactions-damaged",
            Self::Cas(error) => error.reason(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some("upload it and try again".to_owned()),
            Self::BadRecord { .. } => Some("build the element again".to_owned()),
            Self::Invalid { .. } => None,
            Self::Cas(error) => error.hint(),
        }
    }
}
