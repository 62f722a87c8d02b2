//! A root: a tree that is edited in the store, and laid out on disk when a command needs it.

mod addition;
mod layout;
mod run;
mod writable;

pub use layout::MAX_LAYERS;
pub use run::{CommandStreams, RootCommand, WriteAccess};

use std::collections::BTreeMap;

use spec_cas::{Cas, CasError, Limits, MergeInput, OverlapReport, SpecialFile, TreeBuilder, TreeMerger};
use spec_model::Digest;

use crate::error::ExecutionError;
use crate::root::addition::addition;
use crate::root::layout::{LayoutPlan, RootLayout};
use crate::staging::can_rename_folders;

/// A tree that commands can run in. See the [crate's documentation](crate).
pub struct Root {
    cas: Cas,
    /// The owners of the trees that are laid over each other, lowest first; the root's own folders and what commands
    /// wrote are nobody's.
    owners: Vec<Option<usize>>,
    merging: TreeMerger,
    /// Trees whose folders commands may want to rename: their numbers, and where they are.
    movable: Vec<(usize, String)>,
    /// Where commands write to; there since the first one.
    layout: Option<RootLayout>,
    /// What commands left that no tree can hold.
    special: Vec<SpecialFile>,
}

/// A tree to be staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedTree {
    /// The tree.
    pub tree: Digest,
    /// The absolute path of its root inside.
    pub location: String,
    /// A number that the caller gives; one number for one tree.
    pub owner: usize,
    /// Whether `rename(2)` of its folders has to work for every user, as builds do with their sources. Where layers do
    /// not allow that, it costs a copy of the tree; not for a tree at `/`.
    pub movable: bool,
}

/// What was noticed while trees were staged. Paths are relative to the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageReport {
    /// Files that several trees have, the last of them is seen: the owners, lowest first, those of earlier calls of
    /// [`Root::stage`] included.
    pub overlaps: BTreeMap<String, Vec<usize>>,
    /// Files, with their owner, that were left out because a directory with something in it is in their place.
    pub unstaged: Vec<(usize, String)>,
}

impl Root {
    /// An empty root.
    ///
    /// # Errors
    /// When the store fails.
    pub fn new(cas: Cas) -> Result<Self, ExecutionError> {
        let merging = TreeMerger::new(&cas);
        Ok(Self { cas, owners: Vec::new(), movable: Vec::new(), merging, layout: None, special: Vec::new() })
    }

    /// Lays trees over what is there, in order, by BuildStream's rules for artifacts. What that costs does not depend on
    /// how many were staged before.
    ///
    /// # Errors
    /// `cas-collision` when a directory would replace something else, `tree-too-large`, or when the store fails. The root
    /// is in no defined state then.
    pub fn stage(&mut self, trees: &[StagedTree]) -> Result<StageReport, ExecutionError> {
        self.absorb_writes()?;
        self.merging.take_overlap_report();
        for StagedTree { tree, location, owner, movable } in trees {
            let location = relative(location);
            if *movable && !location.is_empty() {
                self.movable.push((self.owners.len(), location.clone()));
            }
            self.add(*tree, &location, Some(*owner))?;
        }
        Ok(self.report())
    }

    /// Makes a directory with its parents, if it is not there.
    ///
    /// # Errors
    /// `cas-collision` when something else is there, or when the store fails.
    pub fn make_directory(&mut self, path: &str) -> Result<(), ExecutionError> {
        self.absorb_writes()?;
        let root = self.cas.store_directory(&spec_model::tree::Directory::default())?;
        self.add(root, path, None)
    }

    /// Lays a tree that is nobody's over what is at `path`, which is made with its parents.
    ///
    /// # Errors
    /// `cas-collision` when a directory would replace something else, or when the store fails.
    pub fn place_tree(&mut self, tree: Digest, path: &str) -> Result<(), ExecutionError> {
        self.absorb_writes()?;
        self.add(tree, path, None)
    }

