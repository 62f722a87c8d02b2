//! Uploading blobs.

use std::io::Read;
use std::sync::Arc;

use spec_cas::CasError;
use spec_model::Digest;
use spec_proto::reapi::compressor::Value as Compressor;
use spec_proto::reapi::{self, batch_update_blobs_request};

use crate::blob::{BlobContents, BlobProvider, TransferTotals};
use crate::connect::{RetryLimits, deadline};
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{AttemptError, blocking};
use crate::status_details::status_in_answer;
use crate::transfers::{Transfer, plan_transfers, run_divided, run_transfers};
use crate::wire::digest_to_proto;

/// zstd's compression level: a fast one, so that the network stays the bottleneck.
pub(crate) const LEVEL: i32 = 1;
/// What was asked of the server, for errors.
pub(crate) const STORE: &str = "store blobs";

impl Remote {
    /// Uploads blobs, whether the server has them or not: small ones in batches, large ones in streams, several requests at
    /// a time.
    ///
    /// # Errors
    /// When the provider fails, or the server cannot be reached or refuses; some blobs may be there then.
    pub async fn upload(
        &self,
        provider: Arc<dyn BlobProvider>,
        digests: &[Digest],
    ) -> Result<TransferTotals, RemoteError> {
        let upload = |transfer| {
            let (remote, provider) = (self.clone(), Arc::clone(&provider));
            async move {
                let one = |transfer| remote.upload_transfer(Arc::clone(&provider), transfer);
                run_divided(transfer, remote.batch_limit(), one).await
            }
        };
        let max_batch = self.max_batch().await?;
        run_transfers(plan_transfers(digests, max_batch), self.options().parallel, upload).await
    }

    async fn upload_transfer(
        &self,
        provider: Arc<dyn BlobProvider>,
        transfer: Transfer,
    ) -> Result<TransferTotals, RemoteError> {
        match transfer {
            Transfer::Batch(digests) => self.upload_batch(provider, digests.into()).await,
            Transfer::Stream(digest) => self.upload_stream(provider, digest).await,
        }
    }

    async fn upload_batch(
        &self,
        provider: Arc<dyn BlobProvider>,
        digests: Arc<[Digest]>,
    ) -> Result<TransferTotals, RemoteError> {
        let moved = TransferTotals::of(&*digests);
        let zstd = self.capabilities().await?.zstd_updates && !self.options().address.is_local();
        let attempt = || async {
            let (provider, digests) = (Arc::clone(&provider), Arc::clone(&digests));
            let read =
                move || digests.iter().map(|digest| update_request(&*provider, digest, zstd)).collect();
            let message = reapi::BatchUpdateBlobsRequest {
                instance_name: self.instance(),
                requests: blocking(read).await?,
                digest_function: self.wire_function(),
            };
            let request = self.request(message, moved.bytes);
            let answer = self.storage().batch_update_blobs(request).await?.into_inner();
            self.check_stored(answer, moved.blobs)
        };
        self.retry_within(RetryLimits::of_transfer(deadline(self.options(), moved.bytes)), STORE, attempt)
            .await?;
        Ok(moved)
    }

    /// Checks that the server stored every blob of a batch; fails with the status of the first that it did not.
    fn check_stored(&self, answer: reapi::BatchUpdateBlobsResponse, sent: u64) -> Result<(), AttemptError> {
        let got = answer.responses.len();
        if got as u64 != sent {
            return Err(self.protocol_error(STORE, format!("{got} answers to {sent} blobs")).into());
        }
        match answer.responses.into_iter().filter_map(|one| one.status).find(|status| status.code != 0) {
            Some(status) => Err(status_in_answer(status).into()),
            None => Ok(()),
        }
    }
}

fn update_request(
    provider: &dyn BlobProvider,
    digest: &Digest,
    zstd: bool,
) -> Result<batch_update_blobs_request::Request, CasError> {
    let plain = match provider.open(digest)? {
        BlobContents::Bytes(bytes) => bytes,
        BlobContents::File(mut file) => {
            let mut bytes = Vec::with_capacity(usize::try_from(digest.size()).unwrap_or(0));
            let read = file.read_to_end(&mut bytes);
            read.map_err(|error| CasError::writing("a blob to send", error))?;
            bytes
        }
    };
    let compressed = zstd.then(|| zstd::bulk::compress(&plain, LEVEL).ok()).flatten();
    let compressed = compressed.filter(|compressed| compressed.len() < plain.len());
    let compressor = if compressed.is_some() { Compressor::Zstd } else { Compressor::Identity };
    Ok(batch_update_blobs_request::Request {
        digest: Some(digest_to_proto(digest)),
        data: compressed.unwrap_or(plain),
        compressor: compressor as i32,
    })
}
