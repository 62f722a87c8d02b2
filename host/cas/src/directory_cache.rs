//! Decoded directories kept in memory, in bounded number.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use spec_model::Digest;
use spec_model::tree::Directory;

/// Nodes in each of the two generations; a node takes about 150 bytes.
const LIMIT: usize = 100_000;

/// Two generations: what is used moves to the young one, and when that is full the old one is dropped.
#[derive(Default)]
pub(crate) struct DirectoryCache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<Digest, Arc<Directory>>,
    old: HashMap<Digest, Arc<Directory>>,
    nodes: usize,
}

impl DirectoryCache {
    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<Directory>> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = generations.young.get(digest) {
            return Some(Arc::clone(found));
        }
        let found = generations.old.remove(digest)?;
        generations.insert(*digest, Arc::clone(&found));
        Some(found)
    }

    pub(crate) fn insert(&self, digest: Digest, directory: Arc<Directory>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, directory);
    }
}

impl Generations {
    fn insert(&mut self, digest: Digest, directory: Arc<Directory>) {
        let nodes = 1 + directory.files.len() + directory.directories.len() + directory.symlinks.len();
        if self.nodes + nodes > LIMIT {
            self.old = mem::take(&mut self.young);
            self.nodes = 0;
        }
        self.nodes += nodes;
        self.young.insert(digest, directory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let cache = DirectoryCache::default();
        let digest = |n: usize| Digest::of(&n.to_le_bytes());
        for n in 0..LIMIT * 3 {
            cache.insert(digest(n), Arc::default());
            assert!(cache.get(&digest(0)).is_some());
        }
        assert!(cache.get(&digest(1)).is_none());
        let generations = cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(generations.young.len() + generations.old.len() <= 2 * LIMIT);
    }
}