    /// Writes a file, with the directories above it.
    ///
    /// # Errors
    /// `cas-collision` when something else than a directory is above it, or when the store fails.
    pub fn write_file(&mut self, path: &str, content: &[u8], executable: bool) -> Result<(), ExecutionError> {
        let mut builder = TreeBuilder::new();
        builder.add_file(&relative(path), self.cas.put_bytes(content)?, executable)?;
        self.place_tree(builder.store(&self.cas)?, "/")
    }

    /// Copies what is below the directory `from` into the directory `to`; `false` when there is no directory `from`.
    ///
    /// # Errors
    /// `cas-collision` when a directory would replace something else, or when the store fails.
    pub fn copy_tree(&mut self, from: &str, to: &str) -> Result<bool, ExecutionError> {
        let Some(root) = self.subtree(from)? else { return Ok(false) };
        self.add(root, to, None)?;
        Ok(true)
    }

    /// The digest of the whole tree, with what commands wrote.
    ///
    /// # Errors
    /// `cas-bad-path` for names that are not UTF-8, `tree-too-large`, or when the store fails.
    pub fn digest(&mut self) -> Result<Digest, ExecutionError> {
        self.absorb_writes()?;
        Ok(self.merging.root()?)
    }

    /// The digest of the directory at `path`; `None` when there is none.
    ///
    /// # Errors
    /// As [`Root::digest`].
    pub fn subtree(&mut self, path: &str) -> Result<Option<Digest>, ExecutionError> {
        self.absorb_writes()?;
        self.directory(path)
    }

    /// As [`Root::subtree`], but reads back only what commands wrote below `path`, of which there may be `most` bytes. The
    /// rest of what they wrote is forgotten, so this is the last thing asked of a root.
    ///
    /// # Errors
    /// As [`Root::digest`]; [`ExecutionError::TooMuchWritten`] before more than that is read.
    pub fn collect(&mut self, path: &str, most: u64) -> Result<Option<Digest>, ExecutionError> {
        let wanted = relative(path);
        let touches =
            |candidate: &str| is_at_or_below(candidate, &wanted) || is_at_or_below(&wanted, candidate);
        let limits = self.cas.limits();
        let bounded = self.cas.clone().with_limits(Limits { bytes: limits.bytes.min(most), ..limits });
        let read = self.read_back_to(&bounded, touches).map_err(|error| match error {
            ExecutionError::Cas(CasError::TreeTooLarge { found, unit: Limits::BYTES_UNIT, .. })
                if most < limits.bytes =>
            {
                ExecutionError::TooMuchWritten { path: path.to_owned(), found, most }
            }
            other => other,
        });
        if let Some(root) = read? {
            self.replace(root)?;
        }
        self.directory(path)
    }

    /// The owner of the staged tree that brought what is at `path`; `None` when there is nothing, or when it is
    /// nobody's.
    ///
    /// # Errors
    /// When the store fails.
    pub fn owner_of(&mut self, path: &str) -> Result<Option<usize>, ExecutionError> {
        let path = relative(path);
        Ok(match self.cas.lookup(&self.merging.root()?, &path)? {
            Some(_) => self.owners.get(self.merging.input_of(&path)).copied().flatten(),
            None => None,
        })
    }

    /// The named pipes, sockets and devices that were passed by since this was last asked, in what was read back by
    /// then: no tree can hold them.
    pub fn take_special(&mut self) -> Vec<SpecialFile> {
        std::mem::take(&mut self.special)
    }

    /// The store.
    pub(crate) fn cas(&self) -> &Cas {
        &self.cas
    }

    /// The root on disk.
    pub(crate) fn lay_out(&mut self) -> Result<&mut RootLayout, ExecutionError> {
        let layout = match self.layout.take() {
            Some(layout) => layout,
            None => {
                let plan = self.plan()?;
                RootLayout::new(&self.cas, &plan)?
            }
        };
        Ok(self.layout.insert(layout))
    }

