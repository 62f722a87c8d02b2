//! Why a server of repositories is of no use.

use crate::download::Failure;
use crate::git_error::GitError;

/// Why a server is of no use.
#[derive(Debug)]
pub(crate) enum ServerFailure {
    /// What another attempt does not change.
    Git(GitError),
    /// A failure of the connection, and the number of attempts.
    Connection(Failure, u32),
}

/// What a server answers.
pub(crate) type ServerResult<T> = Result<T, ServerFailure>;

impl From<GitError> for ServerFailure {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

impl From<Failure> for ServerFailure {
    fn from(failure: Failure) -> Self {
        Self::Connection(failure, 1)
    }
}
