//! Every call of every service, with the parts of requests that tests vary.

use bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient;
use bazel_remote_apis::google::bytestream::{QueryWriteStatusRequest, ReadRequest, WriteRequest};
use bazel_remote_apis::google::longrunning::operations_client::OperationsClient;
use bazel_remote_apis::google::longrunning::{self, Operation, operation};
use bazel_remote_apis::google::rpc;
use spec_proto::asset::fetch_client::FetchClient;
use spec_proto::asset::push_client::PushClient;
use spec_proto::reapi::action_cache_client::ActionCacheClient;
use spec_proto::reapi::capabilities_client::CapabilitiesClient;
use spec_proto::reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use spec_proto::reapi::execution_client::ExecutionClient;
use spec_proto::{Message, asset, reapi};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};

/// The data of requests.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) instance: String,
    pub(crate) function: i32,
    /// The name of the function in resource names.
    pub(crate) kind: String,
    pub(crate) blob: reapi::Digest,
    pub(crate) data: Vec<u8>,
    pub(crate) tree: reapi::Digest,
    pub(crate) action: reapi::Digest,
    pub(crate) operation: String,
    pub(crate) uri: String,
    pub(crate) token: Option<&'static str>,
}

impl Given {
    fn bearing<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(token) = self.token {
            let value = MetadataValue::try_from(format!("Bearer {token}")).unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        request
    }

    /// The name of the blob, to read or to write.
    fn name(&self, upload: &str) -> String {
        let instance = if self.instance.is_empty() { String::new() } else { format!("{}/", self.instance) };
        let reapi::Digest { hash, size_bytes } = &self.blob;
        format!("{instance}{upload}blobs/{}{hash}/{size_bytes}", self.kind)
    }
}

/// All calls by their names.
pub(crate) const ALL: [&str; 25] = [
    "GetCapabilities",
    "FindMissingBlobs",
    "BatchUpdateBlobs",
    "BatchReadBlobs",
    "GetTree",
    "SplitBlob",
    "SpliceBlob",
    "GetChunkMapping",
    "RegisterChunkMapping",
    "Read",
    "Write",
    "QueryWriteStatus",
    "GetActionResult",
    "UpdateActionResult",
    "Execute",
    "WaitExecution",
    "ListOperations",
    "GetOperation",
    "DeleteOperation",
    "CancelOperation",
    "WaitOperation",
    "FetchBlob",
    "FetchDirectory",
    "PushBlob",
    "PushDirectory",
];

/// Makes a call; returns its code, or the code in its answer.
pub(crate) async fn ask(channel: &Channel, call: &str, given: &Given) -> Code {
    let asked = match call {
        "Read" | "Write" | "QueryWriteStatus" => bytes(channel, call, given).await,
        "Execute" | "WaitExecution" => execution(channel, call, given).await,
        _ if call.ends_with("Operation") || call.ends_with("Operations") => {
            operations(channel, call, given).await
        }
        _ if call.starts_with("Fetch") => fetch(channel, call, given).await,
        _ if call.starts_with("Push") => push(channel, call, given).await,
        _ if call.ends_with("ActionResult") => results(channel, call, given).await,
        _ => storage(channel, call, given).await,
    };
    asked.unwrap_or_else(|status| status.code())
}

fn inner(status: Option<rpc::Status>) -> Code {
    Code::from(status.unwrap().code)
}

