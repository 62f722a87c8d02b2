//! Downloading blobs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use spec_cas::CasError;
use spec_model::Digest;
use spec_proto::reapi::compressor::Value as Compressor;
use spec_proto::reapi::{self, batch_read_blobs_response};
use tonic::Code;

use crate::blob::{BlobReceiver, TransferTotals};
use crate::connect::{RetryLimits, deadline};
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{AttemptError, blocking};
use crate::status_details::status_in_answer;
use crate::transfers::{Transfer, plan_transfers, run_divided, run_transfers};
use crate::wire::{digest_from_proto, digest_to_proto};

/// What was asked of the server, for errors.
pub(crate) const FETCH: &str = "send blobs";

/// What is done about a blob that the server does not have: go on, or fail.
type OnAbsent = dyn Fn(Digest) -> Result<(), RemoteError> + Send + Sync;
/// A blob of an answer; without contents where the server does not have it.
type BatchedBlob = (Digest, Option<Vec<u8>>);

impl Remote {
    /// Downloads blobs to a receiver, each once: small ones in batches, large ones in streams, several requests at a time.
    ///
    /// # Errors
    /// `remote-missing`; when the receiver fails, or the server cannot be reached or refuses. Some blobs may have
    /// been received then.
    pub async fn download(
        &self,
        receiver: Arc<dyn BlobReceiver>,
        digests: &[Digest],
    ) -> Result<TransferTotals, RemoteError> {
        let address = self.address();
        let missing = move |digest| Err(RemoteError::Missing { address: address.clone(), digest });
        self.download_or(receiver, digests, Arc::new(missing)).await
    }

