//! `build.bazel.remote.asset.v1.Push`: stores contents for URIs.

use std::sync::Arc;

use spec_action::wire::digest_to_proto;
use spec_cas::Cas;
use spec_model::Digest;
use spec_proto::asset::{self, push_server};
use spec_proto::reapi;
use spec_proto::well_known::Timestamp;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::asset_request;
use crate::assets::{self, Asset, AssetName};
use crate::digest_backend::DigestBackend;
use crate::from_proto;
use crate::request_error::RequestError;
use crate::service_context::ServiceContext;

pub(crate) struct PushService {
    pub(crate) context: ServiceContext,
}

#[tonic::async_trait]
impl push_server::Push for PushService {
    async fn push_blob(
        &self,
        request: Request<asset::PushBlobRequest>,
    ) -> Result<Response<asset::PushBlobResponse>, Status> {
        Access::of(&request).require_write()?;
        let request = request.into_inner();
        let backend = self.context.backend(&request.instance_name, request.digest_function)?;
        let names = asset_request::names(request.uris, request.qualifiers, false)?;
        let content = from_proto::required(request.blob_digest.as_ref(), "blob_digest")?;
        let references = References {
            blobs: asset_request::digests(&request.references_blobs)?,
            directories: asset_request::digests(&request.references_directories)?,
        };
        self.store(backend, names, content, references, request.expire_at).await?;
        Ok(Response::new(asset::PushBlobResponse {}))
    }

    async fn push_directory(
        &self,
        request: Request<asset::PushDirectoryRequest>,
    ) -> Result<Response<asset::PushDirectoryResponse>, Status> {
        Access::of(&request).require_write()?;
        let request = request.into_inner();
        let backend = self.context.backend(&request.instance_name, request.digest_function)?;
        let names = asset_request::names(request.uris, request.qualifiers, true)?;
        let root = from_proto::required(request.root_directory_digest.as_ref(), "root_directory_digest")?;
        let mut references = References {
            blobs: asset_request::digests(&request.references_blobs)?,
            directories: asset_request::digests(&request.references_directories)?,
        };
        references.directories.push(root);
        self.store(backend, names, root, references, request.expire_at).await?;
        Ok(Response::new(asset::PushDirectoryResponse {}))
    }
}

/// The blobs and trees that an asset refers to.
struct References {
    blobs: Vec<Digest>,
    directories: Vec<Digest>,
}

impl PushService {
    /// Stores an asset whose content is here. Its other references are hints: BuildStream names build trees that it does
    /// not push. Only references that are here now must be here when the asset is fetched.
    async fn store(
        &self,
        backend: Arc<DigestBackend>,
        names: Vec<AssetName>,
        content: Digest,
        references: References,
        expires: Option<Timestamp>,
    ) -> Result<(), RequestError> {
        asset_request::check_time(expires.as_ref(), "expire_at")?;
        let store = move || -> Result<_, RequestError> {
            let assets = &backend.assets;
            let is_tree = names.iter().any(|name| name.is_directory);
            let directories = assets.present_trees(references.directories)?;
            let lacks_tree = is_tree && !directories.contains(&content);
            if lacks_tree || !backend.cas.contains(&content)? {
                let missing = missing(&backend.cas, content, lacks_tree)?;
                return Err(RequestError::Missing(backend.cas.function(), missing));
            }
            let wire =
                |digests: &[Digest]| -> Vec<reapi::Digest> { digests.iter().map(digest_to_proto).collect() };
            let asset = Asset {
                content: Some(digest_to_proto(&content)),
                blobs: wire(&assets.present_blobs(references.blobs)?),
                directories: wire(&directories),
                pushed: Some(assets::timestamp_now()),
                expires,
            };
            assets.put(&names, &asset)
        };
        self.context.blocking.run(store).await?
    }
}

/// Which blobs of the content are missing, as far as its directories are here.
fn missing(cas: &Cas, content: Digest, is_tree: bool) -> Result<Vec<Digest>, RequestError> {
    match is_tree {
        true => Ok(cas.missing_of_tree(&content)?),
        false => Ok(vec![content]),
    }
}
