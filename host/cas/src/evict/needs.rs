//! From what is used to the blobs that it needs.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;

use rustix::io::Errno;
use spec_model::Digest;
use spec_model::tree::Directory;

use super::census::{Census, Hash};
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
pub(super) struct Needed<'a> {
    cas: &'a Cas,
    census: &'a mut Census,
    seen: HashSet<Hash>,
    /// As far as directories go.
    seen_folders: HashSet<Hash>,
}

impl<'a> Needed<'a> {
    /// Notes with every blob when something that needs it was used.
    pub(super) fn mark(cas: &'a Cas, census: &'a mut Census, roots: &Roots) {
        let mut walk = Self { cas, census, seen: HashSet::new(), seen_folders: HashSet::new() };
        for root in roots.latest_first() {
            for need in root.needs.iter() {
                match need {
                    Need::Blob(digest) => walk.census.need(digest.hash(), root.used),
                    Need::Tree(digest) => walk.tree(digest.hash(), root.used),
                    Need::Directories(digest) => {
                        for hash in directories(walk.cas, digest, &mut walk.seen_folders) {
                            walk.census.need(&hash, root.used);
                        }
                    }
                }
            }
        }
    }

    fn tree(&mut self, root: &Hash, used: Moment) {
        let mut open = vec![*root];
        while let Some(hash) = open.pop() {
            if !self.seen.insert(hash) {
                continue;
            }
            let digest = Digest::new(hash, 0);
            let Some(directory) = read_unnoticed(self.cas, &digest) else { continue };
            self.census.need(&hash, used);
            for file in &directory.files {
                self.census.need(file.digest.hash(), used);
            }
            open.extend(directory.directories.iter().map(|child| *child.digest.hash()));
        }
    }
}

/// The directories of a tree that are here and were not seen before.
pub(super) fn directories(cas: &Cas, root: &Digest, seen: &mut HashSet<Hash>) -> Vec<Hash> {
    let (mut open, mut found) = (vec![*root.hash()], Vec::new());
    while let Some(hash) = open.pop() {
        if !seen.insert(hash) {
            continue;
        }
        let Some(directory) = read_unnoticed(cas, &Digest::new(hash, 0)) else { continue };
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
        open_unnoticed(self, digest).ok()?.take(digest.size() + 1).read_to_end(&mut bytes).ok()?;
        Some(bytes).filter(|bytes| bytes.len() as u64 == digest.size())
    }
}

/// A directory, unchecked, without that counting as a use. The size of the digest does not matter.
pub(crate) fn read_unnoticed(cas: &Cas, digest: &Digest) -> Option<Directory> {
    let mut bytes = Vec::new();
    open_unnoticed(cas, digest).ok()?.read_to_end(&mut bytes).ok()?;
    codec::decode(&bytes).ok()
}

/// Opens a blob such that reading it does not count as a use.
pub(crate) fn open_unnoticed(cas: &Cas, digest: &Digest) -> Result<File, Errno> {
    usage::open_unnoticed(&cas.shared.objects, BlobName::of(digest).path())
}
