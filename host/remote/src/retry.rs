//! Trying again, and saying whose fault it was in the end.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use spec_cas::CasError;
use tonic::{Code, Status};

use crate::connect::whole;
use crate::error::RemoteError;
use crate::remote::Remote;

/// The pause before the second try; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why one try did not work out.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The server or the network said so.
    Status(Status),
    /// Nothing that another try could mend.
    Final(RemoteError),
}

impl From<Status> for Failed {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<RemoteError> for Failed {
    fn from(error: RemoteError) -> Self {
        Self::Final(error)
    }
}

impl From<CasError> for Failed {
    fn from(error: CasError) -> Self {
        Self::Final(error.into())
    }
}

impl Remote {
    /// Tries something until it works, it cannot work, or patience ends.
    pub(crate) async fn retry<T, F>(
        &self,
        action: &'static str,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, RemoteError>
    where
        F: Future<Output = Result<T, Failed>>,
    {
        let mut pause = FIRST_PAUSE;
        for left in (0..=self.options().retries).rev() {
            match attempt().await {
                Ok(done) => return Ok(done),
                Err(Failed::Final(error)) => return Err(error),
                Err(Failed::Status(status)) if left == 0 || !may_pass(status.code()) => {
                    return Err(self.blame(action, &status));
                }
                Err(Failed::Status(_)) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(self.broken(action, "it was never tried"))
    }

    /// An answer's status as an error that says whose fault it is.
    pub(crate) fn blame(&self, action: &'static str, status: &Status) -> RemoteError {
        let address = self.address();
        let why = format!("{} ({:?})", status.message(), status.code());
        match status.code() {
            // The transport's own errors carry their cause; a server's cannot.
            _ if status.source().is_some() => RemoteError::Unreachable { address, why: whole(status) },
            Code::Unauthenticated | Code::PermissionDenied => RemoteError::Denied { address, action, why },
            Code::Unimplemented => RemoteError::Unsupported { address, action, why },
            Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition | Code::NotFound => {
                RemoteError::Refused { address, action, why }
            }
            _ => RemoteError::Failed { address, action, why },
        }
    }
}

/// Whether a later try may work, as gRPC documents its codes. Unknown is what proxies make of broken connections.
fn may_pass(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::Aborted | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown
    )
}

/// Runs something that waits for the disk.
pub(crate) async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, CasError> + Send + 'static,
) -> Result<T, Failed> {
    match tokio::task::spawn_blocking(job).await {
        Ok(done) => Ok(done?),
        Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
        Err(_) => Err(Status::cancelled("the program is ending").into()),
    }
}
