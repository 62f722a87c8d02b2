//! Building a tree in memory from paths, and storing its directories in one batch.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::{Arc, PoisonError};

use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};
use spec_model::{Digest, DigestFunction};

use crate::codec;
use crate::error::{CasError, Result};
use crate::store::Cas;
use crate::tree::components;

/// Collects entries by path. Missing parents are made; a file or symbolic link takes the place of an earlier one.
#[derive(Clone, Debug, Default)]
pub struct TreeBuilder {
    root: BuilderEntries,
}

/// The entries of a directory under construction, by name.
pub(crate) type BuilderEntries = BTreeMap<String, BuilderEntry>;

#[derive(Clone, Debug)]
pub(crate) enum BuilderEntry {
    File { digest: Digest, executable: bool, properties: NodeProperties },
    Symlink { target: String },
    BuilderEntries(BuilderEntries),
    Tree(Digest),
}

impl TreeBuilder {
    /// A builder of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a file at `path`, a relative path with single slashes. The blob itself is the caller's to store.
    ///
    /// # Errors
    /// `cas-bad-path`; `cas-collision` when a directory is there, or something else than a directory on the way.
    pub fn add_file(&mut self, path: &str, digest: Digest, executable: bool) -> Result<()> {
        self.add_file_with(path, digest, executable, NodeProperties::default())
    }

    /// As [`add_file`](Self::add_file), with REAPI node properties.
    ///
    /// # Errors
    /// As [`add_file`](Self::add_file).
    pub fn add_file_with(
        &mut self,
        path: &str,
        digest: Digest,
        executable: bool,
        properties: NodeProperties,
    ) -> Result<()> {
        self.put(path, BuilderEntry::File { digest, executable, properties })
    }

    /// Puts a symbolic link at `path`, pointing at `target` as written.
    ///
    /// # Errors
    /// As [`add_file`](Self::add_file); `cas-bad-path` also for an empty target.
    pub fn add_symlink(&mut self, path: &str, target: &str) -> Result<()> {
        if target.is_empty() || target.contains('\0') {
            let why = "the target of the symbolic link is empty or holds a NUL";
            return Err(CasError::BadPath { path: path.to_owned(), why });
        }
        self.put(path, BuilderEntry::Symlink { target: target.to_owned() })
    }

    /// Makes sure there is a directory at `path`.
    ///
    /// # Errors
    /// `cas-bad-path`; `cas-collision` when something else is there or on the way.
    pub fn add_directory(&mut self, path: &str) -> Result<()> {
        self.folder(path, &components(path)?).map(drop)
    }

    /// Puts a whole stored tree at `path`, where nothing may exist yet. Nothing can be added below it later.
    ///
    /// # Errors
    /// As [`add_file`](Self::add_file).
    pub fn add_tree(&mut self, path: &str, root: Digest) -> Result<()> {
        self.put(path, BuilderEntry::Tree(root))
    }

    /// Stores the directories, and answers with the digest of the root.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn store(&self, cas: &Cas) -> Result<Digest> {
        let mut batch = DirectoryBatch::new(cas.function());
        let root = assemble(&self.root, &mut batch);
        batch.store(cas)?;
        Ok(root)
    }

    fn put(&mut self, path: &str, item: BuilderEntry) -> Result<()> {
        let names = components(path)?;
        let (name, parents) = names.split_last().map_or(("", &names[..]), |(name, parents)| (*name, parents));
        let collision = |old: &BuilderEntry| CasError::Collision {
            path: path.to_owned(),
            old: old.kind(),
            new: item.kind(),
        };
        match self.folder(path, parents)?.entry(name.to_owned()) {
            Slot::Occupied(slot) if !slot.get().is_leaf() || !item.is_leaf() => Err(collision(slot.get())),
            Slot::Occupied(mut slot) => {
                slot.insert(item);
                Ok(())
            }
            Slot::Vacant(slot) => {
                slot.insert(item);
                Ok(())
            }
        }
    }

    fn folder(&mut self, path: &str, names: &[&str]) -> Result<&mut BuilderEntries> {
        let mut folder = &mut self.root;
        for name in names {
            match folder
                .entry((*name).to_owned())
                .or_insert_with(|| BuilderEntry::BuilderEntries(BuilderEntries::new()))
            {
                BuilderEntry::BuilderEntries(inner) => folder = inner,
                other => {
                    return Err(CasError::Collision {
                        path: path.to_owned(),
                        old: other.kind(),
                        new: "directory",
                    });
                }
            }
        }
        Ok(folder)
    }
}

impl BuilderEntry {
    fn kind(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Symlink { .. } => "symbolic link",
            Self::BuilderEntries(_) | Self::Tree(_) => "directory",
        }
    }

    fn is_leaf(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Symlink { .. })
    }
}

/// Directories that were encoded but not stored yet: the digests of children are needed to encode their parent.
pub struct DirectoryBatch {
    function: DigestFunction,
    made: Vec<(Digest, Vec<u8>, Arc<Directory>)>,
}

impl DirectoryBatch {
    /// A batch without directories, for a store of this digest function.
    #[must_use]
    pub fn new(function: DigestFunction) -> Self {
        Self { function, made: Vec::new() }
    }

    /// Adds a directory whose lists are sorted by name, and answers with its digest.
    pub fn add(&mut self, directory: Directory) -> Digest {
        let bytes = codec::encode(&directory);
        let digest = self.function.of(&bytes);
        self.made.push((digest, bytes, Arc::new(directory)));
        digest
    }

    /// The messages, by their digests, in no order.
    pub(crate) fn into_messages(self) -> impl Iterator<Item = (Digest, Vec<u8>)> {
        self.made.into_iter().map(|(digest, bytes, _)| (digest, bytes))
    }

    /// Stores all of them, with several threads; they are in the directory cache then.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn store(self, cas: &Cas) -> Result<()> {
        let stored = cas.parallel(&self.made, |(digest, bytes, _)| cas.put_known(digest, bytes));
        match (stored, cas.shared.unstored.get()) {
            (Err(error), Some(kept)) if error.is_unwritable() => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend(self.made.into_iter().map(|(digest, _, directory)| (digest, directory)));
                return Ok(());
            }
            (stored, _) => stored?,
        };
        for (digest, _, directory) in self.made {
            cas.shared.directories.insert(digest, directory);
        }
        Ok(())
    }
}

impl std::fmt::Debug for DirectoryBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DirectoryBatch({} directories)", self.made.len())
    }
}

fn assemble(folder: &BuilderEntries, batch: &mut DirectoryBatch) -> Digest {
    let mut directory = Directory::default();
    for (name, item) in folder {
        let name = name.clone();
        match item {
            BuilderEntry::File { digest, executable, properties } => directory.files.push(FileNode {
                name,
                digest: *digest,
                executable: *executable,
                properties: properties.clone(),
            }),
            BuilderEntry::Symlink { target } => directory.symlinks.push(SymlinkNode {
                name,
                target: target.clone(),
                properties: NodeProperties::default(),
            }),
            BuilderEntry::BuilderEntries(inner) => {
                let digest = assemble(inner, batch);
                directory.directories.push(DirectoryNode { name, digest });
            }
            BuilderEntry::Tree(digest) => directory.directories.push(DirectoryNode { name, digest: *digest }),
        }
    }
    batch.add(directory)
}
