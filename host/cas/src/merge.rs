//! Several trees laid over each other, as BuildStream stages artifacts.
//!
//! The rules are those of BuildStream 2.8's `CasBasedDirectory.import_files`:
//! directories merge; a file or symbolic link replaces a file, a symbolic link or an *empty* directory (an overlap),
//! and is left out when a directory with entries is there; a directory over a file or symbolic link is an error.
//! Symbolic links are never followed.
//!
//! Under these rules nothing a higher layer brings can bare something of a lower one, so the result is always the
//! same as stacking the layers, each without what was left out of it, by overlayfs: existing [`MergedTree::contributions`].

mod input_merger;
mod mutable_directory;
mod origins;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use spec_model::Digest;

use crate::builder::DirectoryBatch;
use crate::error::Result;
use crate::limits::Meter;
use crate::store::Cas;
use crate::tree::components;

use mutable_directory::MutableDirectory;
pub use origins::Origins;

/// Layers that are kept for one overlapping path.
const MOST_OVERLAPS: usize = 64;

/// Which paths of a layer are wanted: relative to its root, without a leading slash.
/// As in BuildStream, a directory that is refused still appears if something below it is wanted.
pub type PathFilter<'a> = &'a dyn Fn(&str) -> bool;

/// One tree to lay over those before it.
#[derive(Clone, Copy)]
pub struct MergeInput<'a> {
    /// The tree.
    pub root: Digest,
    /// Where its root goes, a relative path; empty for the root. Made when not there.
    pub location: &'a str,
    /// Which of its paths; all without one.
    pub filter: Option<PathFilter<'a>>,
}

impl MergeInput<'_> {
    /// All of a tree, at the root.
    #[must_use]
    pub fn whole(root: Digest) -> Self {
        Self { root, location: "", filter: None }
    }
}

/// The result of laying trees over each other. Layers are named by their index.
#[derive(Clone, Debug)]
pub struct MergedTree {
    /// The whole tree; its new directories are stored.
    pub root: Digest,
    /// What of each layer landed, as a tree from the merged root. The layer's own tree when all of it did, at the
    /// root. Stacking these by overlayfs, the first at the bottom, shows exactly the whole tree.
    pub contributions: Vec<Digest>,
    /// Which layer each path came from.
    pub origins: Origins,
    /// For every file that replaced another, by path from the merged root: all layers that have brought it, from the
    /// bottom; of very many the first ones and the last.
    pub overlaps: BTreeMap<String, Vec<usize>>,
    /// Input and path from the merged root of every file left out because a directory with entries is there.
    pub ignored: Vec<(usize, String)>,
}

impl Cas {
    /// Lays trees over each other, the first at the bottom. Subtrees that only one layer has are not read.
    ///
    /// # Errors
    /// `cas-collision` for a directory over something else; `cas-bad-path` for a location that is no relative path;
    /// `tree-too-large` when more entries meet than a tree may have; as [`directory`](Self::directory); when the disk is
    /// full.
    pub fn merge(&self, layers: &[MergeInput<'_>]) -> Result<MergedTree> {
        let mut merging = TreeMerger::new(self);
        for layer in layers {
            merging.add(layer)?;
        }
        let root = merging.root()?;
        let TreeMerger { contributions, overlaps, ignored, whole, .. } = merging;
        Ok(MergedTree { root, contributions, origins: whole.into_origins(), overlaps, ignored })
    }
}

/// A merge that goes on: what a layer costs does not depend on how many came before it. After an error it is in no
/// defined state.
pub struct TreeMerger {
    cas: Cas,
    batch: DirectoryBatch,
    whole: MutableDirectory,
    contributions: Vec<Digest>,
    overlaps: BTreeMap<String, Vec<usize>>,
    ignored: Vec<(usize, String)>,
    /// Paths in `overlaps` that were met since somebody asked.
    met: BTreeSet<String>,
    /// Entries of layers that were looked at.
    entries_read: u64,
}

/// What was noticed of some layers. Layers are named by their index, paths are from the merged root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverlapReport {
    /// As in [`MergedTree::overlaps`], of every file that one of these layers brought.
    pub overlaps: BTreeMap<String, Vec<usize>>,
    /// As in [`MergedTree::ignored`], of these layers.
    pub ignored: Vec<(usize, String)>,
}

