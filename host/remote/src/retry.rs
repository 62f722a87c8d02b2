//! Retries after transient errors, and the error that the last attempt becomes.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use spec_cas::CasError;
use tonic::{Code, Status};

use crate::connect::with_causes;
use crate::error::RemoteError;
use crate::remote::Remote;

/// The pause before the second attempt; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Why one attempt failed.
#[derive(Debug)]
pub(crate) enum AttemptError {
    /// The status of the server or of the transport, which may be transient.
    Status(Status),
    /// An error that another attempt would not change.
    Final(RemoteError),
}

impl From<Status> for AttemptError {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<RemoteError> for AttemptError {
    fn from(error: RemoteError) -> Self {
        Self::Final(error)
    }
}

impl From<CasError> for AttemptError {
    fn from(error: CasError) -> Self {
        Self::Final(error.into())
    }
}

impl Remote {
    /// Repeats an attempt until it succeeds, fails with an error that is not transient, or the retries are used up.
    pub(crate) async fn retry<T, F>(
        &self,
        action: &'static str,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, RemoteError>
    where
        F: Future<Output = Result<T, AttemptError>>,
    {
        let mut pause = FIRST_PAUSE;
        for left in (0..=self.options().retries).rev() {
            match attempt().await {
                Ok(done) => return Ok(done),
                Err(AttemptError::Final(error)) => return Err(error),
                Err(AttemptError::Status(status)) if left == 0 || !is_transient(status.code()) => {
                    return Err(self.error_of_status(action, &status));
                }
                Err(AttemptError::Status(_)) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(MAX_PAUSE);
        }
        Err(self.protocol_error(action, "no attempt was made"))
    }

    /// The error that a status becomes, by whose fault it is.
    pub(crate) fn error_of_status(&self, action: &'static str, status: &Status) -> RemoteError {
        let address = self.address();
        let why = format!("{} ({:?})", status.message(), status.code());
        match status.code() {
            // Only errors of the transport have a source: a status that a server sent has none.
            _ if status.source().is_some() => RemoteError::Unreachable { address, why: with_causes(status) },
            Code::Unauthenticated | Code::PermissionDenied => RemoteError::Denied { address, action, why },
            Code::Unimplemented => RemoteError::Unsupported { address, action, why },
            Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition | Code::NotFound => {
                RemoteError::Refused { address, action, why }
            }
            _ => RemoteError::Failed { address, action, why },
        }
    }
}

/// Whether a later attempt may succeed, as gRPC documents its codes. Proxies report broken connections as `Unknown`.
fn is_transient(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::Aborted | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown
    )
}

/// Runs a job that may block, on a thread of the runtime for such jobs.
pub(crate) async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, CasError> + Send + 'static,
) -> Result<T, AttemptError> {
    match tokio::task::spawn_blocking(job).await {
        Ok(done) => Ok(done?),
        Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
        Err(_) => Err(Status::cancelled("the runtime is shutting down").into()),
    }
}