async fn storage(channel: &Channel, call: &str, given: &Given) -> Result<Code, Status> {
    let mut client = ContentAddressableStorageClient::new(channel.clone());
    let (instance_name, digest_function) = (given.instance.clone(), given.function);
    let blob = || given.blob.clone();
    Ok(match call {
        "GetCapabilities" => {
            let request = given.bearing(reapi::GetCapabilitiesRequest { instance_name });
            CapabilitiesClient::new(channel.clone()).get_capabilities(request).await?;
            Code::Ok
        }
        "FindMissingBlobs" => {
            let blob_digests = vec![blob()];
            let request = reapi::FindMissingBlobsRequest { instance_name, blob_digests, digest_function };
            client.find_missing_blobs(given.bearing(request)).await?;
            Code::Ok
        }
        "BatchUpdateBlobs" => {
            let (digest, data) = (Some(blob()), given.data.clone());
            let requests = vec![reapi::batch_update_blobs_request::Request { digest, data, compressor: 0 }];
            let request = reapi::BatchUpdateBlobsRequest { instance_name, requests, digest_function };
            let answer = client.batch_update_blobs(given.bearing(request)).await?;
            inner(answer.into_inner().responses[0].status.clone())
        }
        "BatchReadBlobs" => {
            let digests = vec![blob()];
            let acceptable_compressors = vec![];
            let request = reapi::BatchReadBlobsRequest {
                instance_name,
                digests,
                acceptable_compressors,
                digest_function,
            };
            let answer = client.batch_read_blobs(given.bearing(request)).await?;
            inner(answer.into_inner().responses[0].status.clone())
        }
        "GetTree" => {
            let root_digest = Some(given.tree.clone());
            let request =
                reapi::GetTreeRequest { instance_name, root_digest, digest_function, ..Default::default() };
            let mut pages = client.get_tree(given.bearing(request)).await?.into_inner();
            while pages.message().await?.is_some() {}
            Code::Ok
        }
        _ => chunks(client, call, given).await?,
    })
}

async fn chunks(
    mut client: ContentAddressableStorageClient<Channel>,
    call: &str,
    given: &Given,
) -> Result<Code, Status> {
    match call {
        "SplitBlob" => client.split_blob(given.bearing(Default::default())).await.map(drop),
        "SpliceBlob" => client.splice_blob(given.bearing(Default::default())).await.map(drop),
        "GetChunkMapping" => client.get_chunk_mapping(given.bearing(Default::default())).await.map(drop),
        "RegisterChunkMapping" => {
            let messages = tokio_stream::iter([reapi::RegisterChunkMappingRequest::default()]);
            client.register_chunk_mapping(given.bearing(messages)).await.map(drop)
        }
        _ => unreachable!("{call}"),
    }?;
    Ok(Code::Ok)
}

async fn bytes(channel: &Channel, call: &str, given: &Given) -> Result<Code, Status> {
    let mut client = ByteStreamClient::new(channel.clone());
    match call {
        "Read" => {
            let request = ReadRequest { resource_name: given.name(""), ..Default::default() };
            let mut pieces = client.read(given.bearing(request)).await?.into_inner();
            while pieces.message().await?.is_some() {}
        }
        "Write" => {
            let resource_name = given.name("uploads/u/");
            let data = given.data.clone();
            let all = WriteRequest { resource_name, data, finish_write: true, write_offset: 0 };
            client.write(given.bearing(tokio_stream::iter([all]))).await?;
        }
        _ => {
            let request = QueryWriteStatusRequest { resource_name: given.name("uploads/u/") };
            client.query_write_status(given.bearing(request)).await?;
        }
    }
    Ok(Code::Ok)
}

async fn results(channel: &Channel, call: &str, given: &Given) -> Result<Code, Status> {
    let mut client = ActionCacheClient::new(channel.clone());
    let (instance_name, digest_function) = (given.instance.clone(), given.function);
    let action_digest = Some(given.action.clone());
    if call == "GetActionResult" {
        let request = reapi::GetActionResultRequest {
            instance_name,
            action_digest,
            digest_function,
            ..Default::default()
        };
        client.get_action_result(given.bearing(request)).await?;
        return Ok(Code::Ok);
    }
    let stdout_digest = Some(given.blob.clone());
    let action_result = Some(reapi::ActionResult { stdout_digest, ..Default::default() });
    let request = reapi::UpdateActionResultRequest {
        instance_name,
        action_digest,
        action_result,
        digest_function,
        ..Default::default()
    };
    client.update_action_result(given.bearing(request)).await?;
    Ok(Code::Ok)
}

