//! Refusals as gRPC and `google.rpc` have them.

use bazel_remote_apis::google::{protobuf, rpc};
use prost::Message;
use spec_execution::MissingRight;
use spec_model::{Digest, DigestFunction};
use tonic::{Code, Status};

use crate::refusal::Refusal;
use crate::resource;

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

/// The type of violations of what a session's actions may have.
const BEYOND: &str = "BEYOND_SESSION_RIGHTS";

/// The type of violations of limits that settings raise.
const LIMIT: &str = "LIMIT";

/// The code that REAPI and gRPC document for such a refusal.
pub(crate) fn code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::Invalid(_) | Refusal::WrongOffset(_) => Code::InvalidArgument,
        Refusal::OutOfRange(_) => Code::OutOfRange,
        // A damaged blob is gone by now: to bring it again is what helps.
        Refusal::NotFound(_) | Refusal::Damaged(_) => Code::NotFound,
        Refusal::Missing(..) | Refusal::Unfit(_) | Refusal::Beyond(..) | Refusal::TooLarge(..) => {
            Code::FailedPrecondition
        }
        Refusal::TimedOut(_) => Code::DeadlineExceeded,
        Refusal::Cancelled(_) => Code::Cancelled,
        Refusal::Forbidden(_) => Code::PermissionDenied,
        Refusal::Aborted(_) => Code::Aborted,
        Refusal::Full(_) => Code::ResourceExhausted,
        Refusal::Busy(_) => Code::Unavailable,
        Refusal::Unsupported(_) => Code::Unimplemented,
        Refusal::Internal(_) => Code::Internal,
    }
}

/// As part of an answer.
pub(crate) fn to_rpc(refusal: &Refusal) -> rpc::Status {
    let details = match refusal {
        Refusal::Missing(function, digests) => {
            vec![failure(digests.iter().map(|one| missing(*function, one)))]
        }
        Refusal::Beyond(_, excesses) => vec![failure(excesses.iter().map(beyond))],
        Refusal::TooLarge(text, setting) => vec![failure(std::iter::once(limit(text, setting)))],
        _ => vec![],
    };
    rpc::Status { code: code(refusal) as i32, message: refusal.to_string(), details }
}

/// As part of an answer that says all is well.
pub(crate) fn ok() -> rpc::Status {
    rpc::Status { code: Code::Ok as i32, message: String::new(), details: vec![] }
}

/// REAPI: one violation of type `MISSING` per missing blob; its subject is the name to read it by.
fn missing(function: DigestFunction, digest: &Digest) -> Violation {
    let (kind, subject) = ("MISSING".to_owned(), resource::name(function, digest));
    Violation { kind, subject, description: String::new() }
}

/// One violation per property, or `timeout`, that goes beyond what is allowed.
fn beyond(excess: &MissingRight) -> Violation {
    let MissingRight { name, asked, has } = excess;
    let description = format!("the action asks for {asked}; its session has {has}");
    Violation { kind: BEYOND.to_owned(), subject: (*name).to_owned(), description }
}

/// A setting that keeps something small.
fn limit(text: &str, setting: &str) -> Violation {
    Violation { kind: LIMIT.to_owned(), subject: setting.to_owned(), description: text.to_owned() }
}

fn failure(violations: impl Iterator<Item = Violation>) -> protobuf::Any {
    let failure = PreconditionFailure { violations: violations.collect() };
    protobuf::Any { type_url: PRECONDITION_FAILURE.to_owned(), value: failure.encode_to_vec() }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        tracing::debug!(reason = refusal.reason(), "{refusal}");
        let status = to_rpc(&refusal);
        if status.details.is_empty() {
            return Self::new(code(&refusal), status.message);
        }
        let details = status.encode_to_vec();
        Self::with_details(code(&refusal), status.message, details.into())
    }
}
