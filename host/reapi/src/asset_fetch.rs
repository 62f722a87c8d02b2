//! `build.bazel.remote.asset.v1.Fetch`: what URIs stand for.

use spec_proto::asset::{self, Qualifier, fetch_server};
use spec_proto::well_known::Timestamp;
use tonic::{Request, Response, Status};

use crate::asset_request;
use crate::assets::Asset;
use crate::context::Context;
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::status;

pub(crate) struct Fetch {
    pub(crate) context: Context,
}

#[tonic::async_trait]
impl fetch_server::Fetch for Fetch {
    async fn fetch_blob(
        &self,
        request: Request<asset::FetchBlobRequest>,
    ) -> Result<Response<asset::FetchBlobResponse>, Status> {
        let request = request.into_inner();
        let realm = self.context.admit(&request.instance_name, request.digest_function)?;
        asset_request::check_timeout(request.timeout.as_ref())?;
        let asset::FetchBlobRequest { uris, qualifiers, oldest_content_accepted, .. } = request;
        let wanted = Wanted { uris, qualifiers, oldest: oldest_content_accepted, is_directory: false };
        let answer = self.find(&realm, wanted).await?;
        Ok(Response::new(asset::FetchBlobResponse {
            status: Some(answer.status),
            uri: answer.uri,
            qualifiers: answer.qualifiers,
            expires_at: answer.asset.expires,
            blob_digest: answer.asset.content,
            digest_function: realm.value() as i32,
        }))
    }

    async fn fetch_directory(
        &self,
        request: Request<asset::FetchDirectoryRequest>,
    ) -> Result<Response<asset::FetchDirectoryResponse>, Status> {
        let request = request.into_inner();
        let realm = self.context.admit(&request.instance_name, request.digest_function)?;
        asset_request::check_timeout(request.timeout.as_ref())?;
        let asset::FetchDirectoryRequest { uris, qualifiers, oldest_content_accepted, .. } = request;
        let wanted = Wanted { uris, qualifiers, oldest: oldest_content_accepted, is_directory: true };
        let answer = self.find(&realm, wanted).await?;
        Ok(Response::new(asset::FetchDirectoryResponse {
            status: Some(answer.status),
            uri: answer.uri,
            qualifiers: answer.qualifiers,
            expires_at: answer.asset.expires,
            root_directory_digest: answer.asset.content,
            digest_function: realm.value() as i32,
        }))
    }
}

struct Wanted {
    uris: Vec<String>,
    qualifiers: Vec<Qualifier>,
    oldest: Option<Timestamp>,
    is_directory: bool,
}

struct Found {
    status: bazel_remote_apis::google::rpc::Status,
    uri: String,
    qualifiers: Vec<Qualifier>,
    asset: Asset,
}

impl Fetch {
    /// The asset of the first URI that has one. That there is none is told in the answer, as the API has it.
    async fn find(&self, realm: &Realm, wanted: Wanted) -> Result<Found, Refusal> {
        let Wanted { uris, qualifiers, oldest, is_directory } = wanted;
        asset_request::check_time(oldest.as_ref(), "oldest_content_accepted")?;
        let names = asset_request::names(uris, qualifiers.clone(), is_directory)?;
        let assets = realm.assets.clone();
        let look = move || -> Result<_, Refusal> {
            for name in &names {
                if let Some(asset) = assets.find(name, oldest.as_ref())? {
                    let uri = name.uri.clone();
                    return Ok(Found { status: status::ok(), uri, qualifiers, asset });
                }
            }
            let uri = names.into_iter().next().map(|name| name.uri).unwrap_or_default();
            let refusal = Refusal::NotFound("nobody has pushed what these uris stand for".to_owned());
            let status = status::to_rpc(&refusal);
            Ok(Found { status, uri, qualifiers: vec![], asset: Asset::default() })
        };
        self.context.blocking.run(look).await?
    }
}
