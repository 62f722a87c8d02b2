//! Keeps a bounded number of decoded directories in memory. Each is looked up on disk now and then, which notes its
//! use there and finds out whether it was removed.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use spec_model::Digest;
use spec_model::tree::Directory;

use crate::usage::STALE;

/// Nodes in each of the two generations; a node takes about 150 bytes.
const LIMIT: usize = 100_000;

/// Two generations: what is used moves to the young one, and when that is full the old one is dropped.
#[derive(Default)]
pub(crate) struct DirectoryCache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<Digest, CachedDirectory>,
    old: HashMap<Digest, CachedDirectory>,
    nodes: usize,
}

#[derive(Clone)]
struct CachedDirectory {
    directory: Arc<Directory>,
    seen: Instant,
}

impl DirectoryCache {
    /// The directory, if it is in the cache. `is_here` looks it up on disk when that was not done lately.
    pub(crate) fn get<E>(
        &self,
        digest: &Digest,
        is_here: impl FnOnce() -> Result<bool, E>,
    ) -> Result<Option<Arc<Directory>>, E> {
        let Some(kept) = self.find(digest) else { return Ok(None) };
        if kept.seen.elapsed() < STALE {
            return Ok(Some(kept.directory));
        }
        self.forget(digest);
        if !is_here()? {
            return Ok(None);
        }
        self.insert(*digest, Arc::clone(&kept.directory));
        Ok(Some(kept.directory))
    }

    /// Keeps a directory that was just seen on disk.
    pub(crate) fn insert(&self, digest: Digest, directory: Arc<Directory>) {
        self.lock().insert(digest, CachedDirectory { directory, seen: Instant::now() });
    }

    pub(crate) fn forget(&self, digest: &Digest) {
        let mut generations = self.lock();
        generations.young.remove(digest);
        generations.old.remove(digest);
    }

    fn find(&self, digest: &Digest) -> Option<CachedDirectory> {
        let mut generations = self.lock();
        if let Some(found) = generations.young.get(digest) {
            return Some(found.clone());
        }
        let found = generations.old.remove(digest)?;
        generations.insert(*digest, found.clone());
        Some(found)
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn insert(&mut self, digest: Digest, kept: CachedDirectory) {
        let directory = &kept.directory;
        let nodes = 1 + directory.files.len() + directory.directories.len() + directory.symlinks.len();
        if self.nodes + nodes > LIMIT {
            self.old = mem::take(&mut self.young);
            self.nodes = 0;
        }
        self.nodes += nodes;
        self.young.insert(digest, kept);
    }
}

#[cfg(test)]
mod tests;
