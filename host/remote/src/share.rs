//! Blobs in portions, and portions side by side.

use std::collections::VecDeque;
use std::future::Future;

use spec_model::Digest;
use tokio::task::JoinSet;

use crate::blob::Moved;
use crate::error::RemoteError;

/// What a digest and the fields around it take on the wire, at most.
const AROUND: u64 = 128;

/// Blobs that travel together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Portion {
    /// In one batch.
    Batch(Vec<Digest>),
    /// Alone, in a stream.
    Stream(Digest),
}

/// Puts blobs into portions that a server takes, in the order given.
pub(crate) fn portions(digests: &[Digest], max_batch: u64) -> VecDeque<Portion> {
    let (mut portions, mut batch, mut size) = (VecDeque::new(), vec![], 0);
    for digest in digests {
        let cost = digest.size().saturating_add(AROUND);
        if cost > max_batch {
            portions.push_back(Portion::Stream(*digest));
            continue;
        }
        if size + cost > max_batch {
            portions.push_back(Portion::Batch(std::mem::take(&mut batch)));
            size = 0;
        }
        batch.push(*digest);
        size += cost;
    }
    if !batch.is_empty() {
        portions.push_back(Portion::Batch(batch));
    }
    portions
}

/// Does something with every portion, at most `parallel` at a time; the first error ends it.
pub(crate) async fn each<F>(
    portions: VecDeque<Portion>,
    parallel: usize,
    job: impl Fn(Portion) -> F,
) -> Result<Moved, RemoteError>
where
    F: Future<Output = Result<Moved, RemoteError>> + Send + 'static,
{
    let (mut waiting, mut running, mut moved) = (portions, JoinSet::new(), Moved::default());
    loop {
        while running.len() < parallel.max(1)
            && let Some(portion) = waiting.pop_front()
        {
            running.spawn(job(portion));
        }
        match running.join_next().await {
            None => return Ok(moved),
            Some(Ok(done)) => moved = moved.and(done?),
            Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portion_is_no_larger_than_a_batch_may_be() {
        let sized = |size| Digest::new([0; 32], size);
        let [small, half, large] = [10, 500, 1000].map(sized);
        let batch = |digests: &[Digest]| Portion::Batch(digests.to_vec());
        for (digests, expect) in [
            (vec![], vec![]),
            (vec![small, half], vec![batch(&[small, half])]),
            (vec![half, half], vec![batch(&[half]), batch(&[half])]),
            (vec![small, large, small], vec![Portion::Stream(large), batch(&[small, small])]),
        ] {
            assert_eq!(Vec::from(portions(&digests, 1000)), expect, "{digests:?}");
        }
    }
}
