//! Errors of records and of adapting actions.

use spec_cas::CasError;
use spec_model::{Blame, Digest, UserError};

/// The result of the operations of this crate.
pub type Result<T, E = SpeculationError> = std::result::Result<T, E>;

/// A failed operation. It does not make a build fail: the build goes on without the record.
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
    /// An action or a command cannot be decoded, or encoding it again would give other bytes. Reason
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
    /// Whether a blob is missing or invalid. Callers leave out the action then. Other errors are failures of the store.
    pub(crate) fn is_bad_data(&self) -> bool {
        match self {
            Self::BadRecord { .. } | Self::BadAction { .. } => true,
            Self::Cas(error) => match error {
                CasError::Missing { .. }
                | CasError::Corrupt { .. }
                | CasError::Elsewhere { .. }
                | CasError::BadDirectory { .. }
                | CasError::BadPath { .. }
                | CasError::TreeTooLarge { .. }
                | CasError::Collision { .. } => true,
                CasError::WrongDigest { .. }
                | CasError::DiskFull { .. }
                | CasError::SpecialFile { .. }
                | CasError::Destination(_)
                | CasError::Cancelled
                | CasError::Io { .. } => false,
            },
        }
    }
}

impl UserError for SpeculationError {
    fn blame(&self) -> Blame {
        match self {
            Self::BadRecord { .. } | Self::BadAction { .. } => Blame::Machine,
            Self::Cas(error) => error.blame(),
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::BadRecord { .. } => "speculation-bad-record",
            Self::BadAction { .. } => "speculation-bad-action",
            Self::Cas(error) => error.reason(),
        }
    }
}
