//! Clients that disconnect in the middle of a request: nothing of theirs stays behind, and other clients are not
//! affected.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::Duration;

use bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient;
use bazel_remote_apis::google::bytestream::{ReadRequest, WriteRequest};
use bazel_remote_apis::google::longrunning::{ListOperationsRequest, Operation, operation};
use common::{Fixture, noise, wire};
use spec_model::Digest;
use spec_proto::reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use spec_proto::reapi::execution_client::ExecutionClient;
use spec_proto::{Message, reapi};
use spec_reapi::{Address, Limits, Listener, Options};
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};

/// Nothing runs, waits, or is being answered.
const IDLE: [&str; 4] = [
    "spec_host_actions_queued 0",
    "spec_host_actions_running 0",
    "spec_host_uploads_open 0",
    "spec_host_open_requests 0",
];
/// `abandon_after` in these tests.
const ALONE: Duration = Duration::from_millis(100);

async fn impatient() -> Fixture {
    let limits = Limits { abandon_after: ALONE, keep_uploads_for: ALONE, ..Limits::default() };
    Fixture::with(Options { limits, ..Options::default() }).await
}

/// An action that differs by its salt.
fn action(fixture: &Fixture, does: &str, salt: u64) -> reapi::ExecuteRequest {
    let action = fixture.cas.get(&fixture.action(does)).unwrap();
    let action = reapi::Action { salt: noise(salt, 8), ..reapi::Action::decode(&*action).unwrap() };
    let action = fixture.cas.put_bytes(&action.encode_to_vec()).unwrap();
    reapi::ExecuteRequest { action_digest: Some(wire(&action)), ..Default::default() }
}

/// Executes as a new client; returns the operation's name.
async fn execute(channel: &Channel, request: reapi::ExecuteRequest) -> (Streaming<Operation>, String) {
    let mut told = ExecutionClient::new(channel.clone()).execute(request).await.unwrap().into_inner();
    let name = told.message().await.unwrap().unwrap().name;
    (told, name)
}

