//! Errors of patches.

use spec_cas::CasError;

/// Why a patch does not apply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The sources before it staged nothing. The reason is BuildStream's.
    #[error("there is nothing to patch")]
    NothingToPatch,
    /// The file has no patch in it, or something that is none.
    #[error("line {line}: {why}")]
    Syntax {
        /// The line of the patch, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// It names no file that is there.
    #[error("line {line}: there is no file to patch; it names {names}")]
    NoFile {
        /// The line of the patch.
        line: usize,
        /// The names, without the directories that are stripped.
        names: String,
    },
    /// A hunk does not match the file.
    #[error("line {line}: hunk {hunk} does not match '{file}'{near}")]
    Hunk {
        /// The line of the patch.
        line: usize,
        /// The number of the hunk of this file, from 1.
        hunk: usize,
        /// The file.
        file: String,
        /// What is known about why, in words.
        near: String,
    },
    /// It cannot change the file in this way.
    #[error("line {line}: '{file}' {why}")]
    File {
        /// The line of the patch.
        line: usize,
        /// The file.
        file: String,
        /// Why not.
        why: &'static str,
    },
    /// The store failed.
    #[error("{0}")]
    Cas(Box<CasError>),
}

impl From<CasError> for PatchError {
    fn from(error: CasError) -> Self {
        Self::Cas(Box::new(error))
    }
}

impl PatchError {
    /// The stable code of the error.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NothingToPatch => "patch-no-files",
            Self::Syntax { .. } => "patch-format",
            Self::NoFile { .. } | Self::Hunk { .. } | Self::File { .. } => "patch-does-not-apply",
            Self::Cas(_) => "cas-error",
        }
    }

    /// What to do next, if there is anything.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NothingToPatch => Some("put the patch after the source that has the files"),
            Self::NoFile { .. } => {
                Some("check the key 'strip-level', and that the patch is for these sources")
            }
            Self::Hunk { .. } => Some("make the patch again for the sources as they are now"),
            _ => None,
        }
    }
}
