//! The Remote Asset API: which blob or tree a URI stands for.

use spec_model::Digest;
use spec_proto::asset::{self, fetch_client::FetchClient, push_client::PushClient};
use tonic::{Code, Status};

use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::AttemptError;
use crate::status_details::status_in_answer;
use crate::wire::{digest_from_proto, digest_to_proto};

/// What was asked of the server, for errors.
const FIND: &str = "look up an asset";
const STORE: &str = "store an asset";

/// What the contents of an asset refer to; the server keeps it as long as the asset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetReferences {
    /// Blobs.
    pub blobs: Vec<Digest>,
    /// Roots of trees.
    pub directories: Vec<Digest>,
}

impl Remote {
    /// The blob that the first known one of `uris` stands for (`FetchBlob`); `None` when the server knows none of them.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or has no assets.
    pub async fn fetch_blob(&self, uris: &[String]) -> Result<Option<Digest>, RemoteError> {
        let found = self.find_blob(uris).await?;
        self.counters().count_lookup(found.is_some());
        Ok(found)
    }

    /// Whether the first known one of `uris` stands for this blob already; this is no lookup of the statistics.
    ///
    /// # Errors
    /// As [`fetch_blob`](Self::fetch_blob).
    pub async fn stands_for_blob(&self, uris: &[String], blob: &Digest) -> Result<bool, RemoteError> {
        Ok(self.find_blob(uris).await? == Some(*blob))
    }

    async fn find_blob(&self, uris: &[String]) -> Result<Option<Digest>, RemoteError> {
        let ask = || async {
            let message = asset::FetchBlobRequest {
                instance_name: self.instance(),
                uris: uris.to_vec(),
                digest_function: self.wire_function(),
                ..Default::default()
            };
            let answer = FetchClient::new(self.channel()).fetch_blob(self.request(message, 0)).await;
            self.found(answer.map(|answer| {
                let answer = answer.into_inner();
                (answer.status, answer.blob_digest)
            }))
        };
        self.retry(FIND, ask).await
    }

    /// The root of the tree that the first known one of `uris` stands for (`FetchDirectory`); `None` when the server knows
    /// none of them.
    ///
    /// # Errors
    /// As [`fetch_blob`](Self::fetch_blob).
    pub async fn fetch_directory(&self, uris: &[String]) -> Result<Option<Digest>, RemoteError> {
        let found = self.find_directory(uris).await?;
        self.counters().count_lookup(found.is_some());
        Ok(found)
    }

    /// Whether one of `uris` stands for a tree already; this is no lookup of the statistics.
    ///
    /// # Errors
    /// As [`fetch_blob`](Self::fetch_blob).
    pub async fn stands_for_directory(&self, uris: &[String]) -> Result<bool, RemoteError> {
        Ok(self.find_directory(uris).await?.is_some())
    }

    async fn find_directory(&self, uris: &[String]) -> Result<Option<Digest>, RemoteError> {
        let ask = || async {
            let message = asset::FetchDirectoryRequest {
                instance_name: self.instance(),
                uris: uris.to_vec(),
                digest_function: self.wire_function(),
                ..Default::default()
            };
            let answer = FetchClient::new(self.channel()).fetch_directory(self.request(message, 0)).await;
            self.found(answer.map(|answer| {
                let answer = answer.into_inner();
                (answer.status, answer.root_directory_digest)
            }))
        };
        self.retry(FIND, ask).await
    }

    /// Has `uris` stand for a blob (`PushBlob`), which the server's storage must have.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or has no assets.
    pub async fn push_blob(
        &self,
        uris: &[String],
        blob: &Digest,
        references: &AssetReferences,
    ) -> Result<(), RemoteError> {
        let ask = || async {
            let message = asset::PushBlobRequest {
                instance_name: self.instance(),
                uris: uris.to_vec(),
                blob_digest: Some(digest_to_proto(blob)),
                references_blobs: references.blobs.iter().map(digest_to_proto).collect(),
                references_directories: references.directories.iter().map(digest_to_proto).collect(),
                digest_function: self.wire_function(),
                ..Default::default()
            };
            PushClient::new(self.channel()).push_blob(self.request(message, 0)).await?;
            Ok(())
        };
        self.retry(STORE, ask).await
    }

    /// Has `uris` stand for a tree (`PushDirectory`), which the server's storage must have.
    ///
    /// # Errors
    /// As [`push_blob`](Self::push_blob).
    pub async fn push_directory(&self, uris: &[String], root: &Digest) -> Result<(), RemoteError> {
        let ask = || async {
            let message = asset::PushDirectoryRequest {
                instance_name: self.instance(),
                uris: uris.to_vec(),
                root_directory_digest: Some(digest_to_proto(root)),
                digest_function: self.wire_function(),
                ..Default::default()
            };
            PushClient::new(self.channel()).push_directory(self.request(message, 0)).await?;
            Ok(())
        };
        self.retry(STORE, ask).await
    }

    /// What an answer says. "Not found" may be in its status or be the status of the call.
    fn found(&self, answer: Result<Answer, Status>) -> Result<Option<Digest>, AttemptError> {
        let (status, digest) = match answer {
            Err(status) if status.code() == Code::NotFound => return Ok(None),
            other => other?,
        };
        match status.filter(|status| status.code != 0) {
            Some(status) if status.code == Code::NotFound as i32 => return Ok(None),
            Some(status) => return Err(status_in_answer(status).into()),
            None => {}
        }
        let digest = digest.as_ref().and_then(digest_from_proto);
        Ok(Some(digest.ok_or_else(|| self.protocol_error(FIND, "it answers with an invalid digest"))?))
    }
}

type Answer = (Option<bazel_remote_apis::google::rpc::Status>, Option<spec_proto::reapi::Digest>);
