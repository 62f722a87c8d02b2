//! Health, metrics and the end of a server as clients see them.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::Duration;

use common::{Fixture, wire};
use spec_model::Digest;
use spec_proto::reapi;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

const LONG: Duration = Duration::from_secs(30);

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

fn execute(action: &Digest) -> reapi::ExecuteRequest {
    reapi::ExecuteRequest { action_digest: Some(wire(action)), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_tells_its_health() {
    let fixture = Fixture::new().await;
    let mut client = HealthClient::new(fixture.channel.clone());
    for name in [
        "",
        "build.bazel.remote.execution.v2.Capabilities",
        "build.bazel.remote.execution.v2.ContentAddressableStorage",
        "build.bazel.remote.execution.v2.ActionCache",
        "build.bazel.remote.execution.v2.Execution",
        "build.bazel.remote.asset.v1.Fetch",
        "build.bazel.remote.asset.v1.Push",
        "google.bytestream.ByteStream",
        "google.longrunning.Operations",
    ] {
        let told = client.check(about(name)).await.unwrap().into_inner().status();
        assert_eq!(told, ServingStatus::Serving, "{name}");
    }
    assert_eq!(client.check(about("nobody")).await.unwrap_err().code(), Code::NotFound);
    let mut watch = client.watch(about("")).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let ended = fixture.stopping();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop((watch, client));
    tokio::time::timeout(LONG, ended).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_ends_and_what_is_new_is_refused() {
    let fixture = Fixture::new().await;
    let action = fixture.action("pass");
    let mut running = fixture.execution().execute(execute(&action)).await.unwrap().into_inner();
    assert!(!running.message().await.unwrap().unwrap().done);
    let mut late = fixture.storage();
    let (folder, gate) = (fixture.path(), fixture.gate.clone());
    let ended = fixture.stopping();
    // A connection takes no new requests once it is closing, and there are no new connections.
    let refused = async {
        while late.find_missing_blobs(reapi::FindMissingBlobsRequest::default()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, refused).await.unwrap();
    assert!(common::connect(&folder).await.is_err());
    assert!(!ended.is_finished(), "an action runs");
    drop(late);
    // The stream still receives the result of the action.
    gate.cancel();
    let mut last = None;
    while let Some(operation) = running.message().await.unwrap() {
        last = Some(operation);
    }
    assert!(last.unwrap().done);
    drop(running);
    tokio::time::timeout(LONG, ended).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_tell_what_happened() {
    let fixture = Fixture::new().await;
    for _ in 0..2 {
        let action = fixture.action("true");
        let mut told = fixture.execution().execute(execute(&action)).await.unwrap().into_inner();
        while told.message().await.unwrap().is_some() {}
    }
    let failing = fixture.action("false");
    let mut told = fixture.execution().execute(execute(&failing)).await.unwrap().into_inner();
    while told.message().await.unwrap().is_some() {}
    let unknown = reapi::GetActionResultRequest { action_digest: Some(wire(&failing)), ..Default::default() };
    fixture.results().get_action_result(unknown).await.unwrap_err();
    fixture.storage().split_blob(reapi::SplitBlobRequest::default()).await.unwrap_err();
    let text = fixture.numbers().await;
    for line in [
        "spec_host_actions_total{outcome=\"executed\"} 1",
        "spec_host_actions_total{outcome=\"hit\"} 1",
        "spec_host_actions_total{outcome=\"failed\"} 1",
        "spec_host_result_lookups_total{outcome=\"miss\"} 1",
        "spec_host_request_seconds_count{method=\"build.bazel.remote.execution.v2.Execution/Execute\",code=\"OK\"} 3",
        "spec_host_request_seconds_count{method=\"build.bazel.remote.execution.v2.ActionCache/GetActionResult\",\
         code=\"NOT_FOUND\"} 1",
        "spec_host_request_seconds_count{method=\"other\",code=\"UNIMPLEMENTED\"} 1",
        "spec_host_actions_queued 0",
        "spec_host_actions_running 0",
        "spec_host_uploads_open 0",
        "spec_host_open_requests 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    let received =
        "spec_host_received_bytes_total{method=\"build.bazel.remote.execution.v2.Execution/Execute\"} ";
    let bytes: u64 = text.lines().find_map(|line| line.strip_prefix(received)).unwrap().parse().unwrap();
    assert!(bytes > 3 * 64, "{bytes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn services_are_told_by_reflection() {
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    let fixture = Fixture::new().await;
    let ask = |asked| {
        let request = ServerReflectionRequest { host: String::new(), message_request: Some(asked) };
        let mut client = ServerReflectionClient::new(fixture.channel.clone());
        async move {
            let stream = client.server_reflection_info(tokio_stream::once(request)).await;
            stream.unwrap().into_inner().message().await.unwrap().unwrap().message_response.unwrap()
        }
    };
    let MessageResponse::ListServicesResponse(listed) =
        ask(MessageRequest::ListServices(String::new())).await
    else {
        panic!("no list")
    };
    let mut names: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
    names.sort();
    let expect = [
        "build.bazel.remote.asset.v1.Fetch",
        "build.bazel.remote.asset.v1.Push",
        "build.bazel.remote.execution.v2.ActionCache",
        "build.bazel.remote.execution.v2.Capabilities",
        "build.bazel.remote.execution.v2.ContentAddressableStorage",
        "build.bazel.remote.execution.v2.Execution",
        "google.bytestream.ByteStream",
        "google.longrunning.Operations",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
    ];
    assert_eq!(names, expect);
    for symbol in ["build.bazel.remote.execution.v2.Digest", "google.protobuf.Any", expect[0]] {
        let found = ask(MessageRequest::FileContainingSymbol(symbol.to_owned())).await;
        assert!(matches!(found, MessageResponse::FileDescriptorResponse(_)), "{symbol}: {found:?}");
    }
}
