//! An index in memory of the blobs of a store, for servers that get requests about very many blobs.
//!
//! Most of the blobs that a client asks for before it uploads are new, and for each of them the file system has to
//! search a folder. The index may be wrong, since other processes share the store: a blob that is in it is still
//! looked up; a blob that is not in it may exist, and then the client uploads it again.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock};

use spec_model::Digest;

use crate::error::Result;
use crate::layout::visit_blob_names;

/// Fewer digests than this are looked up one by one, so that small answers are exact.
const MIN_QUERY: usize = 256;
/// With more hashes than this the index is dropped: they would take 150 MB.
const MAX_HASHES: usize = 8 << 20;

/// The first eight bytes of the hashes of blobs; it does no harm when two blobs have the same. Empty until it is
/// built.
#[derive(Debug, Default)]
pub(crate) struct ExistenceIndex(OnceLock<RwLock<IndexedHashes>>);

#[derive(Debug)]
enum IndexedHashes {
    /// The store is still being listed: blobs that were here before may be missing.
    Incomplete(HashSet<u64>),
    Complete(HashSet<u64>),
    TooMany,
}

impl ExistenceIndex {
    /// Lists the blobs in the folder `objects` of the store at `root`. Blobs that this process stores meanwhile are
    /// [inserted](Self::insert) by who stores them.
    pub(crate) fn build(&self, objects: &OwnedFd, root: &Path) -> Result<()> {
        self.0.get_or_init(|| RwLock::new(IndexedHashes::Incomplete(HashSet::new())));
        for first in 0..=u8::MAX {
            visit_blob_names(objects, root, first, |_, name| {
                Digest::from_hex(name, 0).iter().for_each(|digest| self.insert(digest));
                Ok(())
            })?;
        }
        self.mark_complete();
        Ok(())
    }

    /// Notes that a blob is here.
    pub(crate) fn insert(&self, digest: &Digest) {
        let Some(index) = self.0.get() else { return };
        let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
        if let IndexedHashes::Incomplete(hashes) | IndexedHashes::Complete(hashes) = &mut *index {
            hashes.insert(hash_prefix(digest));
            if hashes.len() > MAX_HASHES {
                *index = IndexedHashes::TooMany;
            }
        }
    }

    fn mark_complete(&self) {
        let Some(index) = self.0.get() else { return };
        let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
        if let IndexedHashes::Incomplete(hashes) = &mut *index {
            *index = IndexedHashes::Complete(std::mem::take(hashes));
        }
    }

    /// For each of many digests whether the store may have it; `None` without an index, and for few digests.
    pub(crate) fn may_contain(&self, digests: &[Digest]) -> Option<Vec<bool>> {
        if digests.len() < MIN_QUERY {
            return None;
        }
        match &*self.0.get()?.read().unwrap_or_else(PoisonError::into_inner) {
            IndexedHashes::Complete(hashes) => {
                Some(digests.iter().map(|digest| hashes.contains(&hash_prefix(digest))).collect())
            }
            IndexedHashes::Incomplete(_) | IndexedHashes::TooMany => None,
        }
    }
}

/// Hashes are random, so any part of them distinguishes blobs.
fn hash_prefix(digest: &Digest) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *digest.hash();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests;
