//! Making sure that a server has blobs, at the least cost: what it is known to have costs nothing, what somebody uploads
//! already is waited for, and the rest is asked for once and sent once.

use std::collections::HashSet;
use std::sync::Arc;

use spec_model::Digest;

use crate::blob::{BlobProvider, TransferTotals};
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::transfers::OVERHEAD;

/// Bytes of blobs that cost less to send than to ask for.
const SENT_WITHOUT_ASKING: u64 = 64 << 10;

impl Remote {
    /// Has the server have all of `messages` and `digests`: uploads those that it lacks. Contents are read only of these. Two
    /// things are different for the two: `messages`, which are probably not there, are sent without asking if they are small
    /// together; and nothing else is sent if `wanted` comes to `false`, which is found out at the same time. Then the answer is
    /// `None`.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub async fn ensure_present_if(
        &self,
        provider: Arc<dyn BlobProvider>,
        messages: &[Digest],
        digests: &[Digest],
        wanted: impl Future<Output = bool>,
    ) -> Result<Option<TransferTotals>, RemoteError> {
        let mut left = self.known().unknown(&[messages, digests].concat());
        let (mut claimed, mut others) = self.known().claim(&left);
        let (sent, asked) = split(&claimed.digests, messages);
        let (mut missing, first, wanted) =
            tokio::join!(self.missing_of(&asked), self.upload_some(Arc::clone(&provider), &sent), wanted);
        let mut moved = first?;
        self.known().insert(&sent);
        if let Ok(missing) = &missing {
            let missing: HashSet<&Digest> = missing.iter().collect();
            self.known().insert(asked.iter().filter(|digest| !missing.contains(digest)));
        }
        if !wanted {
            return Ok(None);
        }
        loop {
            moved = moved.plus(self.upload_some(Arc::clone(&provider), &missing?).await?);
            self.known().insert(&claimed.digests);
            drop(claimed);
            others.over().await;
            left = self.known().unknown(&left);
            if left.is_empty() {
                return Ok(Some(moved));
            }
            (claimed, others) = self.known().claim(&left);
            missing = self.missing_of(&claimed.digests).await;
        }
    }

    /// Finds out which of these blobs are there, as far as that is not known and nobody else finds it out at present.
    ///
    /// # Errors
    /// As [`missing`](Self::missing).
    pub async fn find_present(&self, digests: &[Digest]) -> Result<(), RemoteError> {
        let (claimed, _) = self.known().claim(&self.known().unknown(digests));
        let missing: HashSet<Digest> = self.missing_of(&claimed.digests).await?.into_iter().collect();
        self.known().insert(claimed.digests.iter().filter(|digest| !missing.contains(digest)));
        Ok(())
    }

    /// As [`missing`](Self::missing); asks nothing about nothing.
    async fn missing_of(&self, digests: &[Digest]) -> Result<Vec<Digest>, RemoteError> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        self.check_storage(self.capabilities().await?)?;
        self.missing(digests).await
    }

    /// As [`upload`](Self::upload); asks nothing about nothing.
    async fn upload_some(
        &self,
        provider: Arc<dyn BlobProvider>,
        digests: &[Digest],
    ) -> Result<TransferTotals, RemoteError> {
        if digests.is_empty() { Ok(TransferTotals::default()) } else { self.upload(provider, digests).await }
    }
}

/// Those of `claimed` that are sent without asking, and those that are asked for.
fn split(claimed: &[Digest], messages: &[Digest]) -> (Vec<Digest>, Vec<Digest>) {
    let messages: HashSet<&Digest> = messages.iter().collect();
    let (sent, asked): (Vec<Digest>, Vec<Digest>) =
        claimed.iter().partition(|digest| messages.contains(digest));
    let bytes: u64 = sent.iter().map(|digest| digest.size() + OVERHEAD).sum();
    if bytes <= SENT_WITHOUT_ASKING { (sent, asked) } else { (Vec::new(), claimed.to_vec()) }
}
