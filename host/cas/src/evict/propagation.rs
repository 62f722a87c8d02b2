//! From what is used to the blobs that it needs.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;

use rustix::io::Errno;
use spec_model::Digest;
use spec_model::tree::Directory;

use super::inventory::{BlobInventory, Hash};
use super::roots::Roots;
use crate::codec;
use crate::layout::BlobName;
use crate::store::Cas;
use crate::usage::{self, Moment};

/// Something that a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A blob.
    Blob(Digest),
    /// A tree with all that is in it, as far as it is here.
    Tree(Digest),
    /// The directories of a tree, as far as they are here, and no files.
    Directories(Digest),
}

/// A walk over everything that roots need, the root that was used last first: so a directory need be read only once.
pub(super) struct UsePropagation<'a> {
    cas: &'a Cas,
    inventory: &'a mut BlobInventory,
    visited_trees: HashSet<Hash>,
    /// As far as directories go.
    visited_directories: HashSet<Hash>,
}

impl<'a> UsePropagation<'a> {
    /// Notes with every blob when something that needs it was used.
    pub(super) fn run(cas: &'a Cas, inventory: &'a mut BlobInventory, roots: &Roots) {
        let mut walk =
            Self { cas, inventory, visited_trees: HashSet::new(), visited_directories: HashSet::new() };
        for root in roots.latest_first() {
            for need in root.needs.iter() {
                match need {
                    Need::Blob(digest) => walk.inventory.raise_last_use(digest.hash(), root.used),
                    Need::Tree(digest) => walk.tree(digest.hash(), root.used),
                    Need::Directories(digest) => {
                        for hash in directories(walk.cas, digest, &mut walk.visited_directories) {
                            walk.inventory.raise_last_use(&hash, root.used);
                        }
                    }
                }
            }
        }
    }

    fn tree(&mut self, root: &Hash, used: Moment) {
        let mut open = vec![*root];
        while let Some(hash) = open.pop() {
            if !self.visited_trees.insert(hash) {
                continue;
            }
            let digest = Digest::new(hash, 0);
            let Some(directory) = read_directory_noatime(self.cas, &digest) else { continue };
            self.inventory.raise_last_use(&hash, used);
            for file in &directory.files {
                self.inventory.raise_last_use(file.digest.hash(), used);
            }
            open.extend(directory.directories.iter().map(|child| *child.digest.hash()));
        }
    }
}

/// The directories of a tree that are here and were not visited_trees before.
pub(super) fn directories(cas: &Cas, root: &Digest, visited_trees: &mut HashSet<Hash>) -> Vec<Hash> {
    let (mut open, mut found) = (vec![*root.hash()], Vec::new());
    while let Some(hash) = open.pop() {
        if !visited_trees.insert(hash) {
            continue;
        }
        let Some(directory) = read_directory_noatime(cas, &Digest::new(hash, 0)) else { continue };
        open.extend(directory.directories.iter().map(|child| *child.digest.hash()));
        found.push(hash);
    }
    found
}

impl Cas {
    /// The contents of a blob of at most `limit` bytes, unchecked, for telling what a record needs: reading it does not
    /// count as a use.
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

/// A directory, unchecked, without that counting as a use. The size of the digest does not matter.
pub(crate) fn read_directory_noatime(cas: &Cas, digest: &Digest) -> Option<Directory> {
    let mut bytes = Vec::new();
    open_noatime(cas, digest).ok()?.read_to_end(&mut bytes).ok()?;
    codec::decode(&bytes).ok()
}

/// Opens a blob such that reading it does not count as a use.
pub(crate) fn open_noatime(cas: &Cas, digest: &Digest) -> Result<File, Errno> {
    usage::open_noatime(&cas.shared.objects, BlobName::of(digest).path())
}
