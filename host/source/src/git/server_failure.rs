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

/// What an attempt came to: only failures of the connection are worth another one.
pub(crate) fn of_attempt<T>(answer: ServerResult<T>) -> Result<Result<T, GitError>, Failure> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(ServerFailure::Git(error)) => Ok(Err(error)),
        Err(ServerFailure::Connection(failure, _)) => Err(failure),
    }
}

/// What all attempts came to.
pub(crate) fn of_attempts<T>(outcome: Result<Result<T, GitError>, (Failure, u32)>) -> ServerResult<T> {
    match outcome {
        Ok(answer) => Ok(answer?),
        Err((failure, attempts)) => Err(ServerFailure::Connection(failure, attempts)),
    }
}

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
