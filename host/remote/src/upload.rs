//! Blobs to a server.

use std::io::Read;
use std::sync::Arc;

use spec_cas::CasError;
use spec_model::Digest;
use spec_proto::reapi::{self, batch_update_blobs_request};
use tonic::{Code, Status};

use crate::blob::{Blob, Moved, Provider};
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{Failed, blocking};
use crate::share::{Portion, each, portions};
use crate::wire::to_wire;

pub(crate) const STORE: &str = "store blobs";

impl Remote {
    /// Sends blobs, whether the server has them or not: small ones in batches, large ones alone, several at a time.
    ///
    /// # Errors
    /// When the provider fails, or the server cannot be reached or refuses; some blobs may be there then.
    pub async fn upload(
        &self,
        provider: Arc<dyn Provider>,
        digests: &[Digest],
    ) -> Result<Moved, RemoteError> {
        let send = |portion| {
            let (remote, provider) = (self.clone(), Arc::clone(&provider));
            async move {
                match portion {
                    Portion::Batch(digests) => remote.upload_batch(provider, digests.into()).await,
                    Portion::Stream(digest) => remote.upload_stream(provider, digest).await,
                }
            }
        };
        each(portions(digests, self.offer().max_batch), self.options().parallel, send).await
    }

    async fn upload_batch(
        &self,
        provider: Arc<dyn Provider>,
        digests: Arc<[Digest]>,
    ) -> Result<Moved, RemoteError> {
        let moved = Moved::of(&*digests);
        let attempt = || async {
            let (provider, digests) = (Arc::clone(&provider), Arc::clone(&digests));
            let read = move || digests.iter().map(|digest| update(&*provider, digest)).collect();
            let message = reapi::BatchUpdateBlobsRequest {
                instance_name: self.instance(),
                requests: blocking(read).await?,
                digest_function: self.wire_function(),
            };
            let request = self.request(message, moved.bytes);
            let answer = self.storage().batch_update_blobs(request).await?.into_inner();
            self.accept(answer, moved.blobs)
        };
        self.retry(STORE, attempt).await?;
        Ok(moved)
    }

    /// All blobs of a batch have to be taken; the first that was not stands for all.
    fn accept(&self, answer: reapi::BatchUpdateBlobsResponse, sent: u64) -> Result<(), Failed> {
        let got = answer.responses.len();
        if got as u64 != sent {
            return Err(self.broken(STORE, format!("{got} answers to {sent} blobs")).into());
        }
        match answer.responses.into_iter().filter_map(|one| one.status).find(|status| status.code != 0) {
            Some(status) => Err(Status::new(Code::from(status.code), status.message).into()),
            None => Ok(()),
        }
    }
}

fn update(provider: &dyn Provider, digest: &Digest) -> Result<batch_update_blobs_request::Request, CasError> {
    let data = match provider.open(digest)? {
        Blob::Bytes(bytes) => bytes,
        Blob::File(mut file) => {
            let mut bytes = Vec::with_capacity(usize::try_from(digest.size()).unwrap_or(0));
            let read = file.read_to_end(&mut bytes);
            read.map_err(|error| CasError::writing("a blob to send", error))?;
            bytes
        }
    };
    Ok(batch_update_blobs_request::Request { digest: Some(to_wire(digest)), data, ..Default::default() })
}
