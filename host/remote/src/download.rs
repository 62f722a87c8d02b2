//! Blobs from a server.

use std::collections::HashSet;
use std::sync::Arc;

use spec_cas::CasError;
use spec_model::Digest;
use spec_proto::reapi::{self, batch_read_blobs_response};
use tonic::{Code, Status};

use crate::blob::{Moved, Receiver};
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{Failed, blocking};
use crate::share::{Portion, each, portions};
use crate::wire::{from_wire, to_wire};

pub(crate) const FETCH: &str = "send blobs";

impl Remote {
    /// Brings blobs to a receiver, each once: small ones in batches, large ones alone, several at a time.
    ///
    /// # Errors
    /// `remote-missing`; when the receiver fails, or the server cannot be reached or refuses. Some blobs may have
    /// been received then.
    pub async fn download(
        &self,
        receiver: Arc<dyn Receiver>,
        digests: &[Digest],
    ) -> Result<Moved, RemoteError> {
        let bring = |portion| {
            let (remote, receiver) = (self.clone(), Arc::clone(&receiver));
            async move {
                match portion {
                    Portion::Batch(digests) => remote.download_batch(receiver, &digests).await,
                    Portion::Stream(digest) => remote.download_stream(receiver, digest).await,
                }
            }
        };
        let mut seen = HashSet::new();
        let distinct: Vec<Digest> = digests.iter().copied().filter(|digest| seen.insert(*digest)).collect();
        each(portions(&distinct, self.offer().max_batch), self.options().parallel, bring).await
    }

    async fn download_batch(
        &self,
        receiver: Arc<dyn Receiver>,
        digests: &[Digest],
    ) -> Result<Moved, RemoteError> {
        let blobs = self.batch(digests).await?;
        let function = self.function();
        let put = move || {
            let wrong = blobs.iter().find(|(digest, data)| function.of(data) != *digest);
            match wrong {
                Some((digest, _)) => Ok(Err(*digest)),
                None => {
                    let put = blobs.iter().try_for_each(|(digest, data)| receiver.put(digest, data));
                    put.map(Ok::<(), Digest>)
                }
            }
        };
        match self.final_blocking(put).await? {
            Ok(()) => Ok(Moved::of(digests)),
            Err(digest) => Err(self.broken(FETCH, format!("it sent something else than {digest}"))),
        }
    }

    /// The contents of a batch, not checked yet.
    async fn batch(&self, digests: &[Digest]) -> Result<Vec<(Digest, Vec<u8>)>, RemoteError> {
        let bytes = digests.iter().map(Digest::size).sum();
        let ask = || async {
            let message = reapi::BatchReadBlobsRequest {
                instance_name: self.instance(),
                digests: digests.iter().map(to_wire).collect(),
                digest_function: self.wire_function(),
                ..Default::default()
            };
            let request = self.request(message, bytes);
            let answer = self.storage().batch_read_blobs(request).await?.into_inner();
            let contents: Result<Vec<_>, _> =
                answer.responses.into_iter().map(|response| self.content(response)).collect();
            let contents = contents?;
            self.check_answers(digests, &contents)?;
            Ok(contents)
        };
        self.retry(FETCH, ask).await
    }

    /// Each blob that was asked for is answered once, and no other.
    fn check_answers(&self, asked: &[Digest], answered: &[(Digest, Vec<u8>)]) -> Result<(), RemoteError> {
        let mut open: HashSet<&Digest> = asked.iter().collect();
        if let Some((digest, _)) = answered.iter().find(|(digest, _)| !open.remove(digest)) {
            let why = if asked.contains(digest) { "twice" } else { "unasked" };
            return Err(self.broken(FETCH, format!("it answers {why} with {digest}")));
        }
        match asked.iter().find(|digest| open.contains(digest)) {
            Some(digest) => Err(self.broken(FETCH, format!("it answers nothing to {digest}"))),
            None => Ok(()),
        }
    }

    fn content(&self, response: batch_read_blobs_response::Response) -> Result<(Digest, Vec<u8>), Failed> {
        let digest = response.digest.as_ref().and_then(from_wire);
        let digest = digest.ok_or_else(|| self.broken(FETCH, "it answers with a digest that is none"))?;
        match response.status.filter(|status| status.code != 0) {
            None => Ok((digest, response.data)),
            Some(status) if status.code == Code::NotFound as i32 => {
                Err(RemoteError::Missing { address: self.address(), digest }.into())
            }
            Some(status) => Err(Status::new(Code::from(status.code), status.message).into()),
        }
    }

    /// Something on the disk that is not tried again.
    pub(crate) async fn final_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, CasError> + Send + 'static,
    ) -> Result<T, RemoteError> {
        blocking(job).await.map_err(|failed| match failed {
            Failed::Final(error) => error,
            Failed::Status(status) => self.blame(FETCH, &status),
        })
    }
}
