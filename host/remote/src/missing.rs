//! `FindMissingBlobs`: which blobs a server does not have.

use std::collections::HashSet;

use spec_model::Digest;
use spec_proto::reapi;

use crate::error::RemoteError;
use crate::remote::Remote;
use crate::wire::{digest_from_proto, digest_to_proto};

/// Digests in one request: 1.5 MB of a message that may have 4 MiB.
const DIGESTS_PER_REQUEST: usize = 20_000;
const ACTION: &str = "find missing blobs";

impl Remote {
    /// Those of `digests` that the server does not have, each once, in the order given.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub async fn missing(&self, digests: &[Digest]) -> Result<Vec<Digest>, RemoteError> {
        let mut seen = HashSet::new();
        let distinct: Vec<Digest> = digests.iter().copied().filter(|digest| seen.insert(*digest)).collect();
        let mut missing = HashSet::new();
        for part in distinct.chunks(DIGESTS_PER_REQUEST) {
            missing.extend(self.missing_part(part).await?);
        }
        Ok(distinct.into_iter().filter(|digest| missing.contains(digest)).collect())
    }

    async fn missing_part(&self, part: &[Digest]) -> Result<Vec<Digest>, RemoteError> {
        let ask = || async {
            let message = reapi::FindMissingBlobsRequest {
                instance_name: self.instance(),
                blob_digests: part.iter().map(digest_to_proto).collect(),
                digest_function: self.wire_function(),
            };
            Ok(self.storage().find_missing_blobs(self.request(message, 0)).await?.into_inner())
        };
        let answer = self.retry(ACTION, ask).await?;
        let digests = answer.missing_blob_digests.iter().map(digest_from_proto).collect::<Option<Vec<_>>>();
        let digests =
            digests.ok_or_else(|| self.protocol_error(ACTION, "it answers with an invalid digest"))?;
        let asked: HashSet<&Digest> = part.iter().collect();
        match digests.iter().find(|digest| !asked.contains(digest)) {
            Some(other) => Err(self.protocol_error(ACTION, format!("it was not asked for {other}"))),
            None => Ok(digests),
        }
    }
}
