//! Errors of artifacts.

use spec_cas::CasError;
use spec_model::{Blame, Digest, GlobError, UserError};

use crate::name::{ArtifactName, ParseArtifactNameError};

/// A failed operation on artifacts.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// A record is of a format that this program does not know. Reason `artifact-newer-format`.
    #[error(
        "the record of the artifact {name} has format {version}, but this program knows formats up to {known}"
    )]
    NewerFormat {
        /// Which one.
        name: Box<ArtifactName>,
        /// The format of the record.
        version: i32,
        /// The newest format known.
        known: i32,
    },
    /// An artifact was to be stored whose tree of files is not all in the CAS. Reason `artifact-incomplete`.
    #[error("cannot store the artifact {name}: its files ({files}) are not all in the CAS")]
    Incomplete {
        /// Which one.
        name: Box<ArtifactName>,
        /// The root of the tree.
        files: Digest,
    },
    /// A text that names no artifact. Reason `bad-artifact-name`.
    #[error(transparent)]
    BadName(#[from] ParseArtifactNameError),
    /// A text that is not a valid pattern. Reason `invalid-glob`.
    #[error(transparent)]
    Glob(#[from] GlobError),
    /// The store failed. The reason is the store's own.
    #[error(transparent)]
    Cas(#[from] CasError),
}

impl UserError for ArtifactError {
    fn blame(&self) -> Blame {
        match self {
            Self::BadName { .. } | Self::Glob(_) => Blame::Usage,
            Self::NewerFormat { .. } | Self::Incomplete { .. } => Blame::Machine,
            Self::Cas(error) => error.blame(),
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::NewerFormat { .. } => "artifact-newer-format",
            Self::Incomplete { .. } => "artifact-incomplete",
            Self::BadName(error) => error.reason(),
            Self::Glob(_) => "invalid-glob",
            Self::Cas(error) => error.reason(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NewerFormat { name, .. } => Some(format!(
                "use the newer program that wrote it, or drop it with `spec-host artifact delete {name}`"
            )),
            Self::Incomplete { .. } => Some("build the element again".to_owned()),
            Self::BadName(_) | Self::Glob(_) => None,
            Self::Cas(error) => error.hint(),
        }
    }
}
