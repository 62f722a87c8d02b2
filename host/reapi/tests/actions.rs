//! ActionCache, Execution and Operations as clients see them.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use bazel_remote_apis::google::longrunning::{self, operation};
use bazel_remote_apis::google::rpc;
use common::{Fixture, noise, wire};
use spec_model::Digest;
use spec_proto::{Message, reapi};
use spec_reapi::Options;
use tonic::{Code, Status, Streaming};

fn execute(action: &Digest) -> reapi::ExecuteRequest {
    reapi::ExecuteRequest { action_digest: Some(wire(action)), ..Default::default() }
}

fn get(action: &Digest) -> reapi::GetActionResultRequest {
    reapi::GetActionResultRequest { action_digest: Some(wire(action)), ..Default::default() }
}

fn put(action: &Digest, result: reapi::ActionResult) -> reapi::UpdateActionResultRequest {
    let (action_digest, action_result) = (Some(wire(action)), Some(result));
    reapi::UpdateActionResultRequest { action_digest, action_result, ..Default::default() }
}

fn response(operation: &longrunning::Operation) -> reapi::ExecuteResponse {
    assert!(operation.done);
    match operation.result.as_ref().unwrap() {
        operation::Result::Response(any) => reapi::ExecuteResponse::decode(&any.value[..]).unwrap(),
        operation::Result::Error(status) => panic!("{status:?}"),
    }
}

fn metadata(operation: &longrunning::Operation) -> reapi::ExecuteOperationMetadata {
    let metadata = &operation.metadata.as_ref().unwrap().value[..];
    reapi::ExecuteOperationMetadata::decode(metadata).unwrap()
}

fn stage(operation: &longrunning::Operation) -> i32 {
    metadata(operation).stage
}

async fn to_the_end(mut stream: Streaming<longrunning::Operation>) -> Vec<longrunning::Operation> {
    let mut told = vec![];
    while let Some(operation) = stream.message().await.unwrap() {
        told.push(operation);
    }
    told
}

