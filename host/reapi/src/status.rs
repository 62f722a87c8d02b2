//! From errors of requests to statuses of gRPC and `google.rpc`.

use bazel_remote_apis::google::{protobuf, rpc};
use prost::Message;
use spec_execution::MissingRight;
use spec_model::{Digest, DigestFunction};
use tonic::{Code, Status};

use crate::request_error::RequestError;
use crate::resource_name;

/// `google.rpc.PreconditionFailure`, which the crate of REAPI's types does not have.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PreconditionFailure {
    #[prost(message, repeated, tag = "1")]
    pub(crate) violations: Vec<Violation>,
}

/// `google.rpc.PreconditionFailure.Violation`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Violation {
    /// `type`: what kind of condition.
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) subject: String,
    #[prost(string, tag = "3")]
    pub(crate) description: String,
}

/// The type of a [`PreconditionFailure`] in an `Any`.
pub(crate) const PRECONDITION_FAILURE: &str = "type.googleapis.com/google.rpc.PreconditionFailure";

/// The type of violations of a session's rights.
const BEYOND: &str = "BEYOND_SESSION_RIGHTS";

/// The type of violations of limits that settings raise.
const LIMIT: &str = "LIMIT";

/// The code that REAPI and gRPC document for the error.
pub(crate) fn code(error: &RequestError) -> Code {
    match error {
        RequestError::Invalid(_) | RequestError::WrongOffset(_) => Code::InvalidArgument,
        RequestError::OutOfRange(_) => Code::OutOfRange,
        // A damaged blob was moved to quarantine: the client should upload it again.
        RequestError::NotFound(_) | RequestError::Damaged(_) => Code::NotFound,
        RequestError::Missing(..)
        | RequestError::Unfit(_)
        | RequestError::MissingRights(..)
        | RequestError::TooLarge(..) => Code::FailedPrecondition,
        RequestError::TimedOut(_) => Code::DeadlineExceeded,
        RequestError::Cancelled(_) => Code::Cancelled,
        RequestError::Forbidden(_) => Code::PermissionDenied,
        RequestError::Aborted(_) => Code::Aborted,
        RequestError::Full(_) => Code::ResourceExhausted,
        RequestError::Busy(_) => Code::Unavailable,
        RequestError::Unsupported(_) => Code::Unimplemented,
        RequestError::Internal(..) => Code::Internal,
    }
}

/// The status of one part of an answer. gRPC has one text for it: the message, and what to do next.
pub(crate) fn to_rpc(error: &RequestError) -> rpc::Status {
    let details = match error {
        RequestError::Missing(function, digests) => {
            vec![precondition_failure(digests.iter().map(|one| missing_violation(*function, one)))]
        }
        RequestError::MissingRights(_, excesses) => {
            vec![precondition_failure(excesses.iter().map(rights_violation))]
        }
        RequestError::TooLarge(text, setting) => {
            vec![precondition_failure(std::iter::once(limit_violation(text, setting)))]
        }
        _ => vec![],
    };
    let message = match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    };
    rpc::Status { code: code(error) as i32, message, details }
}

/// The status OK of one part of an answer.
pub(crate) fn ok() -> rpc::Status {
    rpc::Status { code: Code::Ok as i32, message: String::new(), details: vec![] }
}

/// REAPI: one violation of type `MISSING` per missing blob; its subject is the name to read it by.
fn missing_violation(function: DigestFunction, digest: &Digest) -> Violation {
    let (kind, subject) = ("MISSING".to_owned(), resource_name::blob_name(function, digest));
    Violation { kind, subject, description: String::new() }
}

/// One violation per property, or `timeout`, that goes beyond what is allowed.
fn rights_violation(excess: &MissingRight) -> Violation {
    let MissingRight { name, asked, has } = excess;
    let description = format!("the action asks for {asked}; its session has {has}");
    Violation { kind: BEYOND.to_owned(), subject: (*name).to_owned(), description }
}

/// A violation of a limit that a setting raises.
fn limit_violation(text: &str, setting: &str) -> Violation {
    Violation { kind: LIMIT.to_owned(), subject: setting.to_owned(), description: text.to_owned() }
}

fn precondition_failure(violations: impl Iterator<Item = Violation>) -> protobuf::Any {
    let failure = PreconditionFailure { violations: violations.collect() };
    protobuf::Any { type_url: PRECONDITION_FAILURE.to_owned(), value: failure.encode_to_vec() }
}

impl From<RequestError> for Status {
    fn from(error: RequestError) -> Self {
        tracing::debug!(reason = error.reason(), hint = error.hint(), "{error}");
        let status = to_rpc(&error);
        if status.details.is_empty() {
            return Self::new(code(&error), status.message);
        }
        let details = status.encode_to_vec();
        Self::with_details(code(&error), status.message, details.into())
    }
}

#[cfg(test)]
mod tests;
