//! `build.bazel.remote.asset.v1.Push`: clients say what URIs stand for.

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
use crate::assets::{self, Asset, Name};
use crate::context::Context;
use crate::from_proto;
use crate::realm::Realm;
use crate::refusal::Refusal;

pub(crate) struct Push {
    pub(crate) context: Context,
}

#[tonic::async_trait]
impl push_server::Push for Push {
    async fn push_blob(
        &self,
        request: Request<asset::PushBlobRequest>,
    ) -> Result<Response<asset::PushBlobResponse>, Status> {
        Access::of(&request).write()?;
        let request = request.into_inner();
        let realm = self.context.admit(&request.instance_name, request.digest_function)?;
        let names = asset_request::names(request.uris, request.qualifiers, false)?;
        let content = from_proto::required(request.blob_digest.as_ref(), "blob_digest")?;
        let speaks_of = SpeaksOf {
            blobs: asset_request::digests(&request.references_blobs)?,
            directories: asset_request::digests(&request.references_directories)?,
        };
        self.keep(realm, names, content, speaks_of, request.expire_at).await?;
        Ok(Response::new(asset::PushBlobResponse {}))
    }

    async fn push_directory(
        &self,
        request: Request<asset::PushDirectoryRequest>,
    ) -> Result<Response<asset::PushDirectoryResponse>, Status> {
        Access::of(&request).write()?;
        let request = request.into_inner();
        let realm = self.context.admit(&request.instance_name, request.digest_function)?;
        let names = asset_request::names(request.uris, request.qualifiers, true)?;
        let root = from_proto::required(request.root_directory_digest.as_ref(), "root_directory_digest")?;
        let mut speaks_of = SpeaksOf {
            blobs: asset_request::digests(&request.references_blobs)?,
            directories: asset_request::digests(&request.references_directories)?,
        };
        speaks_of.directories.push(root);
        self.keep(realm, names, root, speaks_of, request.expire_at).await?;
        Ok(Response::new(asset::PushDirectoryResponse {}))
    }
}

/// What an asset refers to.
struct SpeaksOf {
    blobs: Vec<Digest>,
    directories: Vec<Digest>,
}

impl Push {
    /// Keeps an asset whose content is here. What it refers to beside that is a hint: BuildStream names build trees
    /// that it does not push. Only what is here now is awaited in answers later.
    async fn keep(
        &self,
        realm: Arc<Realm>,
        names: Vec<Name>,
        content: Digest,
        speaks_of: SpeaksOf,
        expires: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        asset_request::check_time(expires.as_ref(), "expire_at")?;
        let keep = move || -> Result<_, Refusal> {
            let assets = &realm.assets;
            let is_tree = names.iter().any(|name| name.is_directory);
            let directories = assets.present_trees(speaks_of.directories)?;
            let lacks_tree = is_tree && !directories.contains(&content);
            if lacks_tree || !realm.cas.contains(&content)? {
                let missing = missing(&realm.cas, content, lacks_tree)?;
                return Err(Refusal::Missing(realm.cas.function(), missing));
            }
            let wire =
                |digests: &[Digest]| -> Vec<reapi::Digest> { digests.iter().map(digest_to_proto).collect() };
            let asset = Asset {
                content: Some(digest_to_proto(&content)),
                blobs: wire(&assets.present_blobs(speaks_of.blobs)?),
                directories: wire(&directories),
                pushed: Some(assets::now()),
                expires,
            };
            assets.put(&names, &asset)
        };
        self.context.blocking.run(keep).await?
    }
}

/// Which blobs of the content are missing, as far as that can be known.
fn missing(cas: &Cas, content: Digest, is_tree: bool) -> Result<Vec<Digest>, Refusal> {
    match is_tree {
        true => Ok(cas.missing_of_tree(&content)?),
        false => Ok(vec![content]),
    }
}