async fn run(fixture: &Fixture, request: reapi::ExecuteRequest) -> Result<reapi::ExecuteResponse, Status> {
    let told = to_the_end(fixture.execution().execute(request).await?.into_inner()).await;
    assert!(told.iter().map(stage).is_sorted(), "stages only go up");
    assert!(told.iter().all(|operation| metadata(operation).partial_execution_metadata.is_some()));
    assert!(told.iter().all(|operation| operation.name == told[0].name));
    Ok(response(told.last().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_run_once_and_then_cached() {
    let fixture = Fixture::new().await;
    let action = fixture.action("true");
    assert_eq!(fixture.results().get_action_result(get(&action)).await.unwrap_err().code(), Code::NotFound);
    for cached in [false, true] {
        let answer = run(&fixture, execute(&action)).await.unwrap();
        assert_eq!((answer.cached_result, answer.status.unwrap().code), (cached, 0));
        assert!(answer.server_logs.is_empty());
    }
    let again = reapi::ExecuteRequest { skip_cache_lookup: true, ..execute(&action) };
    assert!(!run(&fixture, again).await.unwrap().cached_result);
    fixture.results().get_action_result(get(&action)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_action_is_returned_and_not_cached() {
    let fixture = Fixture::new().await;
    let action = fixture.action("false");
    for _ in 0..2 {
        let answer = run(&fixture, execute(&action)).await.unwrap();
        assert_eq!((answer.cached_result, answer.result.unwrap().exit_code), (false, 1));
        let log = &answer.server_logs["sandbox"];
        assert!(log.human_readable);
        assert_eq!(log.digest, Some(wire(&Digest::of(b"it failed"))));
        assert_eq!(fixture.cas.get(&Digest::of(b"it failed")).unwrap(), b"it failed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_an_execution_are_in_its_answer() {
    let fixture = Fixture::new().await;
    let late = run(&fixture, execute(&fixture.action("late"))).await.unwrap();
    assert_eq!(Code::from(late.status.unwrap().code), Code::DeadlineExceeded);
    assert!(late.result.is_some(), "what there is of a result comes along");
    assert!(late.message.contains("killed"), "{}", late.message);
    let log = late.server_logs["sandbox"].digest.as_ref();
    assert_eq!(log, Some(&wire(&fixture.cas.digest(b"it was late"))));
    assert!(fixture.cas.contains(&fixture.cas.digest(b"it was late")).unwrap());
    let missing = run(&fixture, execute(&fixture.action("missing"))).await.unwrap().status.unwrap();
    assert_eq!(Code::from(missing.code), Code::FailedPrecondition);
    assert_names(&missing, &Digest::of(b"not there"));
}

/// The status names the missing blob, as REAPI requires.
fn assert_names(status: &rpc::Status, digest: &Digest) {
    let [detail] = &status.details[..] else { panic!("{status:?}") };
    assert_eq!(detail.type_url, "type.googleapis.com/google.rpc.PreconditionFailure");
    let text = String::from_utf8_lossy(&detail.value);
    assert!(text.contains("MISSING") && text.contains(&format!("blobs/{digest}")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_execute_that_are_wrong() {
    let fixture = Fixture::new().await;
    let absent = run(&fixture, execute(&Digest::of(b"absent"))).await.unwrap_err();
    assert_eq!(absent.code(), Code::FailedPrecondition);
    assert_names(&rpc::Status::decode(absent.details()).unwrap(), &Digest::of(b"absent"));
    let garbage = fixture.cas.put_bytes(&noise(1, 100)).unwrap();
    let good = execute(&fixture.action("true"));
    for request in [
        execute(&garbage),
        reapi::ExecuteRequest { action_digest: None, ..good.clone() },
        reapi::ExecuteRequest { instance_name: "other".to_owned(), ..good.clone() },
        reapi::ExecuteRequest { digest_function: 2, ..good },
    ] {
        let refused = run(&fixture, request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{request:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_can_be_attached_to_and_cancelled() {
    let fixture = Fixture::new().await;
    let mut first = fixture.execution().execute(execute(&fixture.action("wait"))).await.unwrap().into_inner();
    let name = first.message().await.unwrap().unwrap().name;
    drop(first);
    let wait = reapi::WaitExecutionRequest { name: name.clone() };
    let second = fixture.execution().wait_execution(wait).await.unwrap().into_inner();
    let request = longrunning::GetOperationRequest { name: name.clone() };
    let running = fixture.operations().get_operation(request).await.unwrap().into_inner();
    assert!(!running.done);
    let listed = fixture.operations().list_operations(longrunning::ListOperationsRequest::default()).await;
    assert_eq!(listed.unwrap().into_inner().operations.len(), 1);
    let some = longrunning::ListOperationsRequest { filter: "done = true".to_owned(), ..Default::default() };
    let refused = fixture.operations().list_operations(some).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "no filter is better than one that does not filter");
    let cancel = longrunning::CancelOperationRequest { name: name.clone() };
    fixture.operations().cancel_operation(cancel.clone()).await.unwrap();
    let told = to_the_end(second).await;
    assert_eq!(Code::from(response(told.last().unwrap()).status.unwrap().code), Code::Cancelled);
    fixture.operations().cancel_operation(cancel).await.unwrap();
    let request = longrunning::WaitOperationRequest { name, timeout: None };
    assert!(fixture.operations().wait_operation(request).await.unwrap().into_inner().done);
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_that_are_not_there() {
    let fixture = Fixture::new().await;
    let name = "nobody".to_owned();
    let wait = reapi::WaitExecutionRequest { name: name.clone() };
    assert_eq!(fixture.execution().wait_execution(wait).await.unwrap_err().code(), Code::NotFound);
    let cancel = longrunning::CancelOperationRequest { name };
    assert_eq!(fixture.operations().cancel_operation(cancel).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_are_refused() {
    let fixture = Fixture::new().await;
    let mut streams = vec![];
    // Two actions run, four wait.
    let code = loop {
        let action = fixture.action("wait");
        let alone = reapi::Action::decode(&*fixture.cas.get(&action).unwrap()).unwrap();
        let salted = reapi::Action { salt: noise(streams.len() as u64 * 2 + 1, 8), ..alone };
        let action = fixture.cas.put_bytes(&salted.encode_to_vec()).unwrap();
        match fixture.execution().execute(execute(&action)).await {
            Ok(stream) => streams.push(stream),
            Err(status) => break status.code(),
        }
    };
    assert_eq!(code, Code::ResourceExhausted);
    assert!((4..=6).contains(&streams.len()), "{}", streams.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_a_client_brings_must_be_whole() {
    let fixture = Fixture::new().await;
    let action = fixture.action("true");
    let output = Digest::of(b"output");
    let file =
        reapi::OutputFile { path: "out".to_owned(), digest: Some(wire(&output)), ..Default::default() };
    let result =
        reapi::ActionResult { output_files: vec![file], stdout_raw: b"hello".to_vec(), ..Default::default() };
    let refused = fixture.results().update_action_result(put(&action, result.clone())).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_names(&rpc::Status::decode(refused.details()).unwrap(), &output);
    fixture.cas.put_bytes(b"output").unwrap();
    fixture.results().update_action_result(put(&action, result)).await.unwrap();
    let wanted =
        reapi::GetActionResultRequest { inline_output_files: vec!["out".to_owned()], ..get(&action) };
    let found = fixture.results().get_action_result(wanted).await.unwrap().into_inner();
    assert_eq!((&found.output_files[0].contents[..], &found.stdout_raw[..]), (&b"output"[..], &b"hello"[..]));
    fixture.cas.quarantine(&output).unwrap();
    let gone = fixture.results().get_action_result(get(&action)).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound, "an entry whose blobs are gone is a miss");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_not_taken_from_everybody() {
    let fixture = Fixture::with(Options { update_results: false, ..Options::default() }).await;
    let request = put(&fixture.action("true"), reapi::ActionResult::default());
    let refused = fixture.results().update_action_result(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