/// Whether the command of an operation succeeded.
async fn ended_well(mut told: Streaming<Operation>) -> bool {
    let mut last = None;
    while let Some(operation) = told.message().await.unwrap() {
        last = Some(operation);
    }
    let Some(operation::Result::Response(response)) = last.unwrap().result else { return false };
    reapi::ExecuteResponse::decode(&*response.value).unwrap().status.unwrap().code == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_any_more_is_cancelled() {
    let fixture = impatient().await;
    let listener = Listener::open(&Address::Tcp("127.0.0.1:0".to_owned())).await.unwrap();
    let endpoint = Endpoint::try_from(format!("http://{}", listener.address())).unwrap();
    let server = fixture.server.clone();
    let (_stop, stopping) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move { server.serve(listener, async { _ = stopping.await }).await });

    let channel = fixture.connect().await.unwrap();
    let machine = tokio::runtime::Runtime::new().unwrap();
    let lost = machine.spawn(async move { endpoint.connect().await }).await.unwrap().unwrap();
    let (mut told, mut deaf) = (vec![], vec![]);
    // The first two run, and the others wait for a worker.
    for salt in [1, 3] {
        told.push(execute(&channel, action(&fixture, "wait", salt)).await);
        deaf.push(execute(&lost, action(&fixture, "wait", salt + 1)).await);
    }
    fixture.comes_to(&["spec_host_actions_running 2", "spec_host_actions_queued 2"]).await;
    // One client closes its streams; the connection of the other breaks.
    drop(told);
    machine.shutdown_background();
    fixture.comes_to(&[&IDLE[..], &["spec_host_actions_total{outcome=\"cancelled\"} 4"]].concat()).await;
    // The workers are free for others.
    let told = fixture.execution().execute(action(&fixture, "true", 5)).await.unwrap();
    assert!(ended_well(told.into_inner()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_again_or_for_the_same_keeps_it_alive() {
    let fixture = impatient().await;
    let channel = fixture.connect().await.unwrap();
    let (first, name) = execute(&channel, action(&fixture, "pass", 1)).await;
    let (other, _) = execute(&channel, action(&fixture, "pass", 2)).await;
    let wait = reapi::WaitExecutionRequest { name };
    let waiting = fixture.execution().wait_execution(wait).await.unwrap().into_inner();
    let (joined, _) = execute(&fixture.channel, action(&fixture, "pass", 2)).await;
    drop((first, other, channel));
    // Longer than `abandon_after`.
    tokio::time::sleep(ALONE * 5).await;
    fixture.comes_to(&["spec_host_actions_running 2"]).await;
    fixture.gate.cancel();
    assert!(ended_well(waiting).await);
    assert!(ended_well(joined).await);
    fixture.comes_to(&IDLE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_go_at_any_moment_leave_nothing_that_runs() {
    let fixture = impatient().await;
    for salt in 0..100 {
        let channel = fixture.connect().await.unwrap();
        let request = action(&fixture, "wait", salt);
        let asking = tokio::spawn(async move { ExecutionClient::new(channel).execute(request).await });
        tokio::time::sleep(Duration::from_micros(salt * 20)).await;
        asking.abort();
        let _ = asking.await;
    }
    // A request of the last ones may still arrive when the server is idle for the first time.
    let all_are_done = async {
        loop {
            fixture.comes_to(&IDLE).await;
            let all = fixture.operations().list_operations(ListOperationsRequest::default()).await.unwrap();
            if all.into_inner().operations.iter().all(|operation| operation.done) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all_are_done).await.expect("all operations end");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_while_it_writes_leaves_no_file() {
    let fixture = impatient().await;
    let digest = Digest::of(&noise(1, 2_000_000));
    for compressor in ["blobs", "compressed-blobs/zstd"] {
        let piece = WriteRequest {
            resource_name: format!("uploads/u/{compressor}/{digest}"),
            data: match compressor {
                "blobs" => noise(1, 1_000_000),
                _ => zstd::bulk::compress(&noise(1, 1_000_000), 1).unwrap(),
            },
            ..Default::default()
        };
        let channel = fixture.connect().await.unwrap();
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        sender.send(piece).await.unwrap();
        let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
        let writing =
            tokio::spawn(async move { ByteStreamClient::new(channel).write(stream).await.map(drop) });
        fixture.comes_to(&["spec_host_uploads_open 1"]).await;
        writing.abort();
        drop(sender);
        fixture.comes_to(&IDLE).await;
        assert!(common::files(&fixture.cas.root().join("tmp")).is_empty());
    }
    assert!(!fixture.cas.contains(&digest).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_while_it_reads_is_not_waited_for() {
    let fixture = impatient().await;
    let large = fixture.cas.put_bytes(&noise(1, 20_000_000)).unwrap();
    let small: Vec<Digest> = (0..400).map(|n| fixture.cas.put_bytes(&noise(n, 10_000)).unwrap()).collect();
    let request = ReadRequest { resource_name: format!("blobs/{large}"), ..Default::default() };
    let digests: Vec<reapi::Digest> = small.iter().map(wire).collect();
    let batch = reapi::BatchReadBlobsRequest { digests, ..Default::default() };
    for round in 0..40 {
        let channel = fixture.connect().await.unwrap();
        let mut pieces =
            ByteStreamClient::new(channel.clone()).read(request.clone()).await.unwrap().into_inner();
        assert!(pieces.message().await.unwrap().is_some());
        let (mut client, batch) = (ContentAddressableStorageClient::new(channel), batch.clone());
        let reading = tokio::spawn(async move { client.batch_read_blobs(batch).await });
        tokio::time::sleep(Duration::from_micros(round * 50)).await;
        reading.abort();
    }
    fixture.comes_to(&IDLE).await;
    assert_eq!(fixture.cas.get(&large).unwrap().len(), 20_000_000);
}
