//! Requests of hostile and broken clients: each is refused, and the server keeps working.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::{Duration, Instant};

use bazel_remote_apis::google::bytestream::WriteRequest;
use bazel_remote_apis::google::longrunning::WaitOperationRequest;
use common::{Fixture, wire};
use prost::bytes::{Buf, BufMut};
use spec_model::Digest;
use spec_proto::reapi;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};

/// Checks that the server still answers, and has no requests or uploads left.
async fn lives(fixture: &Fixture) {
    let request = reapi::GetCapabilitiesRequest::default();
    fixture.capabilities().get_capabilities(request).await.unwrap();
}

fn bomb() -> Vec<u8> {
    zstd::bulk::compress(&vec![0; 32 << 20], 1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_message_does_not_become_a_huge_blob() {
    let fixture = Fixture::new().await;
    let bomb = bomb();
    assert!(bomb.len() < 100_000, "{} bytes", bomb.len());
    for size in [0, 10, 1 << 20, 10 << 30] {
        let digest = Digest::new(*Digest::of(b"bomb").hash(), size);
        let name = format!("uploads/u{size}/compressed-blobs/zstd/{digest}");
        let write =
            WriteRequest { resource_name: name, write_offset: 0, finish_write: true, data: bomb.clone() };
        let refused = fixture.bytes().write(tokio_stream::iter([write])).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{size}: {refused}");
        let request = reapi::batch_update_blobs_request::Request {
            digest: Some(wire(&digest)),
            data: bomb.clone(),
            compressor: 1,
        };
        let batch = reapi::BatchUpdateBlobsRequest { requests: vec![request], ..Default::default() };
        let stored = fixture.storage().batch_update_blobs(batch).await.unwrap().into_inner();
        let code = stored.responses[0].status.as_ref().unwrap().code;
        assert_eq!(Code::from(code), Code::InvalidArgument, "{size}");
        assert!(!fixture.cas.contains(&digest).unwrap());
    }
    lives(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn page_tokens_that_are_none() {
    let fixture = Fixture::new().await;
    let root = fixture.cas.put_bytes(b"").unwrap();
    for token in ["1", "2", "-1", "x", "18446744073709551616", &"9".repeat(100_000)] {
        let request = reapi::GetTreeRequest {
            root_digest: Some(wire(&root)),
            page_token: token.to_owned(),
            ..Default::default()
        };
        let answered = fixture.storage().get_tree(request).await;
        let code = match answered {
            Ok(stream) => {
                stream.into_inner().message().await.map_or_else(|status| status.code(), |_| Code::Ok)
            }
            Err(status) => status.code(),
        };
        // The server may have given a token for the end.
        let expect = if token == "1" { Code::Ok } else { Code::InvalidArgument };
        assert_eq!(code, expect, "{:.20}", token);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_too_large() {
    let fixture = Fixture::new().await;
    let data = vec![0; 9 << 20];
    let write = WriteRequest {
        resource_name: format!("uploads/u/blobs/{}", Digest::of(&data)),
        write_offset: 0,
        finish_write: true,
        data,
    };
    let refused = fixture.bytes().write(tokio_stream::iter([write])).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange);
    lives(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_protocol() {
    let fixture = Fixture::new().await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = b"\0\0\0\x04\0\0\0\0\0";
    for garbage in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        common::noise(3, 100_000),
        [&preface[..], &common::noise(5, 1000)].concat(),
        // A header block of garbage, and a frame with a length that is not allowed.
        [&preface[..], settings, b"\0\0\x08\x01\x05\0\0\0\x01", &[0xff; 8]].concat(),
        [&preface[..], settings, b"\xff\xff\xff\0\0\0\0\0\x01"].concat(),
    ] {
        let mut stream = tokio::net::UnixStream::connect(fixture.path().join("socket")).await.unwrap();
        // The server may close the connection before it has read everything.
        let _ = stream.write_all(&garbage).await;
        let _ = stream.shutdown().await;
        let mut answer = vec![];
        let _ = stream.read_to_end(&mut answer).await;
        lives(&fixture).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_vanishes_in_the_middle_leaves_nothing() {
    let fixture = Fixture::new().await;
    let digest = Digest::of(&[7; 1000]);
    let name = format!("uploads/u/blobs/{digest}");
    let piece = WriteRequest { resource_name: name.clone(), data: vec![7; 500], ..Default::default() };
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let channel = fixture.connect().await.unwrap();
    let mut client =
        bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient::new(channel.clone());
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let writing = tokio::spawn(async move { client.write(stream).await.map(drop) });
    sender.send(piece).await.unwrap();
    // The channel has room for one message, so the first is on its way once there is room for another.
    drop(sender.reserve().await.unwrap());
    writing.abort();
    drop((sender, channel));
    // Another client writes the same upload from the beginning.
    let whole =
        WriteRequest { resource_name: name, data: vec![7; 1000], finish_write: true, write_offset: 0 };
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        assert!(Instant::now() < deadline, "the first client still counts as writing");
        match fixture.bytes().write(tokio_stream::iter([whole.clone()])).await {
            Ok(written) => break assert_eq!(written.into_inner().committed_size, 1000),
            // Until the server has noticed that the first client is gone.
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(fixture.cas.contains(&digest).unwrap());
}

/// Sends raw bytes as the message of any call.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        buffer.advance(buffer.remaining());
        Ok(Some(()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_none() {
    let fixture = Fixture::new().await;
    let cas = "build.bazel.remote.execution.v2.ContentAddressableStorage";
    for (path, expect) in [
        (format!("/{cas}/FindMissingBlobs"), Code::Internal),
        (format!("/{cas}/BatchUpdateBlobs"), Code::Internal),
        ("/build.bazel.remote.execution.v2.Execution/Execute".to_owned(), Code::Internal),
        ("/google.bytestream.ByteStream/Write".to_owned(), Code::Internal),
        (format!("/{cas}/NoSuchCall"), Code::Unimplemented),
        ("/no.such/Service".to_owned(), Code::Unimplemented),
    ] {
        for garbage in [vec![0xff; 20], vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], common::noise(7, 5000)] {
            let mut client = Grpc::new(fixture.connect().await.unwrap());
            client.ready().await.unwrap();
            let path = path.parse().unwrap();
            let refused = client.unary(Request::new(garbage), path, Raw).await.unwrap_err();
            assert_eq!(refused.code(), expect, "{refused}");
        }
    }
    lives(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_very_many() {
    let fixture = Fixture::new().await;
    let digests: Vec<_> = (0..50_000u32).map(|n| wire(&Digest::of(&n.to_le_bytes()))).collect();
    let request = reapi::FindMissingBlobsRequest { blob_digests: digests.clone(), ..Default::default() };
    let missing = fixture.storage().find_missing_blobs(request).await.unwrap().into_inner();
    assert_eq!(missing.missing_blob_digests.len(), digests.len());
    // Larger than any message may be.
    let digests = [digests.clone(), digests.clone(), digests].concat();
    let request = reapi::FindMissingBlobsRequest { blob_digests: digests, ..Default::default() };
    let refused = fixture.storage().find_missing_blobs(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange);
    lives(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_time_is_up_is_told() {
    let fixture = Fixture::new().await;
    let action = wire(&fixture.action("wait"));
    let request = reapi::ExecuteRequest { action_digest: Some(action), ..Default::default() };
    let mut told = fixture.execution().execute(request).await.unwrap().into_inner();
    let name = told.message().await.unwrap().unwrap().name;
    let mut late = Request::new(WaitOperationRequest { name: name.clone(), timeout: None });
    late.set_timeout(Duration::from_millis(50));
    let refused = fixture.operations().wait_operation(late).await.unwrap_err();
    assert!(matches!(refused.code(), Code::DeadlineExceeded | Code::Cancelled), "{refused}");
    // The time-out of the wait is not a failure.
    let short = spec_proto::well_known::Duration { seconds: 0, nanos: 1 };
    let short = WaitOperationRequest { name: name.clone(), timeout: Some(short) };
    assert!(!fixture.operations().wait_operation(short).await.unwrap().into_inner().done);
    let negative = spec_proto::well_known::Duration { seconds: -1, nanos: 0 };
    let negative = WaitOperationRequest { name, timeout: Some(negative) };
    let refused = fixture.operations().wait_operation(negative).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}
