//! Blobs that are elsewhere.

use std::fmt;

use spec_model::Digest;

use crate::error::Result;

/// Has blobs that one store lacks, and can bring them there. A handle on the store that is given it
/// ([`Cas::with_blob_source`](crate::Cas::with_blob_source)) treats these blobs as if they were in the store: they are not
/// missing, and to read one brings it.
pub trait BlobSource: fmt::Debug + Send + Sync + 'static {
    /// Whether it has the blob, as far as it knows without asking anybody.
    fn has(&self, digest: &Digest) -> bool;

    /// Stores those of `digests` that it has, each checked against its digest. What it turns out not to have stays missing.
    ///
    /// # Errors
    /// When the blobs cannot be had at present, or the store fails.
    fn bring(&self, digests: &[Digest]) -> Result<()>;

    /// Is told that somebody will probably read these blobs soon, so that it can bring them meanwhile. Returns at once.
    fn expect(&self, _digests: &[Digest]) {}
}
