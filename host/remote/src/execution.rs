//! Executing an action on a server.

use std::collections::HashMap;
use std::time::Duration;

use bazel_remote_apis::google::longrunning::{Operation, operation};
use bazel_remote_apis::google::rpc;
use spec_action::wire;
use spec_model::{ActionResult, Digest};
use spec_proto::{Message, reapi};
use tonic::Code;

use crate::error::RemoteError;
use crate::execute_request::{ActionToExecute, EXECUTE, Ended};
use crate::execution_attempt::{ExecutionAttempt, Urgency};
use crate::remote::Remote;
use crate::retry::is_transient;
use crate::status_details::{missing_blobs, retry_delay};

/// The longest time that a server may ask to wait before it is asked again; one that wants more has no room.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What a server answered to a request to execute.
#[derive(Clone, Debug, PartialEq)]
pub enum ExecutionAnswer {
    /// The action has a result.
    Done(Box<RemoteResult>),
    /// The server lacks these blobs, or some that it does not name.
    Missing(Vec<Digest>),
    /// The server has no room for it at present.
    Busy(String),
    /// The server will not execute it, now or later: for example, no worker is what the action asks for.
    Refused(String),
    /// The server calls the action invalid.
    Invalid(String),
    /// The action took longer than it may.
    TimedOut {
        /// What there was of a result by then.
        result: Option<Box<ActionResult>>,
        /// What the server wrote down of it.
        logs: Vec<ServerLog>,
    },
    /// Nobody wanted the result any more.
    Cancelled,
}

/// The result of an action that a server executed, or had in its action cache.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteResult {
    /// The result. Its digests were not checked.
    pub result: ActionResult,
    /// Whether it came from the server's action cache.
    pub cached: bool,
    /// What the server tells a person of it.
    pub message: Option<String>,
    /// What the server wrote down of it.
    pub logs: Vec<ServerLog>,
}

/// A log for people that a server wrote of an execution: an entry of REAPI's `server_logs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerLog {
    /// Its name.
    pub name: String,
    /// Its contents, which the server's storage has.
    pub digest: Digest,
}

