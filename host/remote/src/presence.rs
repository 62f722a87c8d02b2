//! Making sure that a server has blobs, at the least cost: what it is known to have costs nothing, what somebody uploads
//! already is waited for, and the rest is asked for once and sent once.

use std::sync::Arc;

use spec_model::Digest;

use crate::blob::{BlobProvider, TransferTotals};
use crate::error::RemoteError;
use crate::remote::Remote;

impl Remote {
    /// Has the server have all of `digests`: uploads those that it lacks. Contents are read only of these.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub async fn ensure_present(
        &self,
        provider: Arc<dyn BlobProvider>,
        digests: &[Digest],
    ) -> Result<TransferTotals, RemoteError> {
        let moved = self.ensure_present_if(provider, digests, std::future::ready(true)).await?;
        Ok(moved.unwrap_or_default())
    }

    /// As [`ensure_present`](Self::ensure_present), if `wanted` comes to `true`, which is found out while the server is asked
    /// what it lacks; `None` otherwise.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub async fn ensure_present_if(
        &self,
        provider: Arc<dyn BlobProvider>,
        digests: &[Digest],
        wanted: impl Future<Output = bool>,
    ) -> Result<Option<TransferTotals>, RemoteError> {
        let mut left = self.known().unknown(digests);
        let (mut claimed, mut others) = self.known().claim(&left);
        let (mut missing, wanted) = tokio::join!(self.missing_of(&claimed.digests), wanted);
        if !wanted {
            return Ok(None);
        }
        let mut moved = TransferTotals::default();
        loop {
            moved = moved.plus(self.upload(Arc::clone(&provider), &missing?).await?);
            self.known().insert(&claimed.digests);
            drop(claimed);
            for mut other in others {
                // It closes when the other operation is over, however it ended.
                while other.changed().await.is_ok() {}
            }
            left = self.known().unknown(&left);
            if left.is_empty() {
                return Ok(Some(moved));
            }
            (claimed, others) = self.known().claim(&left);
            missing = self.missing_of(&claimed.digests).await;
        }
    }

    /// As [`missing`](Self::missing); asks nothing about nothing.
    async fn missing_of(&self, digests: &[Digest]) -> Result<Vec<Digest>, RemoteError> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        self.check_storage(self.capabilities().await?)?;
        self.missing(digests).await
    }
}
