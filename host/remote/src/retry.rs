//! Retries after transient errors, and the error that the last attempt becomes.

use std::error::Error as _;
use std::future::Future;
use std::time::{Duration, Instant};

use spec_cas::CasError;
use tonic::{Code, Status};

use crate::certificate::refused_certificate;
use crate::connect::{RetryLimits, root_cause};
use crate::error::RemoteError;
use crate::health::{Admission, CircuitBreaker};
use crate::remote::Remote;
use crate::statistics::StatisticsCounters;
use crate::status_details::{missing_blobs, retry_delay, with_details};

const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Why one attempt failed.
#[derive(Debug)]
pub(crate) enum AttemptError {
    /// The status of the server or of the transport, which may be transient.
    Status(Status),
    /// An error that another attempt would not change.
    Final(RemoteError),
    /// The server does not answer at all, and is not to be asked once more.
    Silent(Status),
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
    /// Repeats an attempt until it succeeds, fails with an error that is not transient, or the retries or the time are used
    /// up. Then the server counts as away, and nothing is asked of it for a while.
    pub(crate) async fn retry<T, F>(
        &self,
        action: &'static str,
        attempt: impl FnMut() -> F,
    ) -> Result<T, RemoteError>
    where
        F: Future<Output = Result<T, AttemptError>>,
    {
        self.retry_within(RetryLimits::of_question(self.options().request_timeout), action, attempt).await
    }

    /// As [`retry`](Self::retry), with other limits.
    pub(crate) async fn retry_within<T, F>(
        &self,
        limits: RetryLimits,
        action: &'static str,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, RemoteError>
    where
        F: Future<Output = Result<T, AttemptError>>,
    {
        let admission = match self.breaker(limits.part).wait_for_admission().await {
            Admission::None { why, .. } => return Err(RemoteError::Away { address: self.address(), why }),
            admission => admission,
        };
        let is_probe = admission == Admission::Probe;
        let given_up = ProbeGuard { breaker: self.breaker(limits.part), admission, open: is_probe };
        let attempts = self.attempts(limits, action, is_probe, &mut attempt).await;
        given_up.end(attempts)
    }

    async fn attempts<T, F>(
        &self,
        limits: RetryLimits,
        action: &'static str,
        is_probe: bool,
        attempt: &mut impl FnMut() -> F,
    ) -> Attempts<T>
    where
        F: Future<Output = Result<T, AttemptError>>,
    {
        let options = self.options();
        let (mut pause, start) = (options.retry_delay, Instant::now());
        let mut left = if is_probe { 0 } else { options.retries };
        let mut token_replaced = false;
        loop {
            let rest = limits.all.saturating_sub(start.elapsed());
            let limit = if left > 0 { limits.attempt.min(rest) } else { rest };
            let status = match tokio::time::timeout(limit, attempt()).await {
                Ok(Ok(done)) => return Attempts::Done(done),
                Ok(Err(AttemptError::Final(error))) => return Attempts::Answered(error),
                Ok(Err(AttemptError::Status(status))) => status,
                Ok(Err(AttemptError::Silent(status))) => {
                    StatisticsCounters::add(&self.counters().errors, 1);
                    return Attempts::Failed(self.error_of_status(action, &status));
                }
                Err(_) => Status::deadline_exceeded(format!("it did not answer within {:.0?}", limits.all)),
            };
            StatisticsCounters::add(&self.counters().errors, 1);
            if status.code() == Code::Unauthenticated && !token_replaced && self.token().replace() {
                token_replaced = true;
                continue;
            }
            if let error @ RemoteError::Certificate { .. } = self.error_of_status(action, &status) {
                return Attempts::Failed(error);
            }
            let is_full = status.code() == Code::ResourceExhausted;
            let is_of_transport = status.source().is_some();
            if !is_transient(status.code()) && !is_full && !is_of_transport {
                return Attempts::Answered(self.error_of_status(action, &status));
            }
            let told = retry_delay(&with_details(&status)).unwrap_or_default();
            let wait = pause.max(told);
            let is_late = start.elapsed() + wait >= limits.all;
            if left == 0 || is_late || (!is_probe && self.breaker(limits.part).is_away()) {
                let error = self.error_of_status(action, &status);
                // A server that has too much to do answers, and so is not away.
                return if is_full { Attempts::Answered(error) } else { Attempts::Failed(error) };
            }
            left -= 1;
            StatisticsCounters::add(&self.counters().retries, 1);
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// The error that a status becomes, by whose fault it is.
    pub(crate) fn error_of_status(&self, action: &'static str, status: &Status) -> RemoteError {
        let address = self.address();
        let why = format!("{} ({:?})", status.message(), status.code());
        match status.code() {
            // Only errors of the transport have a source: a status that a server sent has none.
            _ if let Some(why) = refused_certificate(status) => RemoteError::Certificate { address, why },
            _ if has_timed_out(status) => {
                RemoteError::Failed { address, action, why: "it did not answer in time".to_owned() }
            }
            _ if status.source().is_some() => RemoteError::Unreachable { address, why: root_cause(status) },
            Code::Unauthenticated | Code::PermissionDenied => RemoteError::Denied { address, action, why },
            Code::Unimplemented => RemoteError::Unsupported { address, action, why },
            Code::FailedPrecondition if let missing @ [_, ..] = &missing_blobs(&with_details(status))[..] => {
                RemoteError::Lacks { address, action, missing: missing.to_vec() }
            }
            Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition | Code::NotFound => {
                RemoteError::Refused { address, action, why }
            }
            Code::ResourceExhausted => {
                RemoteError::Full { address, action, why: status.message().to_owned() }
            }
            _ => RemoteError::Failed { address, action, why },
        }
    }
}

/// Whether a request was ended at its own deadline.
fn has_timed_out(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<tonic::TimeoutExpired>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What the attempts of an operation came to.
enum Attempts<T> {
    Done(T),
    /// The server answered with an error, or what failed is on this machine.
    Answered(RemoteError),
    /// The server did not answer, or only with errors that may pass.
    Failed(RemoteError),
}

/// Lets somebody else ask whether a server is back when the one who asks is given up.
struct ProbeGuard<'a> {
    breaker: &'a CircuitBreaker,
    admission: Admission,
    open: bool,
}

impl ProbeGuard<'_> {
    fn end<T>(mut self, attempts: Attempts<T>) -> Result<T, RemoteError> {
        self.open = false;
        let breaker = self.breaker;
        match attempts {
            Attempts::Done(done) => {
                breaker.answered();
                Ok(done)
            }
            Attempts::Answered(error @ RemoteError::Local(_)) => {
                self.open = self.admission == Admission::Probe;
                Err(error)
            }
            Attempts::Answered(error) => {
                breaker.answered();
                Err(error)
            }
            Attempts::Failed(error) => {
                breaker.failed(&self.admission, &error.to_string(), Instant::now());
                Err(error)
            }
        }
    }
}

impl Drop for ProbeGuard<'_> {
    fn drop(&mut self) {
        if self.open {
            self.breaker.probe_given_up();
        }
    }
}

/// Whether a later attempt may succeed, as gRPC documents its codes. Proxies report broken connections as `Unknown`.
pub(crate) fn is_transient(code: Code) -> bool {
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
