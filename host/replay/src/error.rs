//! Errors of replays.

use spec_model::{Blame, UserError};
use spec_recording::RecordingError;

/// The result of functions of this crate.
pub type Result<T, E = ReplayError> = std::result::Result<T, E>;

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// It says something that cannot be.
    #[error("the recording {file} is damaged: {why}")]
    Contradiction {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// The simulation did not come to an end, since jobs of the recording never ended.
    #[error("the recording {file} cannot be replayed: {why}")]
    Unfinished {
        /// The file.
        file: String,
        /// What is missing.
        why: String,
    },
}

impl UserError for ReplayError {
    fn reason(&self) -> &str {
        match self {
            Self::Recording(error) => error.reason(),
            Self::Contradiction { .. } => "recording-damaged",
            Self::Unfinished { .. } => "recording-unfinished",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Recording(error) => error.blame(),
            Self::Contradiction { .. } | Self::Unfinished { .. } => Blame::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Recording(error) => error.hint(),
            Self::Contradiction { .. } => Some("copy it again, or record another session".to_owned()),
            Self::Unfinished { .. } => {
                Some("record a build that is not interrupted: `spec-host build --record FILE`".to_owned())
            }
        }
    }
}
