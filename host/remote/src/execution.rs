//! Executing an action on a server.

use std::time::Duration;

use bazel_remote_apis::google::longrunning::{Operation, operation};
use bazel_remote_apis::google::rpc;
use spec_action::wire;
use spec_model::{ActionResult, Digest};
use spec_proto::{Message, reapi};
use tonic::Code;

use crate::error::RemoteError;
use crate::execute_request::{ActionToExecute, EXECUTE, Ended};
use crate::operation::ExecutionStream;
use crate::precondition::missing_blobs;
use crate::remote::Remote;
use crate::retry::is_transient;

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
    /// The action took longer than it may; with what there was of a result by then.
    TimedOut(Option<Box<ActionResult>>),
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
}

impl Remote {
    /// Executes an action and waits for its result, however long it takes: a stream that breaks, or says nothing for a while,
    /// is asked for again. Once `cancelled` is over, the server is told that the result is not wanted any more; so it is when
    /// the future is dropped.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, keeps failing, or answers with something malformed or with the result of
    /// another action.
    pub async fn execute(
        &self,
        action: &ActionToExecute,
        cancelled: impl Future<Output = ()>,
    ) -> Result<ExecutionAnswer, RemoteError> {
        let mut cancelled = std::pin::pin!(cancelled);
        let (mut left, mut pause) = (self.options().retries, self.options().retry_delay);
        loop {
            let mut stream = ExecutionStream::new(self, action);
            let ended = tokio::select! {
                ended = stream.follow() => ended?,
                () = &mut cancelled => {
                    stream.cancel().await;
                    return Ok(ExecutionAnswer::Cancelled);
                }
            };
            let answer = match ended {
                Ended::Operation(operation) => self.answer(action, *operation)?,
                Ended::Status(status) => Answered::of_status(&status),
            };
            match answer {
                Answered::Answer(answer) => return Ok(answer),
                Answered::Again(why) if left == 0 => {
                    return Err(RemoteError::Failed { address: self.address(), action: EXECUTE, why });
                }
                Answered::Again(_) => {
                    left -= 1;
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
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
                let done = RemoteResult { result, cached: response.cached_result, message };
                Ok(Answered::Answer(ExecutionAnswer::Done(Box::new(done))))
            }
            (0, None) => Err(self.protocol_error(EXECUTE, "the answer has no result")),
            (code, result) if code == Code::DeadlineExceeded as i32 => {
                Ok(Answered::Answer(ExecutionAnswer::TimedOut(result.map(Box::new))))
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
    /// Another attempt may come to something else; with the reason.
    Again(String),
}

impl Answered {
    /// Tells what will never work from what is worth another attempt.
    fn of_status(status: &rpc::Status) -> Self {
        let (code, text) = (Code::from(status.code), status.message.clone());
        let answer = match code {
            Code::FailedPrecondition | Code::NotFound if !missing_blobs(status).is_empty() => {
                ExecutionAnswer::Missing(missing_blobs(status))
            }
            Code::ResourceExhausted => ExecutionAnswer::Busy(text),
            Code::InvalidArgument => ExecutionAnswer::Invalid(text),
            // Some servers do not say what they lack.
            Code::NotFound => ExecutionAnswer::Missing(Vec::new()),
            Code::FailedPrecondition | Code::Unimplemented | Code::PermissionDenied | Code::OutOfRange => {
                ExecutionAnswer::Refused(text)
            }
            _ if is_transient(code) || code == Code::Internal => {
                return Self::Again(format!("{text} ({code:?})"));
            }
            _ => ExecutionAnswer::Refused(format!("{text} ({code:?})")),
        };
        Self::Answer(answer)
    }
}
