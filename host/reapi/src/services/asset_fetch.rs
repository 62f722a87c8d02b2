//! `build.bazel.remote.asset.v1.Fetch`: looks up the contents that were pushed for URIs.

use spec_proto::asset::{self, Qualifier, fetch_server};
use spec_proto::well_known::Timestamp;
use tonic::{Request, Response, Status};

use crate::asset_request;
use crate::assets::Asset;
use crate::digest_backend::DigestBackend;
use crate::request_error::RequestError;
use crate::service_context::ServiceContext;
use crate::status;

pub(crate) struct FetchService {
    pub(crate) context: ServiceContext,
}

#[tonic::async_trait]
impl fetch_server::Fetch for FetchService {
    async fn fetch_blob(
        &self,
        request: Request<asset::FetchBlobRequest>,
    ) -> Result<Response<asset::FetchBlobResponse>, Status> {
        let request = request.into_inner();
        let backend = self.context.backend(&request.instance_name, request.digest_function)?;
        asset_request::check_timeout(request.timeout.as_ref())?;
        let asset::FetchBlobRequest { uris, qualifiers, oldest_content_accepted, .. } = request;
        let wanted = FetchRequest { uris, qualifiers, oldest: oldest_content_accepted, is_directory: false };
        let answer = self.find(&backend, wanted).await?;
        Ok(Response::new(asset::FetchBlobResponse {
            status: Some(answer.status),
            uri: answer.uri,
            qualifiers: answer.qualifiers,
            expires_at: answer.asset.expires,
            blob_digest: answer.asset.content,
            digest_function: backend.wire_function() as i32,
        }))
    }

    async fn fetch_directory(
        &self,
        request: Request<asset::FetchDirectoryRequest>,
    ) -> Result<Response<asset::FetchDirectoryResponse>, Status> {
        let request = request.into_inner();
        let backend = self.context.backend(&request.instance_name, request.digest_function)?;
        asset_request::check_timeout(request.timeout.as_ref())?;
        let asset::FetchDirectoryRequest { uris, qualifiers, oldest_content_accepted, .. } = request;
        let wanted = FetchRequest { uris, qualifiers, oldest: oldest_content_accepted, is_directory: true };
        let answer = self.find(&backend, wanted).await?;
        Ok(Response::new(asset::FetchDirectoryResponse {
            status: Some(answer.status),
            uri: answer.uri,
            qualifiers: answer.qualifiers,
            expires_at: answer.asset.expires,
            root_directory_digest: answer.asset.content,
            digest_function: backend.wire_function() as i32,
        }))
    }
}

struct FetchRequest {
    uris: Vec<String>,
    qualifiers: Vec<Qualifier>,
    oldest: Option<Timestamp>,
    is_directory: bool,
}

struct FetchedAsset {
    status: bazel_remote_apis::google::rpc::Status,
    uri: String,
    qualifiers: Vec<Qualifier>,
    asset: Asset,
}

impl FetchService {
    /// The asset of the first URI that has one. If none has, the status in the answer says so, as the API demands.
    async fn find(
        &self,
        backend: &DigestBackend,
        wanted: FetchRequest,
    ) -> Result<FetchedAsset, RequestError> {
        let FetchRequest { uris, qualifiers, oldest, is_directory } = wanted;
        asset_request::check_time(oldest.as_ref(), "oldest_content_accepted")?;
        let names = asset_request::names(uris, qualifiers.clone(), is_directory)?;
        let assets = backend.assets.clone();
        let lookup = move || -> Result<_, RequestError> {
            for name in &names {
                if let Some(asset) = assets.find(name, oldest.as_ref())? {
                    let uri = name.uri.clone();
                    return Ok(FetchedAsset { status: status::ok(), uri, qualifiers, asset });
                }
            }
            let uri = names.into_iter().next().map(|name| name.uri).unwrap_or_default();
            let error = RequestError::NotFound("no asset was pushed for these uris".to_owned());
            let status = status::to_rpc(&error);
            Ok(FetchedAsset { status, uri, qualifiers: vec![], asset: Asset::default() })
        };
        self.context.blocking.run(lookup).await?
    }
}
