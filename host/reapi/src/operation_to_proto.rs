//! From operations to messages of `google.longrunning`.

use std::sync::Arc;

use bazel_remote_apis::google::{longrunning, protobuf};
use prost::Message;
use spec_action::wire::{action_result_to_proto, add_subactions, digest_to_proto};
use spec_execution::{ActionAnswer, ActionError};
use spec_model::{ActionResult, AnswerSource};
use spec_proto::reapi;

use crate::digest_backend::DigestBackend;
use crate::operation_state::ExecutionStage;
use crate::operations::Operation;
use crate::request_error::RequestError;
use crate::service_context::ServiceContext;
use crate::{inline_contents, status};

const METADATA: &str = "type.googleapis.com/build.bazel.remote.execution.v2.ExecuteOperationMetadata";
const RESPONSE: &str = "type.googleapis.com/build.bazel.remote.execution.v2.ExecuteResponse";

/// The message about an operation at a stage.
pub(crate) async fn operation_at(
    context: &ServiceContext,
    operation: &Arc<Operation>,
    stage: ExecutionStage,
) -> Result<longrunning::Operation, RequestError> {
    let mut metadata = reapi::ExecuteOperationMetadata {
        stage: stage_to_proto(&stage) as i32,
        partial_execution_metadata: Some(reapi::ExecutedActionMetadata {
            queued_timestamp: Some(operation.requested_at),
            ..Default::default()
        }),
        action_digest: Some(digest_to_proto(&operation.action)),
        digest_function: operation.backend.wire_function() as i32,
        ..Default::default()
    };
    let result = match stage {
        ExecutionStage::Completed(answer) => {
            let operation = Arc::clone(operation);
            let has_report = report(&answer).is_some();
            let needs_store = !operation.inline.is_empty() || has_report;
            let finish = move || {
                let executed = answer.as_ref().ok().map(Arc::clone);
                let mut response = response(&operation.backend, answer);
                if let Some(result) = &mut response.result {
                    // Contents that cannot be inlined still have their digests.
                    let _ = inline_contents::inline(&operation.backend.cas, result, &operation.inline);
                }
                let executed_metadata =
                    response.result.as_ref().and_then(|result| result.execution_metadata.clone());
                let mut response = any(RESPONSE, &response);
                if let Some(done) = executed {
                    add_subactions(&mut response.value, &done.result);
                }
                (response, executed_metadata)
            };
            let (response, executed_metadata) = match needs_store {
                true => context.blocking.run(finish).await?,
                false => finish(),
            };
            // An error may have no result with metadata.
            metadata.partial_execution_metadata = executed_metadata.or(metadata.partial_execution_metadata);
            Some(longrunning::operation::Result::Response(response))
        }
        _ => None,
    };
    Ok(longrunning::Operation {
        name: operation.name.clone(),
        metadata: Some(any(METADATA, &metadata)),
        done: result.is_some(),
        result,
    })
}

fn stage_to_proto(stage: &ExecutionStage) -> reapi::execution_stage::Value {
    use reapi::execution_stage::Value;
    match stage {
        ExecutionStage::CacheCheck => Value::CacheCheck,
        ExecutionStage::Queued => Value::Queued,
        ExecutionStage::Executing => Value::Executing,
        ExecutionStage::Completed(_) => Value::Completed,
    }
}

fn response(backend: &DigestBackend, answer: ActionAnswer) -> reapi::ExecuteResponse {
    let server_logs = report(&answer).and_then(|report| server_log(backend, report)).into_iter().collect();
    match answer {
        Ok(done) => reapi::ExecuteResponse {
            result: Some(action_result_to_proto(&done.result)),
            cached_result: done.answered == AnswerSource::CacheHit,
            status: Some(status::ok()),
            server_logs,
            ..Default::default()
        },
        Err(error) => {
            let result = partial_result(&error).map(action_result_to_proto);
            let message = error.to_string();
            let status = Some(status::to_rpc(&backend.request_error(error)));
            reapi::ExecuteResponse { result, status, server_logs, message, ..Default::default() }
        }
    }
}

/// The sandbox's report of how the command ended.
fn report(answer: &ActionAnswer) -> Option<&str> {
    match answer {
        Ok(done) => done.report.as_deref(),
        Err(ActionError::TimedOut { executed, .. }) => executed.report.as_deref(),
        Err(_) => None,
    }
}

/// The name and the digest of a log with the report; `None` when it cannot be stored.
fn server_log(backend: &DigestBackend, report: &str) -> Option<(String, reapi::LogFile)> {
    let digest = backend.cas.put_bytes(report.as_bytes()).ok()?;
    let log = reapi::LogFile { digest: Some(digest_to_proto(&digest)), human_readable: true };
    Some(("sandbox".to_owned(), log))
}

/// The result of an action that failed with an error, if it has one.
fn partial_result(error: &ActionError) -> Option<&ActionResult> {
    match error {
        ActionError::TimedOut { executed, .. } => Some(&executed.result),
        _ => None,
    }
}

fn any(type_url: &str, message: &impl Message) -> protobuf::Any {
    protobuf::Any { type_url: type_url.to_owned(), value: message.encode_to_vec() }
}
