//! Carrying the last use of each root to the blobs that it needs.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;

use rustix::io::Errno;
use spec_model::Digest;
use spec_model::tree::Directory;

use super::inventory::{BlobInventory, Hash};
use super::roots::{Need, Roots};
use crate::codec;
use crate::layout::BlobName;
use crate::store::Cas;
use crate::usage::{self, Moment};

/// Visits everything that roots need. The most recently used root comes first, so that each directory is read only
/// once.
pub(super) struct UsePropagation<'a> {
    cas: &'a Cas,
    inventory: &'a mut BlobInventory,
    visited_trees: HashSet<Hash>,
    /// Directories that were visited without their files.
    visited_directories: HashSet<Hash>,
}

impl<'a> UsePropagation<'a> {
    /// Sets the last use of every blob to that of the most recently used root that needs it.
    pub(super) fn run(cas: &'a Cas, inventory: &'a mut BlobInventory, roots: &Roots) {
        let mut walk =
            Self { cas, inventory, visited_trees: HashSet::new(), visited_directories: HashSet::new() };
        for root in roots.latest_first() {
            for need in root.needs.iter() {
                match need {
                    Need::Blob(digest) => walk.inventory.raise_last_use(digest.hash(), root.last_use),
                    Need::Tree(digest) => walk.tree(digest.hash(), root.last_use),
                    Need::Directories(digest) => {
                        for hash in directories(walk.cas, digest, &mut walk.visited_directories) {
                            walk.inventory.raise_last_use(&hash, root.last_use);
                        }
                    }
                }
            }
        }
    }

    fn tree(&mut self, root: &Hash, last_use: Moment) {
        let mut pending = vec![*root];
        while let Some(hash) = pending.pop() {
            if !self.visited_trees.insert(hash) {
                continue;
            }
            let digest = Digest::new(hash, 0);
            let Some(directory) = read_directory_noatime(self.cas, &digest) else { continue };
            self.inventory.raise_last_use(&hash, last_use);
            for file in &directory.files {
                self.inventory.raise_last_use(file.digest.hash(), last_use);
            }
            pending.extend(directory.directories.iter().map(|child| *child.digest.hash()));
        }
    }
}

/// The directories of a tree that are here and were not visited before.
pub(super) fn directories(cas: &Cas, root: &Digest, visited: &mut HashSet<Hash>) -> Vec<Hash> {
    let (mut pending, mut found) = (vec![*root.hash()], Vec::new());
    while let Some(hash) = pending.pop() {
        if !visited.insert(hash) {
            continue;
        }
        let Some(directory) = read_directory_noatime(cas, &Digest::new(hash, 0)) else { continue };
        pending.extend(directory.directories.iter().map(|child| *child.digest.hash()));
        found.push(hash);
    }
    found
}

impl Cas {
    /// The unchecked contents of a blob of at most `limit` bytes. It is for finding out what a record needs; reading
    /// does not count as a use.
    #[must_use]
    pub fn peek(&self, digest: &Digest, limit: u64) -> Option<Vec<u8>> {
        if digest.size() > limit {
            return None;
        }
        let mut bytes = Vec::new();
        open_noatime(self, digest).ok()?.take(digest.size() + 1).read_to_end(&mut bytes).ok()?;
        Some(bytes).filter(|bytes| bytes.len() as u64 == digest.size())
    }
}

/// An unchecked directory; reading it does not count as a use. The size in the digest is ignored.
pub(crate) fn read_directory_noatime(cas: &Cas, digest: &Digest) -> Option<Directory> {
    let mut bytes = Vec::new();
    open_noatime(cas, digest).ok()?.read_to_end(&mut bytes).ok()?;
    codec::decode(&bytes).ok()
}

/// Opens a blob such that reading it does not count as a use.
pub(crate) fn open_noatime(cas: &Cas, digest: &Digest) -> Result<File, Errno> {
    usage::open_noatime(&cas.shared.objects, BlobName::of(digest).path())
}
