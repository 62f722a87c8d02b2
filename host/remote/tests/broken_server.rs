//! Servers that answer what no server may: it is found out, and is their fault.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::sync::Arc;

use spec_cas::Cas;
use spec_model::{Digest, UserError};
use spec_proto::reapi::batch_read_blobs_response::Response as Answer;
use spec_proto::reapi::capabilities_server::{Capabilities, CapabilitiesServer};
use spec_proto::reapi::content_addressable_storage_server::{
    ContentAddressableStorage, ContentAddressableStorageServer,
};
use spec_proto::{Message, reapi};
use spec_remote::{Remote, RemoteError, RemoteOptions};
use tokio_stream::wrappers::UnixListenerStream;
use tokio_stream::{Empty, empty};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

type Answers = Vec<Answer>;

/// Answers to every batch with the same blobs, whatever is asked.
#[derive(Clone)]
struct Broken(Answers);

#[tonic::async_trait]
impl Capabilities for Broken {
    async fn get_capabilities(
        &self,
        _: Request<reapi::GetCapabilitiesRequest>,
    ) -> Result<Response<reapi::ServerCapabilities>, Status> {
        let cache = reapi::CacheCapabilities { digest_functions: vec![1], ..Default::default() };
        Ok(Response::new(reapi::ServerCapabilities { cache_capabilities: Some(cache), ..Default::default() }))
    }
}

#[tonic::async_trait]
impl ContentAddressableStorage for Broken {
    async fn find_missing_blobs(
        &self,
        _: Request<reapi::FindMissingBlobsRequest>,
    ) -> Result<Response<reapi::FindMissingBlobsResponse>, Status> {
        Ok(Response::new(reapi::FindMissingBlobsResponse::default()))
    }

    async fn batch_update_blobs(
        &self,
        _: Request<reapi::BatchUpdateBlobsRequest>,
    ) -> Result<Response<reapi::BatchUpdateBlobsResponse>, Status> {
        Ok(Response::new(reapi::BatchUpdateBlobsResponse::default()))
    }

    async fn batch_read_blobs(
        &self,
        _: Request<reapi::BatchReadBlobsRequest>,
    ) -> Result<Response<reapi::BatchReadBlobsResponse>, Status> {
        Ok(Response::new(reapi::BatchReadBlobsResponse { responses: self.0.clone() }))
    }

    type GetTreeStream = Empty<Result<reapi::GetTreeResponse, Status>>;

    async fn get_tree(
        &self,
        _: Request<reapi::GetTreeRequest>,
    ) -> Result<Response<Self::GetTreeStream>, Status> {
        Ok(Response::new(empty()))
    }

    async fn split_blob(
        &self,
        _: Request<reapi::SplitBlobRequest>,
    ) -> Result<Response<reapi::SplitBlobResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn splice_blob(
        &self,
        _: Request<reapi::SpliceBlobRequest>,
    ) -> Result<Response<reapi::SpliceBlobResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    type GetChunkMappingStream = Empty<Result<reapi::GetChunkMappingResponse, Status>>;

    async fn get_chunk_mapping(
        &self,
        _: Request<reapi::GetChunkMappingRequest>,
    ) -> Result<Response<Self::GetChunkMappingStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn register_chunk_mapping(
        &self,
        _: Request<Streaming<reapi::RegisterChunkMappingRequest>>,
    ) -> Result<Response<reapi::RegisterChunkMappingResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// A connection to a server that answers so.
async fn connect(folder: &Path, answers: Answers) -> Remote {
    let socket = folder.join("socket");
    let _ = std::fs::remove_file(&socket);
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let broken = Broken(answers);
    let server = Server::builder()
        .add_service(CapabilitiesServer::new(broken.clone()))
        .add_service(ContentAddressableStorageServer::new(broken));
    // It ends with the test.
    tokio::spawn(server.serve_with_incoming(UnixListenerStream::new(listener)));
    let address = format!("unix:{}", socket.display()).parse().unwrap();
    Remote::connect(RemoteOptions::new(address)).await.unwrap()
}

fn answer(data: &[u8]) -> Answer {
    let digest = Digest::of(data);
    let digest = reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() };
    Answer { digest: Some(digest), data: data.to_vec(), ..Default::default() }
}

#[tokio::test]
async fn every_blob_that_was_asked_for_is_answered_once() {
    let folder = tempfile::tempdir().unwrap();
    let asked = [Digest::of(b"a"), Digest::of(b"b")];
    let wrong = Answer { data: b"B".to_vec(), ..answer(b"b") };
    for (what, answers, expect) in [
        ("all is well", vec![answer(b"b"), answer(b"a")], None),
        ("one is left out", vec![answer(b"a")], Some("remote-broken")),
        ("one is there twice", vec![answer(b"a"), answer(b"a")], Some("remote-broken")),
        ("one is another", vec![answer(b"a"), answer(b"c")], Some("remote-broken")),
        ("one is too many", vec![answer(b"a"), answer(b"b"), answer(b"c")], Some("remote-broken")),
        ("one is not what it says", vec![answer(b"a"), wrong], Some("remote-broken")),
    ] {
        let remote = connect(folder.path(), answers).await;
        let cas = Cas::open(folder.path().join(what)).unwrap();
        // Who wants a blob twice gets it once.
        let wanted = [&asked[..], &asked].concat();
        let moved = remote.download(Arc::new(cas.clone()), &wanted).await;
        assert_eq!(moved.as_ref().err().map(UserError::reason), expect, "{what}");
        assert_eq!(cas.missing(&asked).unwrap().is_empty(), expect.is_none(), "{what}");
    }
}

#[tokio::test]
async fn a_tree_that_is_not_whole_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let node = reapi::DirectoryNode { name: "child".to_owned(), digest: answer(b"").digest };
    let root = reapi::Directory { directories: vec![node], ..Default::default() }.encode_to_vec();
    let cas = Cas::open(folder.path()).unwrap();
    // It goes on answering with the root.
    let remote = connect(folder.path(), vec![answer(&root)]).await;
    let pulled = remote.pull(&cas, &Digest::of(&root)).await;
    assert!(matches!(pulled, Err(RemoteError::Broken { .. })), "{pulled:?}");
    let absent = Answer { status: Some(not_found()), data: vec![], ..answer(&root) };
    let remote = connect(folder.path(), vec![absent]).await;
    let pulled = remote.pull(&cas, &Digest::of(&root)).await;
    assert!(matches!(pulled, Err(RemoteError::Missing { .. })), "{pulled:?}");
}

fn not_found() -> bazel_remote_apis::google::rpc::Status {
    bazel_remote_apis::google::rpc::Status { code: 5, ..Default::default() }
}
