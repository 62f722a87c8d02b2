//! Several trees merged into one, as BuildStream stages artifacts.
//!
//! The rules are those of BuildStream 2.8's `CasBasedDirectory.import_files`:
//! directories merge; a file or symbolic link replaces a file, a symbolic link or an *empty* directory (an overlap),
//! and is left out when a directory with entries is there; a directory over a file or symbolic link is an error.
//! Symbolic links are never followed.
//!
//! Under these rules no input can reveal entries of an earlier one that were hidden, so overlayfs shows the merged
//! tree when the inputs are its layers, each without what was left out of it: see [`MergedTree::contributions`].

mod input_merger;
mod mutable_directory;
mod origins;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use spec_model::Digest;

use crate::builder::DirectoryBatch;
use crate::error::Result;
use crate::limits::Meter;
use crate::store::Cas;
use crate::tree::{components, push_name};

pub use input_merger::PathFilter;
use input_merger::{InputMerger, Overlaps, directory_containing};
use mutable_directory::MutableDirectory;
pub use origins::Origins;

/// One tree to merge over those before it.
#[derive(Clone, Copy)]
pub struct MergeInput<'a> {
    /// The tree.
    pub root: Digest,
    /// Where its root goes, a relative path; empty for the root. Directories on the way are made.
    pub location: &'a str,
    /// Selects paths of it; `None` for all.
    pub filter: Option<PathFilter<'a>>,
}

impl MergeInput<'_> {
    /// All of a tree, at the root.
    #[must_use]
    pub fn whole(root: Digest) -> Self {
        Self { root, location: "", filter: None }
    }
}

/// The result of a merge. Inputs are named by their index.
#[derive(Clone, Debug)]
pub struct MergedTree {
    /// The whole tree; its new directories are stored.
    pub root: Digest,
    /// What each input contributed, as a tree from the merged root: the input's own tree when it contributed all of it,
    /// at the root. Overlayfs shows exactly the merged tree of these as layers, the first at the bottom.
    pub contributions: Vec<Digest>,
    /// Which input each path came from.
    pub origins: Origins,
    /// For every file that replaced another, by path from the merged root: all inputs that had it, from the bottom;
    /// of very many the first ones and the last.
    pub overlaps: BTreeMap<String, Vec<usize>>,
    /// Input and path from the merged root of every file left out because a directory with entries is there.
    pub ignored: Vec<(usize, String)>,
}

impl Cas {
    /// Merges trees, the first at the bottom. Subtrees that only one input has are not read.
    ///
    /// # Errors
    /// `cas-collision` for a directory over something else; `cas-bad-path` for a location that is no relative path;
    /// `tree-too-large` when more entries meet than a tree may have; as [`directory`](Self::directory); when the disk is
    /// full.
    pub fn merge(&self, inputs: &[MergeInput<'_>]) -> Result<MergedTree> {
        let mut merger = TreeMerger::new(self);
        for input in inputs {
            merger.add(input)?;
        }
        let root = merger.root()?;
        let TreeMerger { contributions, overlaps, tree, .. } = merger;
        let Overlaps { by_path, ignored, .. } = overlaps;
        Ok(MergedTree { root, contributions, origins: tree.into_origins(), overlaps: by_path, ignored })
    }
}

/// A merge to which inputs are added one by one. The cost of an input does not depend on the number of earlier ones.
/// After an error its state is undefined.
pub struct TreeMerger {
    cas: Cas,
    batch: DirectoryBatch,
    tree: MutableDirectory,
    contributions: Vec<Digest>,
    overlaps: Overlaps,
    /// Entries of inputs that were read.
    entries_read: u64,
}

/// The overlaps of some inputs. Inputs are named by their index, paths are from the merged root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverlapReport {
    /// As in [`MergedTree::overlaps`], of every file that one of these inputs brought.
    pub overlaps: BTreeMap<String, Vec<usize>>,
    /// As in [`MergedTree::ignored`], of these inputs.
    pub ignored: Vec<(usize, String)>,
}

impl TreeMerger {
    /// A merge without inputs: the empty tree.
    #[must_use]
    pub fn new(cas: &Cas) -> Self {
        Self {
            cas: cas.clone(),
            batch: DirectoryBatch::new(cas.function()),
            tree: MutableDirectory::empty(0),
            contributions: Vec::new(),
            overlaps: Overlaps::default(),
            entries_read: 0,
        }
    }

    /// Merges one more input over those before.
    ///
    /// # Errors
    /// As [`Cas::merge`].
    pub fn add(&mut self, input: &MergeInput<'_>) -> Result<()> {
        let index = self.contributions.len();
        let location = input.location.trim_matches('/');
        let names = if location.is_empty() { Vec::new() } else { components(location)? };
        let Self { cas, batch, tree, overlaps, .. } = self;
        let mut target = tree;
        let mut path = String::new();
        for name in &names {
            push_name(&mut path, name);
            target = target.open(cas, name, index, &path)?;
        }
        let meter = Meter::new(cas.options.limits, &cas.options.cancel);
        let mut merger =
            InputMerger { cas, meter, batch, overlaps, input: index, filter: input.filter, location };
        let contributed = merger.merge_directory(target, &input.root, &mut String::new())?;
        self.entries_read += merger.meter.count();
        let contribution =
            names.iter().rev().fold(contributed, |below, name| batch.add(directory_containing(name, below)));
        self.contributions.push(contribution);
        Ok(())
    }

    /// The whole tree; its new directories are stored.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn root(&mut self) -> Result<Digest> {
        let root = self.tree.finish(&mut self.batch);
        self.store()?;
        Ok(root)
    }

    /// The directory at `path`, by its digest; `None` when there is something else or nothing.
    ///
    /// # Errors
    /// As [`Cas::directory`]; when the disk is full.
    pub fn subtree(&mut self, path: &str) -> Result<Option<Digest>> {
        let found = self.tree.subtree(&self.cas, path, &mut self.batch)?;
        self.store()?;
        Ok(found)
    }

    /// As [`MergedTree::contributions`], of the inputs that were added by now.
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
        self.tree.input_of(path)
    }

    /// The overlaps of the inputs that were added since this was last called.
    pub fn take_overlap_report(&mut self) -> OverlapReport {
        let Overlaps { by_path, ignored, unreported } = &mut self.overlaps;
        let inputs = |path: String| by_path.get(&path).cloned().map(|inputs| (path, inputs));
        OverlapReport {
            overlaps: std::mem::take(unreported).into_iter().filter_map(inputs).collect(),
            ignored: std::mem::take(ignored),
        }
    }

    fn store(&mut self) -> Result<()> {
        std::mem::replace(&mut self.batch, DirectoryBatch::new(self.cas.function())).store(&self.cas)
    }
}
