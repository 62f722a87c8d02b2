//! Operations as `google.longrunning` has them.

use std::sync::Arc;

use bazel_remote_apis::google::{longrunning, protobuf};
use prost::Message;
use spec_action::wire::{action_result_to_proto, add_subactions, digest_to_proto};
use spec_execution::{ActionAnswer, ActionError};
use spec_model::{ActionResult, Answered};
use spec_proto::reapi;

use crate::context::Context;
use crate::course::Stage;
use crate::operations::Operation;
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::{results, status};

const METADATA: &str = "type.googleapis.com/build.bazel.remote.execution.v2.ExecuteOperationMetadata";
const RESPONSE: &str = "type.googleapis.com/build.bazel.remote.execution.v2.ExecuteResponse";

/// What a client is told of an operation at a stage.
pub(crate) async fn tell(
    context: &Context,
    operation: &Arc<Operation>,
    stage: Stage,
) -> Result<longrunning::Operation, Refusal> {
    let mut metadata = reapi::ExecuteOperationMetadata {
        stage: number(&stage) as i32,
        partial_execution_metadata: Some(reapi::ExecutedActionMetadata {
            queued_timestamp: Some(operation.asked),
            ..Default::default()
        }),
        action_digest: Some(digest_to_proto(&operation.action)),
        digest_function: operation.realm.value() as i32,
        ..Default::default()
    };
    let result = match stage {
        Stage::Completed(answer) => {
            let operation = Arc::clone(operation);
            let is_logged = report(&answer).is_some();
            let wants_nothing = operation.inline.is_empty() && !is_logged;
            let finish = move || {
                let executed = answer.as_ref().ok().map(Arc::clone);
                let mut response = response(&operation.realm, answer);
                if let Some(result) = &mut response.result {
                    // What cannot be inline has its digest.
                    let _ = results::inline(&operation.realm.cas, result, &operation.inline);
                }
                let known = response.result.as_ref().and_then(|result| result.execution_metadata.clone());
                let mut response = any(RESPONSE, &response);
                if let Some(done) = executed {
                    add_subactions(&mut response.value, &done.result);
                }
                (response, known)
            };
            let (response, known) = match wants_nothing {
                true => finish(),
                false => context.blocking.run(finish).await?,
            };
            // An error may leave no result that tells more.
            metadata.partial_execution_metadata = known.or(metadata.partial_execution_metadata);
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

fn number(stage: &Stage) -> reapi::execution_stage::Value {
    use reapi::execution_stage::Value;
    match stage {
        Stage::CacheCheck => Value::CacheCheck,
        Stage::Queued => Value::Queued,
        Stage::Executing => Value::Executing,
        Stage::Completed(_) => Value::Completed,
    }
}

fn response(realm: &Realm, answer: ActionAnswer) -> reapi::ExecuteResponse {
    let server_logs = report(&answer).and_then(|report| log(realm, report)).into_iter().collect();
    match answer {
        Ok(done) => reapi::ExecuteResponse {
            result: Some(action_result_to_proto(&done.result)),
            cached_result: done.answered == Answered::CacheHit,
            status: Some(status::ok()),
            server_logs,
            ..Default::default()
        },
        Err(error) => {
            let result = partial(&error).map(action_result_to_proto);
            let message = error.to_string();
            let status = Some(status::to_rpc(&realm.refusal(error)));
            reapi::ExecuteResponse { result, status, server_logs, message, ..Default::default() }
        }
    }
}

/// What the machine tells of how the command ended.
fn report(answer: &ActionAnswer) -> Option<&str> {
    match answer {
        Ok(done) => done.report.as_deref(),
        Err(ActionError::TimedOut { executed, .. }) => executed.report.as_deref(),
        Err(_) => None,
    }
}

/// A log of the server by its name. What cannot be stored is not told.
fn log(realm: &Realm, report: &str) -> Option<(String, reapi::LogFile)> {
    let digest = realm.cas.put_bytes(report.as_bytes()).ok()?;
    let log = reapi::LogFile { digest: Some(digest_to_proto(&digest)), human_readable: true };
    Some(("sandbox".to_owned(), log))
}

/// What there is of a result although there was an error.
fn partial(error: &ActionError) -> Option<&ActionResult> {
    match error {
        ActionError::TimedOut { executed, .. } => Some(&executed.result),
        _ => None,
    }
}

fn any(type_url: &str, message: &impl Message) -> protobuf::Any {
    protobuf::Any { type_url: type_url.to_owned(), value: message.encode_to_vec() }
}
