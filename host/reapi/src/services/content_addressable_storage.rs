//! `ContentAddressableStorage`: blobs in batches, and trees.

use spec_model::Digest;
use spec_proto::reapi::{
    self, batch_read_blobs_response, batch_update_blobs_request, batch_update_blobs_response,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::from_proto::{self, is_zstd};
use crate::request_error::RequestError;
use crate::service_context::ServiceContext;
use crate::tree_pages::TreePages;
use crate::{batch_blobs, status, zstd_blob};

pub(crate) struct ContentAddressableStorageService {
    pub(crate) context: ServiceContext,
}

#[tonic::async_trait]
impl reapi::content_addressable_storage_server::ContentAddressableStorage
    for ContentAddressableStorageService
{
    async fn find_missing_blobs(
        &self,
        request: Request<reapi::FindMissingBlobsRequest>,
    ) -> Result<Response<reapi::FindMissingBlobsResponse>, Status> {
        let reapi::FindMissingBlobsRequest { instance_name, blob_digests, digest_function } =
            request.into_inner();
        let cas = self.context.backend(&instance_name, digest_function)?.cas.clone();
        let find = move || -> Result<_, RequestError> {
            let digests: Vec<Digest> =
                blob_digests.iter().map(from_proto::digest).collect::<Result<_, _>>()?;
            let mut missing = cas.probably_missing(&digests)?.into_iter().peekable();
            // Missing digests are in the order of the request, so that the client's own messages can be returned.
            let pairs = digests.iter().zip(blob_digests);
            Ok(pairs.filter_map(|(digest, wire)| missing.next_if_eq(digest).map(|_| wire)).collect())
        };
        let missing_blob_digests = self.context.blocking.run(find).await??;
        Ok(Response::new(reapi::FindMissingBlobsResponse { missing_blob_digests }))
    }

    async fn batch_update_blobs(
        &self,
        request: Request<reapi::BatchUpdateBlobsRequest>,
    ) -> Result<Response<reapi::BatchUpdateBlobsResponse>, Status> {
        Access::of(&request).require_write()?;
        let reapi::BatchUpdateBlobsRequest { instance_name, requests, digest_function } =
            request.into_inner();
        let cas = self.context.backend(&instance_name, digest_function)?.cas.clone();
        batch_blobs::check_total(requests.iter().map(|request| request.data.len() as u64))?;
        let store = move |request: batch_update_blobs_request::Request| {
            let stored = from_proto::required(request.digest.as_ref(), "digest").and_then(|digest| {
                batch_blobs::store(&cas, &digest, &request.data, is_zstd(request.compressor)?)
            });
            batch_update_blobs_response::Response {
                digest: request.digest,
                status: Some(status_of(stored.err())),
            }
        };
        let responses = self.context.blocking.map(requests, store).await?;
        Ok(Response::new(reapi::BatchUpdateBlobsResponse { responses }))
    }

    async fn batch_read_blobs(
        &self,
        request: Request<reapi::BatchReadBlobsRequest>,
    ) -> Result<Response<reapi::BatchReadBlobsResponse>, Status> {
        let reapi::BatchReadBlobsRequest { instance_name, digests, acceptable_compressors, digest_function } =
            request.into_inner();
        let cas = self.context.backend(&instance_name, digest_function)?.cas.clone();
        batch_blobs::check_total(digests.iter().map(|digest| digest.size_bytes.try_into().unwrap_or(0)))?;
        let wanted: Vec<Digest> = digests.iter().filter_map(|wire| from_proto::digest(wire).ok()).collect();
        let store = cas.clone();
        // What is elsewhere comes together; what cannot be brought is told for each blob.
        let _ = self.context.blocking.run(move || store.bring(&wanted)).await?;
        let zstd = acceptable_compressors.contains(&(reapi::compressor::Value::Zstd as i32));
        let read = move |wire: reapi::Digest| {
            let found = from_proto::digest(&wire).and_then(|digest| batch_blobs::read(&cas, &digest));
            read_response(wire, found, zstd)
        };
        let responses = self.context.blocking.map(digests, read).await?;
        Ok(Response::new(reapi::BatchReadBlobsResponse { responses }))
    }

    type GetTreeStream = ReceiverStream<Result<reapi::GetTreeResponse, Status>>;

    async fn get_tree(
        &self,
        request: Request<reapi::GetTreeRequest>,
    ) -> Result<Response<Self::GetTreeStream>, Status> {
        let reapi::GetTreeRequest { instance_name, root_digest, page_size, page_token, digest_function } =
            request.into_inner();
        let cas = self.context.backend(&instance_name, digest_function)?.cas.clone();
        let root = from_proto::required(root_digest.as_ref(), "root_digest")?;
        let per_page =
            usize::try_from(page_size).map_err(|_| RequestError::invalid("the page size is negative"))?;
        let skip = match page_token.as_str() {
            "" => 0,
            token => {
                token.parse().map_err(|_| RequestError::invalid("the page token is not from this server"))?
            }
        };
        let pages = self.context.blocking.run(move || TreePages::new(cas, root, per_page, skip)).await??;
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(send_pages(self.context.clone(), pages, sender));
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn split_blob(
        &self,
        _: Request<reapi::SplitBlobRequest>,
    ) -> Result<Response<reapi::SplitBlobResponse>, Status> {
        Err(no_chunks())
    }

    type GetChunkMappingStream = ReceiverStream<Result<reapi::GetChunkMappingResponse, Status>>;

    async fn get_chunk_mapping(
        &self,
        _: Request<reapi::GetChunkMappingRequest>,
    ) -> Result<Response<Self::GetChunkMappingStream>, Status> {
        Err(no_chunks())
    }

    async fn splice_blob(
        &self,
        _: Request<reapi::SpliceBlobRequest>,
    ) -> Result<Response<reapi::SpliceBlobResponse>, Status> {
        Err(no_chunks())
    }

    async fn register_chunk_mapping(
        &self,
        _: Request<tonic::Streaming<reapi::RegisterChunkMappingRequest>>,
    ) -> Result<Response<reapi::RegisterChunkMappingResponse>, Status> {
        Err(no_chunks())
    }
}

/// Sends the pages of a tree until it ends or the client disconnects.
async fn send_pages(
    context: ServiceContext,
    mut pages: TreePages,
    sender: mpsc::Sender<Result<reapi::GetTreeResponse, Status>>,
) {
    loop {
        let step = context.blocking.run(move || {
            let page = pages.next();
            (pages, page)
        });
        let page = match step.await {
            Ok((returned, page)) => {
                pages = returned;
                page
            }
            Err(error) => {
                let _ = sender.send(Err(error.into())).await;
                return;
            }
        };
        let Some(page) = page.transpose() else { return };
        let is_last = page.is_err();
        if sender.send(page.map_err(Status::from)).await.is_err() || is_last {
            return;
        }
    }
}

fn read_response(
    digest: reapi::Digest,
    found: Result<Vec<u8>, RequestError>,
    zstd: bool,
) -> batch_read_blobs_response::Response {
    use reapi::compressor::Value;
    let compressed = match &found {
        Ok(data) if zstd => zstd_blob::compress(data).ok().filter(|compressed| compressed.len() < data.len()),
        _ => None,
    };
    let compressor = if compressed.is_some() { Value::Zstd } else { Value::Identity };
    let (data, error) = match found {
        Ok(data) => (compressed.unwrap_or(data), None),
        Err(error) => (vec![], Some(error)),
    };
    batch_read_blobs_response::Response {
        digest: Some(digest),
        data,
        compressor: compressor as i32,
        status: Some(status_of(error)),
    }
}

fn status_of(error: Option<RequestError>) -> bazel_remote_apis::google::rpc::Status {
    error.map_or_else(status::ok, |error| status::to_rpc(&error))
}

fn no_chunks() -> Status {
    RequestError::Unsupported("this server does not split blobs, as its capabilities say".to_owned()).into()
}