impl Remote {
    /// Executes an action and waits for its result, however long it takes: a stream that breaks, or says nothing for a while,
    /// is asked for again. Once `requested` is over, somebody waits for the result: an action of a lower priority that waits for
    /// a worker is then asked for once more with the usual priority. Once `cancelled` is over, the server is told that the
    /// result is not wanted any more; so it is when the future is dropped.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, keeps failing, says nothing for too long, or answers with something malformed
    /// or with the result of another action.
    pub async fn execute(
        &self,
        action: &ActionToExecute,
        requested: impl Future<Output = ()>,
        cancelled: impl Future<Output = ()>,
    ) -> Result<ExecutionAnswer, RemoteError> {
        let mut cancelled = std::pin::pin!(cancelled);
        let mut requested = std::pin::pin!(requested);
        let mut urgency = Urgency::new(action.priority, requested.as_mut());
        let (mut left, mut pause) = (self.options().retries, self.options().retry_delay);
        loop {
            let priority = urgency.watch();
            let attempt = ExecutionAttempt::new(self, action, *priority.borrow());
            let ended = tokio::select! {
                // Boxed, so that what callers move from stack to stack is small.
                ended = Box::pin(attempt.follow(&mut urgency)) => ended?,
                () = attempt.waits_too_long(priority, action.longest_wait) => {
                    Box::pin(attempt.cancel()).await;
                    let waited = action.longest_wait.unwrap_or_default();
                    return Ok(ExecutionAnswer::Busy(format!("no worker was free for {waited:.0?}")));
                }
                () = &mut cancelled => {
                    Box::pin(attempt.cancel()).await;
                    return Ok(ExecutionAnswer::Cancelled);
                }
            };
            let answer = match ended {
                Ended::Operation(operation) => self.answer(action, *operation)?,
                Ended::Status(status) => Answered::of_status(&status),
            };
            match answer {
                Answered::Answer(answer) => return Ok(answer),
                Answered::Again { why, is_full: true, .. } if left == 0 => {
                    return Ok(ExecutionAnswer::Busy(why));
                }
                Answered::Again { why, .. } if left == 0 => {
                    return Err(RemoteError::Failed { address: self.address(), action: EXECUTE, why });
                }
                Answered::Again { after, .. } => {
                    left -= 1;
                    tokio::select! {
                        () = tokio::time::sleep(pause.max(after)) => {}
                        () = &mut cancelled => return Ok(ExecutionAnswer::Cancelled),
                    }
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
            }
        }
    }

    fn answer(&self, action: &ActionToExecute, operation: Operation) -> Result<Answered, RemoteError> {
        self.check_action(action, &operation)?;
        let any = match operation.result {
            Some(operation::Result::Error(status)) => return Ok(Answered::of_status(&status)),
            Some(operation::Result::Response(any)) => any,
            None => return Err(self.protocol_error(EXECUTE, "the operation is done and has no result")),
        };
        let response = reapi::ExecuteResponse::decode(&any.value[..]);
        let response = response.map_err(|error| self.protocol_error(EXECUTE, error.to_string()))?;
        let convert = |result| wire::action_result(result).map_err(|why| self.protocol_error(EXECUTE, why));
        let result = response.result.map(convert).transpose()?;
        let status = response.status.unwrap_or_default();
        match (status.code, result) {
            (0, Some(mut result)) => {
                let subactions = wire::subactions_of_response(&any.value);
                result.subactions = subactions.map_err(|why| self.protocol_error(EXECUTE, why))?;
                let message = Some(response.message).filter(|message| !message.is_empty());
                self.counters().count_execution(response.cached_result);
                let (cached, logs) = (response.cached_result, logs(response.server_logs));
                let done = RemoteResult { result, cached, message, logs };
                Ok(Answered::Answer(ExecutionAnswer::Done(Box::new(done))))
            }
            (0, None) => Err(self.protocol_error(EXECUTE, "the answer has no result")),
            (code, result) if code == Code::DeadlineExceeded as i32 => {
                let (result, logs) = (result.map(Box::new), logs(response.server_logs));
                Ok(Answered::Answer(ExecutionAnswer::TimedOut { result, logs }))
            }
            _ => Ok(Answered::of_status(&status)),
        }
    }

    /// The operation has to be about the action that was asked for, if it says what it is about.
    fn check_action(&self, action: &ActionToExecute, operation: &Operation) -> Result<(), RemoteError> {
        let Some(any) = &operation.metadata else { return Ok(()) };
        let metadata = reapi::ExecuteOperationMetadata::decode(&any.value[..]).unwrap_or_default();
        let Some(digest) = metadata.action_digest.filter(|digest| !digest.hash.is_empty()) else {
            return Ok(());
        };
        match wire::digest("action_digest", Some(digest)) {
            Ok(digest) if digest == action.action => Ok(()),
            Ok(other) => Err(self.protocol_error(EXECUTE, format!("it answers about the action {other}"))),
            Err(why) => Err(self.protocol_error(EXECUTE, why)),
        }
    }
}

/// What an answer means.
enum Answered {
    Answer(ExecutionAnswer),
    /// Another attempt may come to something else.
    Again {
        why: String,
        /// What the server says how long to wait before, at least.
        after: Duration,
        /// Whether it has no room at present.
        is_full: bool,
    },
}

impl Answered {
    /// Tells what will never work from what is worth another attempt.
    fn of_status(status: &rpc::Status) -> Self {
        let (code, text) = (Code::from(status.code), status.message.clone());
        let answer = match code {
            Code::FailedPrecondition | Code::NotFound if !missing_blobs(status).is_empty() => {
                ExecutionAnswer::Missing(missing_blobs(status))
            }
            Code::ResourceExhausted => match retry_delay(status).filter(|after| *after <= LONGEST_PAUSE) {
                Some(after) => return Self::Again { why: text, after, is_full: true },
                None => ExecutionAnswer::Busy(text),
            },
            Code::InvalidArgument => ExecutionAnswer::Invalid(text),
            // Some servers do not say what they lack.
            Code::NotFound => ExecutionAnswer::Missing(Vec::new()),
            Code::FailedPrecondition | Code::Unimplemented | Code::PermissionDenied | Code::OutOfRange => {
                ExecutionAnswer::Refused(text)
            }
            _ if is_transient(code) || code == Code::Internal => {
                let after = retry_delay(status).unwrap_or_default().min(LONGEST_PAUSE);
                return Self::Again { why: format!("{text} ({code:?})"), after, is_full: false };
            }
            _ => ExecutionAnswer::Refused(format!("{text} ({code:?})")),
        };
        Self::Answer(answer)
    }
}

/// The logs for people, in the order of their names.
fn logs(all: HashMap<String, reapi::LogFile>) -> Vec<ServerLog> {
    let readable = all.into_iter().filter(|(_, log)| log.human_readable);
    let mut logs: Vec<ServerLog> = readable
        .filter_map(|(name, log)| Some(ServerLog { name, digest: wire::digest("log", log.digest).ok()? }))
        .collect();
    logs.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    logs
}
