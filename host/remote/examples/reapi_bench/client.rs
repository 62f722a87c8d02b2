//! The plain requests, without what a client of ours would do beside them.

use bazel_remote_apis::google::bytestream::WriteRequest;
use bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient;
use bazel_remote_apis::google::longrunning::operation;
use spec_model::Digest;
use spec_proto::Message;
use spec_proto::reapi::batch_update_blobs_request;
use spec_proto::reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use spec_proto::reapi::execution_client::ExecutionClient;
use spec_proto::reapi::{self, ExecuteRequest, ExecuteResponse};
use tokio_stream::iter;
use tonic::transport::{Channel, Endpoint};

use crate::Outcome;

/// Below every server's limit, announced or not.
const BATCH: usize = 3_900_000;
const CHUNK: usize = 1 << 20;
const WINDOW: u32 = 16 << 20;

#[derive(Clone)]
pub(crate) struct Client {
    channel: Channel,
}

impl Client {
    pub(crate) async fn connect(url: &str) -> Outcome<Self> {
        let endpoint = Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true);
        let endpoint = endpoint.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
        Ok(Self { channel: endpoint.connect().await? })
    }

    fn storage(&self) -> ContentAddressableStorageClient<Channel> {
        ContentAddressableStorageClient::new(self.channel.clone()).max_decoding_message_size(64 << 20)
    }

    pub(crate) async fn find_missing(&self, digests: &[reapi::Digest]) -> Outcome<usize> {
        let blob_digests = digests.to_vec();
        let request = reapi::FindMissingBlobsRequest { blob_digests, ..Default::default() };
        Ok(self.storage().find_missing_blobs(request).await?.into_inner().missing_blob_digests.len())
    }

    pub(crate) async fn update(&self, request: reapi::BatchUpdateBlobsRequest) -> Outcome {
        let answer = self.storage().batch_update_blobs(request).await?.into_inner();
        let refused = answer.responses.iter().filter_map(|one| one.status.as_ref()).find(|one| one.code != 0);
        refused.map_or(Ok(()), |status| Err(status.message.clone().into()))
    }

    /// Stores small blobs.
    pub(crate) async fn put(&self, blobs: &[Vec<u8>]) -> Outcome {
        for request in batches(blobs) {
            self.update(request).await?;
        }
        Ok(())
    }

    pub(crate) async fn write(&self, name: String, messages: Vec<WriteRequest>) -> Outcome<i64> {
        let mut client = ByteStreamClient::new(self.channel.clone());
        let mut messages = messages;
        if let Some(first) = messages.first_mut() {
            first.resource_name = name;
        }
        Ok(client.write(iter(messages)).await?.into_inner().committed_size)
    }

    /// Executes an action, which has to succeed, and waits for it.
    pub(crate) async fn execute(&self, action: &reapi::Digest) -> Outcome<ExecuteResponse> {
        let request = ExecuteRequest { action_digest: Some(action.clone()), ..Default::default() };
        let mut client = ExecutionClient::new(self.channel.clone());
        let mut stream = client.execute(request).await?.into_inner();
        let mut last = None;
        while let Some(operation) = stream.message().await? {
            last = Some(operation);
        }
        let response = match last.and_then(|operation| operation.result) {
            Some(operation::Result::Response(any)) => ExecuteResponse::decode(&any.value[..])?,
            other => return Err(format!("no answer but {other:?}").into()),
        };
        match &response.result {
            Some(result) if result.exit_code == 0 => Ok(response),
            _ => Err(format!("the action failed: {response:?}").into()),
        }
    }
}

pub(crate) fn digest(bytes: &[u8]) -> reapi::Digest {
    let digest = Digest::of(bytes);
    reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() }
}

/// Requests that store these blobs.
pub(crate) fn batches(blobs: &[Vec<u8>]) -> Vec<reapi::BatchUpdateBlobsRequest> {
    let mut requests = vec![reapi::BatchUpdateBlobsRequest::default()];
    let mut size = 0;
    for blob in blobs {
        size += blob.len() + 160;
        if size > BATCH {
            requests.push(reapi::BatchUpdateBlobsRequest::default());
            size = blob.len() + 160;
        }
        let one = batch_update_blobs_request::Request {
            digest: Some(digest(blob)),
            data: blob.clone(),
            ..Default::default()
        };
        requests.last_mut().expect("there is one").requests.push(one);
    }
    requests
}

/// A blob in messages.
pub(crate) fn messages(blob: &[u8]) -> Vec<WriteRequest> {
    let message = |(number, data): (usize, &[u8])| WriteRequest {
        write_offset: (number * CHUNK) as i64,
        finish_write: number * CHUNK + data.len() == blob.len(),
        data: data.to_vec(),
        ..Default::default()
    };
    blob.chunks(CHUNK).enumerate().map(message).collect()
}
