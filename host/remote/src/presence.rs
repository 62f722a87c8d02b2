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
        let mut moved = TransferTotals::default();
        let mut left = self.known().unknown(digests);
        while !left.is_empty() {
            let (claimed, others) = self.known().claim(&left);
            if !claimed.digests.is_empty() {
                let missing = self.missing(&claimed.digests).await?;
                moved = moved.plus(self.upload(Arc::clone(&provider), &missing).await?);
                self.known().insert(&claimed.digests);
            }
            drop(claimed);
            for mut other in others {
                // It closes when the other operation is over, however it ended.
                while other.changed().await.is_ok() {}
            }
            left = self.known().unknown(&left);
        }
        Ok(moved)
    }
}