    fn plan(&mut self) -> Result<LayoutPlan, ExecutionError> {
        let mut movable: Vec<&str> = self.movable.iter().map(|(_, path)| path.as_str()).collect();
        movable.sort_unstable_by_key(|path| path.len());
        let mut outer: Vec<String> = Vec::new();
        for path in movable {
            if !outer.iter().any(|other| is_at_or_below(path, other)) {
                outer.push(path.to_owned());
            }
        }
        let trees = self.merging.contributions()?.to_vec();
        if outer.is_empty() || can_rename_folders(&self.cas) {
            let too_many = trees.len() > MAX_LAYERS;
            return Ok(LayoutPlan::Layers(if too_many { vec![self.merging.root()?] } else { trees }));
        }
        let is_movable = |number: usize| self.movable.iter().any(|(movable, _)| *movable == number);
        let rest = trees.into_iter().enumerate().filter(|(number, _)| !is_movable(*number));
        let rest = rest.map(|(_, tree)| tree).collect();
        Ok(LayoutPlan::Written { root: self.merging.root()?, paths: outer, rest })
    }

    fn directory(&mut self, path: &str) -> Result<Option<Digest>, ExecutionError> {
        Ok(self.merging.subtree(&relative(path))?)
    }

    /// Reads back what commands wrote. What they added is one more tree, so that those below need not be laid out anew.
    fn absorb_writes(&mut self) -> Result<(), ExecutionError> {
        match self.read_back(|_| true)? {
            Some(after) => self.adopt(after),
            None => Ok(()),
        }
    }

    /// Makes `after` the whole tree, as commands left it that found the tree as it is.
    pub(crate) fn adopt(&mut self, after: Digest) -> Result<(), ExecutionError> {
        let before = self.merging.root()?;
        if let Some(root) = addition(&self.cas, &before, &after)? {
            self.add(root, "", None)?;
        }
        if self.merging.root()? == after { Ok(()) } else { self.replace(after) }
    }

    /// The whole tree as commands left it, in which they changed only what is `wanted`; `None` when there were none.
    fn read_back(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Option<Digest>, ExecutionError> {
        let cas = self.cas.clone();
        self.read_back_to(&cas, wanted)
    }

    fn read_back_to(
        &mut self,
        cas: &Cas,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Option<Digest>, ExecutionError> {
        let Some(layout) = self.layout.take() else { return Ok(None) };
        let captured = layout.capture(cas, || self.merging.root(), wanted)?;
        self.special.extend(captured.special);
        Ok(Some(captured.root))
    }

    /// Forgets all trees for one that is nobody's.
    fn replace(&mut self, root: Digest) -> Result<(), ExecutionError> {
        self.merging = TreeMerger::new(&self.cas);
        self.owners.clear();
        // What is there has the numbers of no tree any more.
        self.movable.iter_mut().for_each(|(number, _)| *number = usize::MAX);
        self.add(root, "", None)
    }

    fn add(&mut self, root: Digest, location: &str, owner: Option<usize>) -> Result<(), ExecutionError> {
        self.owners.push(owner);
        Ok(self.merging.add(&MergeInput { root, location: &relative(location), filter: None })?)
    }

    /// What the trees that were just added have to do with those below them.
    fn report(&mut self) -> StageReport {
        let OverlapReport { overlaps, ignored } = self.merging.take_overlap_report();
        let owner = |layer: usize| self.owners.get(layer).copied().flatten();
        let owners = |layers: Vec<usize>| layers.into_iter().filter_map(owner).collect::<Vec<_>>();
        let overlaps = overlaps.into_iter().map(|(path, layers)| (path, owners(layers)));
        StageReport {
            overlaps: overlaps.filter(|(_, owners)| owners.len() > 1).collect(),
            unstaged: ignored.into_iter().filter_map(|(layer, path)| Some((owner(layer)?, path))).collect(),
        }
    }
}

fn relative(path: &str) -> String {
    path.trim_matches('/').to_owned()
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
