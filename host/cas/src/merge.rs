//! Several trees laid over each other, as BuildStream stages artifacts.
//!
//! The rules are those of BuildStream 2.8's `CasBasedDirectory.import_files`:
//! directories merge; a file or symbolic link replaces a file, a symbolic link or an *empty* directory (an overlap),
//! and is left out when a directory with entries is there; a directory over a file or symbolic link is an error.
//! Symbolic links are never followed.
//!
//! Under these rules nothing a higher layer brings can bare something of a lower one, so the result is always the
//! same as stacking the layers, each without what was left out of it, by overlayfs: see [`Merged::placed`].

mod landing;
mod origins;
#[cfg(test)]
mod tests;
mod work;

use std::collections::BTreeMap;

use spec_model::Digest;

use crate::builder::Batch;
use crate::error::Result;
use crate::store::Cas;
use crate::tree::components;

pub use origins::Origins;
use work::Work;

/// Which paths of a layer are wanted: relative to its root, without a leading slash.
/// As in BuildStream, a directory that is refused still appears if something below it is wanted.
pub type PathFilter<'a> = &'a dyn Fn(&str) -> bool;

/// One tree to lay over those before it.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// The tree.
    pub root: Digest,
    /// Where its root goes, a relative path; empty for the root. Made when not there.
    pub location: &'a str,
    /// Which of its paths; all without one.
    pub filter: Option<PathFilter<'a>>,
}

impl Layer<'_> {
    /// All of a tree, at the root.
    #[must_use]
    pub fn whole(root: Digest) -> Self {
        Self { root, location: "", filter: None }
    }
}

/// The result of laying trees over each other. Layers are named by their index.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The whole tree; its new directories are stored.
    pub root: Digest,
    /// What of each layer landed, as a tree from the merged root. The layer's own tree when all of it did, at the
    /// root. Stacking these by overlayfs, the first at the bottom, shows exactly the whole tree.
    pub placed: Vec<Digest>,
    /// Which layer each path came from.
    pub origins: Origins,
    /// For every file that replaced another, by path from the merged root: all layers that have brought it, from the
    /// bottom.
    pub overlaps: BTreeMap<String, Vec<usize>>,
    /// Layer and path from the merged root of every file left out because a directory with entries is there.
    pub ignored: Vec<(usize, String)>,
}

impl Cas {
    /// Lays trees over each other, the first at the bottom. Subtrees that only one layer has are not read.
    ///
    /// # Errors
    /// `cas-collision` for a directory over something else; `cas-bad-path` for a location that is no relative path;
    /// as [`directory`](Self::directory); when the disk is full.
    pub fn merge(&self, layers: &[Layer<'_>]) -> Result<Merged> {
        let mut merge = Merge {
            cas: self,
            batch: Batch::new(self.function()),
            overlaps: BTreeMap::new(),
            ignored: Vec::new(),
        };
        let mut whole = Work::empty(0);
        let mut placed = Vec::with_capacity(layers.len());
        for (index, layer) in layers.iter().enumerate() {
            placed.push(merge.add(&mut whole, index, layer)?);
        }
        let root = whole.finish(&mut merge.batch);
        merge.batch.store(self)?;
        let (overlaps, ignored) = (merge.overlaps, merge.ignored);
        Ok(Merged { root, placed, origins: whole.into_origins(), overlaps, ignored })
    }
}

/// What a merge has come to, beside the tree.
struct Merge<'a> {
    cas: &'a Cas,
    batch: Batch,
    overlaps: BTreeMap<String, Vec<usize>>,
    ignored: Vec<(usize, String)>,
}

impl Merge<'_> {
    /// Lays one layer over `whole` and answers with the tree of what landed.
    fn add(&mut self, whole: &mut Work, index: usize, layer: &Layer<'_>) -> Result<Digest> {
        let location = layer.location.trim_matches('/');
        let names = if location.is_empty() { Vec::new() } else { components(location)? };
        let mut target = whole;
        let mut path = String::new();
        for name in &names {
            crate::tree::push_name(&mut path, name);
            target = target.open(self.cas, name, index, &path)?;
        }
        let mut landing = landing::Landing { merge: self, index, filter: layer.filter, base: location };
        let landed = landing.land(target, &layer.root, &mut String::new())?;
        Ok(names.iter().rev().fold(landed, |below, name| self.batch.add(landing::wrap(name, below))))
    }
}
