//! Handles on the store that have blobs which are elsewhere: these count as here, and are brought when somebody reads them.

use std::sync::Arc;

use spec_model::Digest;

use crate::blob_source::BlobSource;
use crate::error::{CasError, Result};
use crate::store::Cas;
use crate::tree::{EntryRef, Walk};

impl Cas {
    /// A handle on the same store that has the blobs of `source`, too.
    #[must_use]
    pub fn with_blob_source(mut self, source: Arc<dyn BlobSource>) -> Self {
        Arc::make_mut(&mut self.options).source = Some(source);
        self
    }

    /// A handle on the same store that has only what is in the store.
    #[must_use]
    pub fn without_blob_source(mut self) -> Self {
        Arc::make_mut(&mut self.options).source = None;
        self
    }

    /// Whether this handle has blobs that are elsewhere.
    #[must_use]
    pub fn has_blob_source(&self) -> bool {
        self.options.source.is_some()
    }

    /// Whether the blob is not in the store, but elsewhere.
    pub(crate) fn is_elsewhere(&self, digest: &Digest) -> bool {
        self.options.source.as_ref().is_some_and(|source| source.has(digest))
    }

    /// Brings those of `digests` into the store that are elsewhere, together. Does not fail for those that are nowhere.
    ///
    /// # Errors
    /// When they cannot be had at present, or the store fails.
    pub fn bring(&self, digests: &[Digest]) -> Result<()> {
        let Some(source) = &self.options.source else { return Ok(()) };
        let mut wanted: Vec<Digest> = digests.iter().filter(|digest| source.has(digest)).copied().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let store = self.clone().without_blob_source();
        let absent = store.missing(&wanted)?;
        if absent.is_empty() { Ok(()) } else { source.bring(&absent) }
    }

    /// Tells whoever has blobs elsewhere that these will probably be read soon. Returns at once.
    pub fn expect(&self, digests: &[Digest]) {
        if let Some(source) = &self.options.source {
            source.expect(digests);
        }
    }

    /// Brings all of a tree into the store that is elsewhere, for what outlives this handle.
    ///
    /// # Errors
    /// As [`bring`](Self::bring) and [`directory`](Self::directory).
    pub fn bring_tree(&self, root: &Digest) -> Result<()> {
        if self.options.source.is_none() || self.clone().without_blob_source().is_complete(root)? {
            return Ok(());
        }
        let mut files = Vec::new();
        self.walk_shared(root, &mut |_, entry| {
            if let EntryRef::File(file) = entry {
                files.push(file.digest);
            }
            Ok(Walk::Enter)
        })?;
        self.bring(&files)
    }

    /// Brings one blob that is not in the store.
    ///
    /// # Errors
    /// `cas-missing` when it is nowhere.
    pub(crate) fn bring_one(&self, digest: &Digest) -> Result<()> {
        match &self.options.source {
            Some(source) if source.has(digest) => source.bring(std::slice::from_ref(digest)),
            _ => Err(CasError::Missing { digest: *digest, what: "blob".to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests;
