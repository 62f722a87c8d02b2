//! What can go wrong with records and with adapting actions.

use spec_cas::CasError;
use spec_model::{Digest, UserError};

/// What the operations of this room answer with.
pub type Result<T, E = SpeculationError> = std::result::Result<T, E>;

/// A failed operation. None of them is a reason for a build to fail: the build goes on without the record.
#[derive(Debug, thiserror::Error)]
pub enum SpeculationError {
    /// A stored record cannot be read. Reason `speculation-bad-record`.
    #[error(
        "the record of speculative actions {digest} cannot be used: {why}; the next build writes a new one"
    )]
    BadRecord {
        /// The blob.
        digest: Digest,
        /// Which rule it breaks.
        why: String,
    },
    /// An action or a command is none, or is written in a way that we would not write it. Reason
    /// `speculation-bad-action`.
    #[error("the {what} {digest} cannot be adapted: {why}")]
    BadAction {
        /// `Action` or `Command`.
        what: &'static str,
        /// The blob.
        digest: Digest,
        /// Which rule it breaks.
        why: String,
    },
    /// The store failed. Its own reason.
    #[error(transparent)]
    Cas(#[from] CasError),
}

impl SpeculationError {
    /// Whether something in the store is missing, or is not what it should be: one action less, and no failure.
    pub(crate) fn is_of_data(&self) -> bool {
        match self {
            Self::BadRecord { .. } | Self::BadAction { .. } => true,
            Self::Cas(error) => match error {
                CasError::Missing { .. }
                | CasError::Corrupt { .. }
                | CasError::BadDirectory { .. }
                | CasError::BadPath { .. }
                | CasError::TreeTooLarge { .. }
                | CasError::Collision { .. } => true,
                CasError::WrongDigest { .. }
                | CasError::DiskFull { .. }
                | CasError::SpecialFile { .. }
                | CasError::Cancelled
                | CasError::Io { .. } => false,
            },
        }
    }
}

impl UserError for SpeculationError {
    fn reason(&self) -> &str {
        match self {
            Self::BadRecord { .. } => "speculation-bad-record",
            Self::BadAction { .. } => "speculation-bad-action",
            Self::Cas(error) => error.reason(),
        }
    }
}
