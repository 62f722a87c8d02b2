//! Lightweight pulls: of an artifact that is not wanted itself, only the record of its speculative actions, and what that
//! names.

use std::time::Duration;

use spec_artifact::{ArtifactName, ReceivedRecord};
use spec_model::Digest;

use crate::artifacts::{MAX_RECORD, Result, SharedArtifacts};
use crate::monitor::CacheMonitor;
use crate::server::Purpose;
use crate::servers::SharedCacheError;

/// Bytes of the largest record of speculative actions that is received.
const MAX_SPECULATIVE_ACTIONS: u64 = 64 << 20;
/// Bytes of all records that are received for one question.
const MAX_ALL: u64 = 256 << 20;

impl SharedArtifacts {
    /// The records of speculative actions of these artifacts, in the order given; `None` where no server has one. All indexes
    /// are asked at the same time, and all records come together, so that the number of artifacts adds no round trips. Only the
    /// records of the artifacts and of their speculative actions are received; the artifacts do not count as cached.
    ///
    /// # Errors
    /// When the store fails, or the work is cancelled.
    pub fn pull_records(
        &self,
        names: &[ArtifactName],
        monitor: &dyn CacheMonitor,
    ) -> Result<Vec<Option<Digest>>> {
        self.servers.runtime.run(monitor.cancel(), self.receive_records(names, monitor))
    }

    async fn receive_records(
        &self,
        names: &[ArtifactName],
        monitor: &dyn CacheMonitor,
    ) -> Result<Vec<Option<Digest>>> {
        // The storage is connected to meanwhile.
        let (asked, ()) = tokio::join!(self.ask_indexes(names, monitor), self.connect(monitor));
        asked?;
        let artifacts: Vec<Option<Digest>> = names.iter().map(|name| self.answer(name)).collect();
        let artifacts = within_limits(artifacts, MAX_RECORD);
        self.receive_present(&some_of(&artifacts), monitor).await?;
        let mut records = Vec::with_capacity(names.len());
        for (name, artifact) in names.iter().zip(artifacts) {
            records.push(match artifact {
                Some(digest) => self.record_of(name, &digest, monitor)?,
                None => None,
            });
        }
        let records = within_limits(records, MAX_SPECULATIVE_ACTIONS);
        self.receive_present(&some_of(&records), monitor).await?;
        let is_here = |record: &Digest| Ok::<_, SharedCacheError>(self.cas.missing(&[*record])?.is_empty());
        let mut here = Vec::with_capacity(records.len());
        for record in records {
            here.push(match record {
                Some(digest) if is_here(&digest)? => Some(digest),
                _ => None,
            });
        }
        Ok(here)
    }

    /// As [`pull_records`](Self::pull_records); none is found when that takes longer than `limit`.
    ///
    /// # Errors
    /// As [`pull_records`](Self::pull_records).
    pub fn pull_records_within(
        &self,
        names: &[ArtifactName],
        limit: Duration,
        monitor: &dyn CacheMonitor,
    ) -> Result<Vec<Option<Digest>>> {
        let pull = async { tokio::time::timeout(limit, self.receive_records(names, monitor)).await };
        self.servers
            .runtime
            .run(monitor.cancel(), async { pull.await.unwrap_or_else(|_| Ok(vec![None; names.len()])) })
    }

    /// Pulls those of `blobs` that the store lacks from whichever storages have them. What none has stays missing.
    ///
    /// # Errors
    /// As [`pull_records`](Self::pull_records).
    pub fn pull_blobs(&self, blobs: &[Digest], monitor: &dyn CacheMonitor) -> Result<()> {
        self.servers.runtime.run(monitor.cancel(), self.receive_present(blobs, monitor))
    }

    async fn receive_present(&self, blobs: &[Digest], monitor: &dyn CacheMonitor) -> Result<()> {
        let mut missing = self.cas.missing(blobs)?;
        for server in self.servers.storages() {
            if missing.is_empty() {
                break;
            }
            missing =
                match server.download_present(&self.cas, &missing, monitor, Purpose::PullRecords).await? {
                    Some(absent) => absent,
                    None => self.cas.missing(&missing)?,
                };
        }
        Ok(())
    }

    /// Connects to the first storage.
    async fn connect(&self, monitor: &dyn CacheMonitor) {
        if let Some(server) = self.servers.storages().next() {
            // An error of it is told once and shows again when it is needed.
            let _ =
                server.ask(monitor, Purpose::PullRecords, async { server.storage().await.map(drop) }).await;
        }
    }

    /// What an artifact says is the record of its speculative actions, if it is the artifact of that name.
    fn record_of(
        &self,
        name: &ArtifactName,
        artifact: &Digest,
        monitor: &dyn CacheMonitor,
    ) -> Result<Option<Digest>> {
        if !self.cas.missing(&[*artifact])?.is_empty() {
            return Ok(None);
        }
        match ReceivedRecord::check(name, self.cas.get(artifact)?) {
            Ok(received) => Ok(received.artifact().speculative_actions),
            Err(wrong) => {
                let text =
                    format!("what a server sent is of no use: {wrong}; {}", Purpose::PullRecords.instead());
                monitor.warning("wrong-artifact", text);
                Ok(None)
            }
        }
    }
}

fn some_of(digests: &[Option<Digest>]) -> Vec<Digest> {
    digests.iter().flatten().copied().collect()
}

/// Leaves out what is larger than `largest`, and what is too much together.
fn within_limits(digests: Vec<Option<Digest>>, largest: u64) -> Vec<Option<Digest>> {
    let mut left = MAX_ALL;
    let mut take = |digest: &Digest| {
        let fits = digest.size() <= largest.min(left);
        left -= if fits { digest.size() } else { 0 };
        fits
    };
    digests.into_iter().map(|digest| digest.filter(&mut take)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_alone_or_together_is_left_out() {
        let sized = |size| Digest::from_hex(&"ab".repeat(32), size).ok();
        let taken = within_limits(vec![sized(MAX_ALL - 1), None, sized(2), sized(1), sized(0)], MAX_ALL);
        assert_eq!(taken, [sized(MAX_ALL - 1), None, None, sized(1), sized(0)]);
        assert_eq!(within_limits(vec![sized(11), sized(10)], 10), [None, sized(10)]);
    }
}
