//! What a server says beside the code and the text of a status: which blobs it lacks, and when to come again.

use std::time::Duration;

use bazel_remote_apis::google::rpc;
use spec_action::wire;
use spec_model::Digest;
use spec_proto::{Message, well_known};
use tonic::{Code, Status};

/// `google.rpc.PreconditionFailure`, which the crate of REAPI's types does not have.
#[derive(Clone, PartialEq, Message)]
struct PreconditionFailure {
    #[prost(message, repeated, tag = "1")]
    violations: Vec<Violation>,
}

/// `google.rpc.PreconditionFailure.Violation`
#[derive(Clone, PartialEq, Message)]
struct Violation {
    /// `type`: what kind of condition.
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "2")]
    subject: String,
    #[prost(string, tag = "3")]
    description: String,
}

/// `google.rpc.RetryInfo`
#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<well_known::Duration>,
}

/// The blobs that a status names as missing; none if it is about something else.
pub(crate) fn missing_blobs(status: &rpc::Status) -> Vec<Digest> {
    let failures = status.details.iter().filter(|any| any.type_url.ends_with("PreconditionFailure"));
    let violations = failures
        .filter_map(|any| PreconditionFailure::decode(&any.value[..]).ok())
        .flat_map(|failure| failure.violations);
    violations
        .filter(|violation| violation.kind == "MISSING")
        .filter_map(|violation| blob_of(&violation.subject))
        .collect()
}

/// After what time a status says that the request may be sent again.
pub(crate) fn retry_delay(status: &rpc::Status) -> Option<Duration> {
    let mut told = status.details.iter().filter(|any| any.type_url.ends_with("RetryInfo"));
    let delay = RetryInfo::decode(&told.next()?.value[..]).ok()?.retry_delay?;
    wire::duration("retry_delay", &delay).ok()
}

/// The digest in `blobs/[FUNCTION/]HASH/SIZE`.
fn blob_of(subject: &str) -> Option<Digest> {
    let mut parts = subject.rsplit('/');
    let (size, hash) = (parts.next()?, parts.next()?);
    Digest::from_hex(hash, size.parse().ok()?).ok()
}

/// The status with its details, as gRPC sends them beside it.
pub(crate) fn with_details(status: &Status) -> rpc::Status {
    let decoded = rpc::Status::decode(status.details()).ok();
    let details = decoded.map(|decoded| decoded.details).unwrap_or_default();
    rpc::Status { code: status.code() as i32, message: status.message().to_owned(), details }
}

/// A status that is part of an answer as one that gRPC sends, with its details.
pub(crate) fn status_in_answer(status: rpc::Status) -> Status {
    let details = status.encode_to_vec();
    Status::with_details(Code::from(status.code), status.message, details.into())
}
