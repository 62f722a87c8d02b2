//! Groups blobs into requests, and runs several requests at a time.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use spec_model::Digest;
use tokio::task::JoinSet;

use crate::blob::TransferTotals;
use crate::error::RemoteError;

/// Bytes on the wire of a digest and the fields around it, at most.
pub(crate) const OVERHEAD: u64 = 128;
/// A batch of so many bytes is tried, whatever became of others.
const SMALLEST_BATCH: u64 = 64 << 10;

/// The blobs of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// Small blobs, in a batch request.
    Batch(Vec<Digest>),
    /// One large blob, in a stream.
    Stream(Digest),
}

impl Transfer {
    /// Smaller requests for the same; `None` for one blob in a stream.
    fn parts(&self) -> Option<Vec<Self>> {
        match self {
            Self::Batch(many) if many.len() > 1 => {
                let (first, second) = many.split_at(many.len() / 2);
                Some([first, second].map(|part| Self::Batch(part.to_vec())).into())
            }
            Self::Batch(one) => one.first().map(|one| vec![Self::Stream(*one)]),
            Self::Stream(_) => None,
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Batch(many) => many.iter().map(|digest| digest.size().saturating_add(OVERHEAD)).sum(),
            Self::Stream(one) => one.size(),
        }
    }
}

/// How large a batch may be, as far as a server has shown.
#[derive(Debug)]
pub(crate) struct BatchLimit(AtomicU64);

impl Default for BatchLimit {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl BatchLimit {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn lower(&self, bytes: u64) {
        self.0.fetch_min(bytes.max(SMALLEST_BATCH), Ordering::Relaxed);
    }
}

/// Moves the blobs of one request. A batch that the server refuses is divided: some servers announce no limit and have one, and what
/// they say of it has no code of its own. One that refuses everything is asked a few times.
pub(crate) async fn run_divided<F>(
    transfer: Transfer,
    limit: &BatchLimit,
    job: impl Fn(Transfer) -> F,
) -> Result<TransferTotals, RemoteError>
where
    F: Future<Output = Result<TransferTotals, RemoteError>>,
{
    let (mut moved, mut too_large) = (TransferTotals::default(), None);
    let mut waiting = VecDeque::from([transfer]);
    while let Some(transfer) = waiting.pop_front() {
        let known = transfer.bytes() > limit.bytes();
        let refused = match transfer.parts().filter(|_| known) {
            Some(_) => None,
            None => match job(transfer.clone()).await {
                Ok(done) => {
                    moved = moved.plus(done);
                    too_large.take().into_iter().for_each(|bytes: u64| limit.lower(bytes / 2));
                    continue;
                }
                Err(error @ RemoteError::Refused { .. }) => Some(error),
                Err(error) => return Err(error),
            },
        };
        match (transfer.parts(), refused) {
            (None, Some(error)) => return Err(error),
            (parts, refused) => {
                too_large = refused.map(|_| transfer.bytes()).or(too_large);
                parts.into_iter().flatten().rev().for_each(|part| waiting.push_front(part));
            }
        }
    }
    Ok(moved)
}

/// Groups blobs into requests within the server's limit, in the order given.
pub(crate) fn plan_transfers(digests: &[Digest], max_batch: u64) -> VecDeque<Transfer> {
    let (mut transfers, mut batch, mut size) = (VecDeque::new(), vec![], 0);
    for digest in digests {
        let cost = digest.size().saturating_add(OVERHEAD);
        if cost > max_batch {
            transfers.push_back(Transfer::Stream(*digest));
            continue;
        }
        if size + cost > max_batch {
            transfers.push_back(Transfer::Batch(std::mem::take(&mut batch)));
            size = 0;
        }
        batch.push(*digest);
        size += cost;
    }
    if !batch.is_empty() {
        transfers.push_back(Transfer::Batch(batch));
    }
    transfers
}

/// Runs all transfers, at most `parallel` at a time; the first error cancels the others.
pub(crate) async fn run_transfers<F>(
    transfers: VecDeque<Transfer>,
    parallel: usize,
    job: impl Fn(Transfer) -> F,
) -> Result<TransferTotals, RemoteError>
where
    F: Future<Output = Result<TransferTotals, RemoteError>> + Send + 'static,
{
    let (mut waiting, mut running, mut moved) = (transfers, JoinSet::new(), TransferTotals::default());
    loop {
        while running.len() < parallel.max(1)
            && let Some(transfer) = waiting.pop_front()
        {
            running.spawn(job(transfer));
        }
        match running.join_next().await {
            None => return Ok(moved),
            Some(Ok(done)) => moved = moved.plus(done?),
            Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}

#[cfg(test)]
mod tests;