async fn execution(channel: &Channel, call: &str, given: &Given) -> Result<Code, Status> {
    let mut client = ExecutionClient::new(channel.clone());
    if call == "WaitExecution" {
        let request = reapi::WaitExecutionRequest { name: given.operation.clone() };
        let told = client.wait_execution(given.bearing(request)).await?.into_inner();
        return Ok(end(told).await?.1);
    }
    Ok(execute(channel, given).await?.1)
}

/// Executes an action; returns the operation's name and the code of the action.
pub(crate) async fn execute(channel: &Channel, given: &Given) -> Result<(String, Code), Status> {
    let request = reapi::ExecuteRequest {
        instance_name: given.instance.clone(),
        skip_cache_lookup: true,
        action_digest: Some(given.action.clone()),
        digest_function: given.function,
        ..Default::default()
    };
    let told = ExecutionClient::new(channel.clone()).execute(given.bearing(request)).await?;
    end(told.into_inner()).await
}

async fn end(mut told: Streaming<Operation>) -> Result<(String, Code), Status> {
    let mut last = None;
    while let Some(operation) = told.message().await? {
        last = Some(operation);
    }
    let Operation { name, result, .. } = last.unwrap();
    let Some(operation::Result::Response(response)) = result else { panic!("{result:?}") };
    let response = reapi::ExecuteResponse::decode(&*response.value).unwrap();
    Ok((name, inner(response.status)))
}

async fn operations(channel: &Channel, call: &str, given: &Given) -> Result<Code, Status> {
    let mut client = OperationsClient::new(channel.clone());
    let name = given.operation.clone();
    match call {
        "ListOperations" => client
            .list_operations(given.bearing(longrunning::ListOperationsRequest::default()))
            .await
            .map(drop),
        "GetOperation" => {
            client.get_operation(given.bearing(longrunning::GetOperationRequest { name })).await.map(drop)
        }
        "DeleteOperation" => client
            .delete_operation(given.bearing(longrunning::DeleteOperationRequest { name }))
            .await
            .map(drop),
        "CancelOperation" => client
            .cancel_operation(given.bearing(longrunning::CancelOperationRequest { name }))
            .await
            .map(drop),
        _ => {
            let request = longrunning::WaitOperationRequest { name, timeout: None };
            client.wait_operation(given.bearing(request)).await.map(drop)
        }
    }?;
    Ok(Code::Ok)
}

async fn fetch(channel: &Channel, call: &str, given: &Given) -> Result<Code, Status> {
    let mut client = FetchClient::new(channel.clone());
    let (instance_name, digest_function) = (given.instance.clone(), given.function);
    let uris = vec![given.uri.clone()];
    Ok(if call == "FetchBlob" {
        let request = asset::FetchBlobRequest { instance_name, uris, digest_function, ..Default::default() };
        inner(client.fetch_blob(given.bearing(request)).await?.into_inner().status)
    } else {
        let request =
            asset::FetchDirectoryRequest { instance_name, uris, digest_function, ..Default::default() };
        inner(client.fetch_directory(given.bearing(request)).await?.into_inner().status)
    })
}

async fn push(channel: &Channel, call: &str, given: &Given) -> Result<Code, Status> {
    let mut client = PushClient::new(channel.clone());
    let (instance_name, digest_function) = (given.instance.clone(), given.function);
    let uris = vec![given.uri.clone()];
    if call == "PushBlob" {
        let blob_digest = Some(given.blob.clone());
        let request = asset::PushBlobRequest {
            instance_name,
            uris,
            blob_digest,
            digest_function,
            ..Default::default()
        };
        client.push_blob(given.bearing(request)).await?;
    } else {
        let root_directory_digest = Some(given.tree.clone());
        let request = asset::PushDirectoryRequest {
            instance_name,
            uris,
            root_directory_digest,
            digest_function,
            ..Default::default()
        };
        client.push_directory(given.bearing(request)).await?;
    }
    Ok(Code::Ok)
}