impl TreeMerger {
    /// A merge without layers: the empty tree.
    #[must_use]
    pub fn new(cas: &Cas) -> Self {
        Self {
            cas: cas.clone(),
            batch: DirectoryBatch::new(cas.function()),
            whole: MutableDirectory::empty(0),
            contributions: Vec::new(),
            overlaps: BTreeMap::new(),
            ignored: Vec::new(),
            met: BTreeSet::new(),
            entries_read: 0,
        }
    }

    /// Lays one more layer over those before.
    ///
    /// # Errors
    /// As [`Cas::merge`].
    pub fn add(&mut self, layer: &MergeInput<'_>) -> Result<()> {
        let index = self.contributions.len();
        let location = layer.location.trim_matches('/');
        let names = if location.is_empty() { Vec::new() } else { components(location)? };
        let Self { cas, batch, whole, overlaps, ignored, met, .. } = self;
        let mut target = whole;
        let mut path = String::new();
        for name in &names {
            crate::tree::push_name(&mut path, name);
            target = target.open(cas, name, index, &path)?;
        }
        let meter = Meter::new(cas.limits, &cas.cancel);
        let mut merge = MergeContext { cas, meter, batch, overlaps, ignored, met };
        let mut input_merger =
            input_merger::InputMerger { merge: &mut merge, index, filter: layer.filter, base: location };
        let landed = input_merger.merge_directory(target, &layer.root, &mut String::new())?;
        self.entries_read += merge.meter.count();
        let contributions = names
            .iter()
            .rev()
            .fold(landed, |below, name| batch.add(input_merger::directory_containing(name, below)));
        self.contributions.push(contributions);
        Ok(())
    }

    /// The whole tree; its new directories are stored.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn root(&mut self) -> Result<Digest> {
        let root = self.whole.finish(&mut self.batch);
        self.store()?;
        Ok(root)
    }

    /// The directory at `path`, by its digest; `None` when there is something else or nothing.
    ///
    /// # Errors
    /// As [`Cas::directory`]; when the disk is full.
    pub fn subtree(&mut self, path: &str) -> Result<Option<Digest>> {
        let found = self.whole.subtree(&self.cas, path, &mut self.batch)?;
        self.store()?;
        Ok(found)
    }

    /// As [`MergedTree::contributions`], of the layers that were added by now.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn contributions(&mut self) -> Result<&[Digest]> {
        self.store()?;
        Ok(&self.contributions)
    }

    /// As [`Origins::input_of`].
    #[must_use]
    pub fn input_of(&self, path: &str) -> usize {
        self.whole.input_of(path)
    }

    /// What was noticed of the layers since this was last asked.
    pub fn take_overlap_report(&mut self) -> OverlapReport {
        let met = std::mem::take(&mut self.met).into_iter();
        let layers = |path: String| self.overlaps.get(&path).cloned().map(|layers| (path, layers));
        OverlapReport {
            overlaps: met.filter_map(layers).collect(),
            ignored: std::mem::take(&mut self.ignored),
        }
    }

    fn store(&mut self) -> Result<()> {
        std::mem::replace(&mut self.batch, DirectoryBatch::new(self.cas.function())).store(&self.cas)
    }
}

/// What a merge has come to, beside the tree.
struct MergeContext<'a> {
    cas: &'a Cas,
    meter: Meter<'a>,
    batch: &'a mut DirectoryBatch,
    overlaps: &'a mut BTreeMap<String, Vec<usize>>,
    ignored: &'a mut Vec<(usize, String)>,
    met: &'a mut BTreeSet<String>,
}

impl MergeContext<'_> {
    /// Notes that a layer replaces what `owner` brought.
    fn overlap(&mut self, path: String, owner: usize, layer: usize) {
        let layers = self.overlaps.entry(path.clone()).or_insert_with(|| vec![owner]);
        // A plan may lay the same over itself thousands of times.
        if layers.len() == MOST_OVERLAPS {
            layers.pop();
        }
        layers.push(layer);
        self.met.insert(path);
    }
}
