//! Groups blobs into requests, and runs several requests at a time.

use std::collections::VecDeque;
use std::future::Future;

use spec_model::Digest;
use tokio::task::JoinSet;

use crate::blob::TransferTotals;
use crate::error::RemoteError;

/// Bytes on the wire of a digest and the fields around it, at most.
pub(crate) const OVERHEAD: u64 = 128;

/// The blobs of one request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// Small blobs, in a batch request.
    Batch(Vec<Digest>),
    /// One large blob, in a stream.
    Stream(Digest),
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
