//! Errors of reading and writing recordings.

use std::io;

use spec_model::{Blame, UserError};

/// The result of functions of this crate.
pub type Result<T, E = RecordingError> = std::result::Result<T, E>;

/// Why a recording cannot be read or written. `file` is the file's name, for people.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("cannot read the recording {file}")]
    Read {
        /// The file.
        file: String,
        /// What the file system said.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the recording {file}")]
    Write {
        /// The file.
        file: String,
        /// What the file system said.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{file} is not a recording: {why}")]
    NotARecording {
        /// The file.
        file: String,
        /// What it lacks.
        why: String,
    },
    /// The file has a format that this version does not know.
    #[error("{file} has format {found}; this version reads format {known}")]
    UnknownFormat {
        /// The file.
        file: String,
        /// The format of the file.
        found: u32,
        /// The format that is read.
        known: u32,
    },
    /// The file ends too early.
    #[error("the recording {file} was cut off after {entries} entries")]
    CutOff {
        /// The file.
        file: String,
        /// How many entries can be read.
        entries: u64,
    },
    /// The file has bytes that a recording cannot have.
    #[error("the recording {file} is damaged after {entries} entries: {why}")]
    Damaged {
        /// The file.
        file: String,
        /// How many entries can be read.
        entries: u64,
        /// What is wrong.
        why: String,
    },
}

impl UserError for RecordingError {
    fn reason(&self) -> &str {
        match self {
            Self::Read { .. } => "recording-unreadable",
            Self::Write { .. } => "recording-not-written",
            Self::NotARecording { .. } => "not-a-recording",
            Self::UnknownFormat { .. } => "recording-unknown-format",
            Self::CutOff { .. } => "recording-cut-off",
            Self::Damaged { .. } => "recording-damaged",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::Read { .. } | Self::Write { .. } => Blame::Machine,
            Self::NotARecording { .. } | Self::UnknownFormat { .. } => Blame::Usage,
            Self::CutOff { .. } | Self::Damaged { .. } => Blame::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { .. } => "check its name; `spec-host policy recordings` lists those that were kept",
            Self::Write { .. } => "check the place and the room on its disk",
            Self::NotARecording { .. } => "`spec-host build --record FILE` writes a recording",
            Self::UnknownFormat { .. } => "use the version of spec-host that wrote it, or a newer one",
            Self::CutOff { .. } => "the session that wrote it ended before its time; record another one",
            Self::Damaged { .. } => "copy it again, or record another session",
        };
        Some(hint.to_owned())
    }
}
