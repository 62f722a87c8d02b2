//! Every call over every digest function.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use bazel_remote_apis::google::longrunning::operation;
use bazel_remote_apis::google::rpc;
use common::{Fixture, action, noise, wire};
use spec_cas::{Cas, TreeBuilder};
use spec_model::Digest;
use spec_proto::{Message, reapi};
use tonic::{Code, Status};

type Answer<T> = Result<T, Status>;

async fn find(fixture: &Fixture, function: i32, cas: &Cas, data: &[u8]) -> Answer<usize> {
    let blob_digests = vec![wire(&cas.digest(data))];
    let request =
        reapi::FindMissingBlobsRequest { blob_digests, digest_function: function, ..Default::default() };
    Ok(fixture.storage().find_missing_blobs(request).await?.into_inner().missing_blob_digests.len())
}

async fn update(fixture: &Fixture, function: i32, cas: &Cas, data: &[u8]) -> Answer<Code> {
    let one = reapi::batch_update_blobs_request::Request {
        digest: Some(wire(&cas.digest(data))),
        data: data.to_vec(),
        compressor: 0,
    };
    let request = reapi::BatchUpdateBlobsRequest {
        requests: vec![one],
        digest_function: function,
        ..Default::default()
    };
    let answer = fixture.storage().batch_update_blobs(request).await?.into_inner();
    Ok(Code::from(answer.responses[0].status.as_ref().unwrap().code))
}

async fn read(fixture: &Fixture, function: i32, cas: &Cas, data: &[u8]) -> Answer<Vec<u8>> {
    let request = reapi::BatchReadBlobsRequest {
        digests: vec![wire(&cas.digest(data))],
        digest_function: function,
        ..Default::default()
    };
    let answer = fixture.storage().batch_read_blobs(request).await?.into_inner();
    Ok(answer.responses[0].data.clone())
}

async fn tree(fixture: &Fixture, function: i32, cas: &Cas) -> Answer<usize> {
    let mut builder = TreeBuilder::new();
    builder.add_file("d/file", cas.put_bytes(b"file").unwrap(), false).unwrap();
    let request = reapi::GetTreeRequest {
        root_digest: Some(wire(&builder.store(cas).unwrap())),
        digest_function: function,
        ..Default::default()
    };
    let page = fixture.storage().get_tree(request).await?.into_inner().message().await?;
    Ok(page.unwrap().directories.len())
}

async fn result(fixture: &Fixture, function: i32, cas: &Cas) -> Answer<Vec<u8>> {
    let action_digest = Some(wire(&cas.digest(b"an action")));
    let result = reapi::ActionResult {
        stdout_digest: Some(wire(&cas.put_bytes(b"said").unwrap())),
        ..Default::default()
    };
    let request = reapi::UpdateActionResultRequest {
        action_digest: action_digest.clone(),
        action_result: Some(result),
        digest_function: function,
        ..Default::default()
    };
    fixture.results().update_action_result(request).await?;
    let request = reapi::GetActionResultRequest {
        action_digest,
        inline_stdout: true,
        digest_function: function,
        ..Default::default()
    };
    Ok(fixture.results().get_action_result(request).await?.into_inner().stdout_raw)
}

/// The function that the operation's metadata names, at every stage.
async fn execute(fixture: &Fixture, function: i32, cas: &Cas) -> Answer<i32> {
    let request = reapi::ExecuteRequest {
        action_digest: Some(wire(&action(cas, "true"))),
        digest_function: function,
        ..Default::default()
    };
    let mut stream = fixture.execution().execute(request).await?.into_inner();
    let mut named = vec![];
    while let Some(operation) = stream.message().await? {
        let metadata = operation.metadata.unwrap().value;
        named.push(reapi::ExecuteOperationMetadata::decode(&*metadata).unwrap().digest_function);
        assert!(operation.name.len() > 8);
    }
    named.dedup();
    assert_eq!(named.len(), 1);
    Ok(named[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_knows_every_function() {
    let fixture = Fixture::new().await;
    let data = noise(5, 10_000);
    for (number, _, cas) in fixture.functions() {
        assert_eq!(find(&fixture, number, cas, &data).await.unwrap(), 1, "{number}");
        assert_eq!(update(&fixture, number, cas, &data).await.unwrap(), Code::Ok, "{number}");
        assert_eq!(find(&fixture, number, cas, &data).await.unwrap(), 0, "{number}");
        assert_eq!(read(&fixture, number, cas, &data).await.unwrap(), data, "{number}");
        assert_eq!(tree(&fixture, number, cas).await.unwrap(), 2, "{number}");
        assert_eq!(result(&fixture, number, cas).await.unwrap(), b"said", "{number}");
        assert_eq!(execute(&fixture, number, cas).await.unwrap(), number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_with_its_function() {
    let fixture = Fixture::new().await;
    for (number, prefix, cas) in fixture.functions() {
        let request = |action: Digest| reapi::ExecuteRequest {
            action_digest: Some(wire(&action)),
            digest_function: number,
            ..Default::default()
        };
        let absent = cas.digest(b"absent");
        let refused = fixture.execution().execute(request(absent)).await.unwrap_err();
        let mut stream = fixture.execution().execute(request(action(cas, "missing"))).await.unwrap();
        let mut answer = None;
        while let Some(operation) = stream.get_mut().message().await.unwrap() {
            answer = operation.result;
        }
        let Some(operation::Result::Response(answer)) = answer else { panic!("{answer:?}") };
        let answer = reapi::ExecuteResponse::decode(&*answer.value).unwrap().status.unwrap();
        let refused = rpc::Status::decode(refused.details()).unwrap();
        for (status, digest) in [(refused, absent), (answer, Digest::of(b"not there"))] {
            let text = String::from_utf8_lossy(&status.details[0].value).into_owned();
            assert!(text.contains(&format!("blobs/{prefix}{digest}")), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_said_is_sha256() {
    let fixture = Fixture::new().await;
    assert_eq!(update(&fixture, 0, &fixture.cas, b"plain").await.unwrap(), Code::Ok);
    assert!(fixture.cas.contains(&fixture.cas.digest(b"plain")).unwrap());
    assert_eq!(execute(&fixture, 0, &fixture.cas).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_share_nothing() {
    let fixture = Fixture::new().await;
    let [(sha256, _, cas), (blake3, _, other)] = fixture.functions();
    for (number, cas) in [(sha256, other), (blake3, cas)] {
        let wrong = update(&fixture, number, cas, b"of the other function").await.unwrap();
        assert_eq!(wrong, Code::InvalidArgument, "{number}");
        cas.put_bytes(b"here").unwrap();
        assert_eq!(find(&fixture, number, cas, b"here").await.unwrap(), 1, "{number}");
        let refused = execute(&fixture, number, cas).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_functions_are_refused_everywhere() {
    let fixture = Fixture::new().await;
    let cas = &fixture.cas;
    for number in [2, 3, 8, 10, 99, -1] {
        let codes = [
            find(&fixture, number, cas, b"").await.map(drop),
            update(&fixture, number, cas, b"").await.map(drop),
            read(&fixture, number, cas, b"").await.map(drop),
            tree(&fixture, number, cas).await.map(drop),
            result(&fixture, number, cas).await.map(drop),
            execute(&fixture, number, cas).await.map(drop),
        ];
        let codes = codes.map(|answer| answer.map_err(|status| status.code()));
        assert_eq!(codes, [Err(Code::InvalidArgument); 6], "{number}");
    }
}