    /// As [`download`](Self::download), but a blob that the server does not have keeps no other one from being received.
    /// Returns those that it does not have.
    ///
    /// # Errors
    /// When the receiver fails, or the server cannot be reached or refuses.
    pub async fn download_present(
        &self,
        receiver: Arc<dyn BlobReceiver>,
        digests: &[Digest],
    ) -> Result<Vec<Digest>, RemoteError> {
        let absent = Arc::<Mutex<Vec<Digest>>>::default();
        let found = Arc::clone(&absent);
        let note = move |digest| {
            found.lock().unwrap_or_else(PoisonError::into_inner).push(digest);
            Ok(())
        };
        self.download_or(receiver, digests, Arc::new(note)).await?;
        Ok(std::mem::take(&mut absent.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    async fn download_or(
        &self,
        receiver: Arc<dyn BlobReceiver>,
        digests: &[Digest],
        on_absent: Arc<OnAbsent>,
    ) -> Result<TransferTotals, RemoteError> {
        let download = |transfer| {
            let (remote, receiver, on_absent) = (self.clone(), Arc::clone(&receiver), Arc::clone(&on_absent));
            async move {
                let one = |transfer| remote.download_transfer(Arc::clone(&receiver), transfer, &*on_absent);
                run_divided(transfer, remote.batch_limit(), one).await
            }
        };
        let mut seen = HashSet::new();
        let distinct: Vec<Digest> = digests.iter().copied().filter(|digest| seen.insert(*digest)).collect();
        let max_batch = self.max_batch().await?;
        run_transfers(plan_transfers(&distinct, max_batch), self.options().parallel, download).await
    }

    async fn download_transfer(
        &self,
        receiver: Arc<dyn BlobReceiver>,
        transfer: Transfer,
        on_absent: &OnAbsent,
    ) -> Result<TransferTotals, RemoteError> {
        match transfer {
            Transfer::Batch(digests) => self.download_batch(receiver, &digests, on_absent).await,
            Transfer::Stream(digest) => match self.download_stream(receiver, digest).await {
                Err(RemoteError::Missing { digest, .. }) => {
                    on_absent(digest).map(|()| TransferTotals::default())
                }
                other => other,
            },
        }
    }

    async fn download_batch(
        &self,
        receiver: Arc<dyn BlobReceiver>,
        digests: &[Digest],
        on_absent: &OnAbsent,
    ) -> Result<TransferTotals, RemoteError> {
        let mut blobs = Vec::with_capacity(digests.len());
        for (digest, data) in self.batch(digests).await? {
            match data {
                Some(data) => blobs.push((digest, data)),
                None => on_absent(digest)?,
            }
        }
        let received: Vec<Digest> = blobs.iter().map(|(digest, _)| *digest).collect();
        self.store(move || receiver.put_many(&blobs)).await?;
        Ok(TransferTotals::of(&received))
    }

    /// Runs a job that stores what was received, and may block; blobs with other digests than they should have are the server's fault.
    pub(crate) async fn store(
        &self,
        job: impl FnOnce() -> Result<(), CasError> + Send + 'static,
    ) -> Result<(), RemoteError> {
        match self.blocking_once(job).await {
            Err(RemoteError::Local(CasError::WrongDigest { expected, .. })) => {
                Err(self.wrong_digest(&expected))
            }
            stored => stored,
        }
    }

    pub(crate) fn wrong_digest(&self, expected: &Digest) -> RemoteError {
        self.protocol_error(FETCH, format!("what it sent for {expected} has another digest"))
    }

    /// The contents of a batch, `None` for what the server does not have; their digests are not checked yet.
    async fn batch(&self, digests: &[Digest]) -> Result<Vec<BatchedBlob>, RemoteError> {
        let bytes = digests.iter().map(Digest::size).sum();
        let compressors = match self.compresses_streams().await? {
            true => vec![Compressor::Zstd as i32],
            false => Vec::new(),
        };
        let ask = || async {
            let message = reapi::BatchReadBlobsRequest {
                instance_name: self.instance(),
                digests: digests.iter().map(digest_to_proto).collect(),
                digest_function: self.wire_function(),
                acceptable_compressors: compressors.clone(),
            };
            let request = self.request(message, bytes);
            let answer = self.storage().batch_read_blobs(request).await?.into_inner();
            let contents: Result<Vec<_>, _> =
                answer.responses.into_iter().map(|response| self.content(response)).collect();
            let contents = contents?;
            self.check_answers(digests, &contents)?;
            Ok(contents)
        };
        self.retry_within(RetryLimits::of_transfer(deadline(self.options(), bytes)), FETCH, ask).await
    }

    /// Checks that the server answered each requested digest once, and no other.
    fn check_answers(&self, asked: &[Digest], answered: &[BatchedBlob]) -> Result<(), RemoteError> {
        let mut unanswered: HashSet<&Digest> = asked.iter().collect();
        if let Some((digest, _)) = answered.iter().find(|(digest, _)| !unanswered.remove(digest)) {
            let why = if asked.contains(digest) { "twice" } else { "without being asked" };
            return Err(self.protocol_error(FETCH, format!("it answers with {digest} {why}")));
        }
        match asked.iter().find(|digest| unanswered.contains(digest)) {
            Some(digest) => Err(self.protocol_error(FETCH, format!("its answer lacks {digest}"))),
            None => Ok(()),
        }
    }

    fn content(&self, response: batch_read_blobs_response::Response) -> Result<BatchedBlob, AttemptError> {
        let digest = response.digest.as_ref().and_then(digest_from_proto);
        let digest = digest.ok_or_else(|| self.protocol_error(FETCH, "it answers with an invalid digest"))?;
        match response.status.filter(|status| status.code != 0) {
            None if response.compressor == Compressor::Zstd as i32 => {
                // It has as many bytes as its digest says, or is none.
                let size = usize::try_from(digest.size()).unwrap_or(0);
                let data = zstd::bulk::decompress(&response.data, size);
                let bad =
                    |_| self.protocol_error(FETCH, format!("what it sent for {digest} is not compressed"));
                Ok((digest, Some(data.map_err(bad)?)))
            }
            None => Ok((digest, Some(response.data))),
            Some(status) if status.code == Code::NotFound as i32 => Ok((digest, None)),
            Some(status) => Err(status_in_answer(status).into()),
        }
    }

    /// Runs a job that may block; its failure is not retried.
    pub(crate) async fn blocking_once<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, CasError> + Send + 'static,
    ) -> Result<T, RemoteError> {
        blocking(job).await.map_err(|failed| match failed {
            AttemptError::Final(error) => error,
            AttemptError::Status(status) | AttemptError::Silent(status) => {
                self.error_of_status(FETCH, &status)
            }
        })
    }
}
