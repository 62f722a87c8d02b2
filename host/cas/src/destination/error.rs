//! Why a tree cannot go where a user wants it.

use std::path::PathBuf;

use spec_model::{Blame, UserError};

/// A destination that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// There is a folder with something in it. Reason `checkout-directory-not-empty`.
    #[error("'{}' is there already and not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// There is something that is no folder. Reason `destination-no-folder`.
    #[error("'{}' is there already and is no folder; choose another one", path.display())]
    NoFolder {
        /// Where the tree was to go.
        path: PathBuf,
    },
    /// A folder with something in it is where the tree has a file or a link. Reason `destination-taken`.
    #[error("'{}' is a folder that is not empty, where the tree has a file or a link; move it away and run again", path.display())]
    Taken {
        /// The folder that is in the way.
        path: PathBuf,
    },
}

impl UserError for DestinationError {
    fn blame(&self) -> Blame {
        Blame::Machine
    }

    fn reason(&self) -> &str {
        match self {
            Self::NotEmpty { .. } => "checkout-directory-not-empty",
            Self::NoFolder { .. } => "destination-no-folder",
            Self::Taken { .. } => "destination-taken",
        }
    }
}
