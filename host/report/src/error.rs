//! Errors of reports.

use spec_model::{Blame, UserError};
use spec_recording::RecordingError;

/// The result of functions of this crate.
pub type Result<T, E = ReportError> = std::result::Result<T, E>;

/// Why a recording cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
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
    /// A chart cannot be drawn.
    #[error("cannot draw the chart '{chart}': {why}")]
    Chart {
        /// Its title.
        chart: String,
        /// What the chart library said.
        why: String,
    },
}

impl UserError for ReportError {
    fn reason(&self) -> &str {
        match self {
            Self::Recording(error) => error.reason(),
            Self::Contradiction { .. } => "recording-damaged",
            Self::Chart { .. } => "chart-failed",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Recording(error) => error.blame(),
            Self::Contradiction { .. } => Blame::Usage,
            Self::Chart { .. } => Blame::Us,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Recording(error) => error.hint(),
            Self::Contradiction { .. } => Some("copy it again, or record another session".to_owned()),
            Self::Chart { .. } => Some("report this fault, with the recording if you can".to_owned()),
        }
    }
}
