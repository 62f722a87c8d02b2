//! The tree that a merge changes: stored directories, and the entries that inputs replaced or added.

use std::collections::BTreeMap;
use std::sync::Arc;

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};

use super::origins::{OriginNode, Origins};
use crate::builder::DirectoryBatch;
use crate::error::{CasError, Result};
use crate::store::Cas;
use crate::tree::{EntryRef, entries, find};

/// A directory that is being changed: the stored one, and the entries that inputs replaced or added.
pub(super) struct MutableDirectory {
    /// The input that all entries of `base` are from.
    owner: usize,
    /// The digest of `base`; `None` when the merge made the directory.
    source: Option<Digest>,
    base: Arc<Directory>,
    changed: BTreeMap<String, MutableEntry>,
    /// The digest of the whole directory, if nothing was changed since it was computed.
    finished: Option<Digest>,
}

/// A new entry and the input it is from.
pub(super) enum MutableEntry {
    File(usize, FileNode),
    Symlink(usize, SymlinkNode),
    Stored(usize, Digest),
    Open(MutableDirectory),
}

/// An existing entry, as the rules of merging distinguish them.
pub(super) enum ExistingEntry {
    Nothing,
    /// A file, symbolic link or empty directory, and the input it is from.
    Replaceable(usize),
    NonEmptyDirectory,
}

impl MutableDirectory {
    pub(super) fn empty(owner: usize) -> Self {
        Self { owner, source: None, base: Arc::default(), changed: BTreeMap::new(), finished: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.base.is_empty() && self.changed.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.changed.contains_key(name) || find(&self.base, name).is_some()
    }

    pub(super) fn put(&mut self, name: &str, item: MutableEntry) {
        self.finished = None;
        self.changed.insert(name.to_owned(), item);
    }

    pub(super) fn existing(&self, cas: &Cas, name: &str, path: &str) -> Result<ExistingEntry> {
        let (owner, empty) = match (self.changed.get(name), find(&self.base, name)) {
            (Some(MutableEntry::File(owner, _) | MutableEntry::Symlink(owner, _)), _) => (*owner, true),
            (Some(MutableEntry::Stored(owner, digest)), _) => {
                (*owner, cas.directory_at(digest, path)?.is_empty())
            }
            (Some(MutableEntry::Open(directory)), _) => (directory.owner, directory.is_empty()),
            (None, Some(EntryRef::Directory(node))) => {
                (self.owner, cas.directory_at(&node.digest, path)?.is_empty())
            }
            (None, Some(_)) => (self.owner, true),
            (None, None) => return Ok(ExistingEntry::Nothing),
        };
        Ok(if empty { ExistingEntry::Replaceable(owner) } else { ExistingEntry::NonEmptyDirectory })
    }

    /// The directory called `name`, for changing; made for the input `input` when there is none.
    pub(super) fn open(&mut self, cas: &Cas, name: &str, input: usize, path: &str) -> Result<&mut Self> {
        let collision = |old| CasError::Collision { path: path.to_owned(), old, new: "directory" };
        self.finished = None;
        let stored = match (self.changed.get(name), find(&self.base, name)) {
            (Some(MutableEntry::Open(_)), _) => None,
            (Some(MutableEntry::Stored(owner, digest)), _) => Some((*owner, *digest)),
            (Some(MutableEntry::File(..)), _) => return Err(collision("file")),
            (Some(MutableEntry::Symlink(..)), _) => return Err(collision("symbolic link")),
            (None, Some(EntryRef::Directory(node))) => Some((self.owner, node.digest)),
            (None, Some(other)) => return Err(collision(other.kind())),
            (None, None) => {
                self.put(name, MutableEntry::Open(Self::empty(input)));
                None
            }
        };
        if let Some((owner, digest)) = stored {
            let base = cas.directory_at(&digest, path)?;
            self.put(name, MutableEntry::Open(Self { source: Some(digest), base, ..Self::empty(owner) }));
        }
        match self.changed.get_mut(name) {
            Some(MutableEntry::Open(directory)) => Ok(directory),
            _ => Err(collision("directory that cannot be opened")),
        }
    }

    /// The digest of the directory, adding it and those below it to `batch` where they changed.
    pub(super) fn finish(&mut self, batch: &mut DirectoryBatch) -> Digest {
        if let Some(digest) = self.finished {
            return digest;
        }
        let mut opened = BTreeMap::new();
        for (name, item) in &mut self.changed {
            if let MutableEntry::Open(directory) = item {
                opened.insert(name.clone(), directory.finish(batch));
            }
        }
        let unchanged = |(name, digest): (&String, &Digest)| matches!(find(&self.base, name), Some(EntryRef::Directory(node)) if node.digest == *digest);
        let same = opened.len() == self.changed.len() && opened.iter().all(unchanged);
        let digest = match self.source {
            Some(source) if same => source,
            _ => batch.add(self.build(&opened)),
        };
        self.finished = Some(digest);
        digest
    }

    /// The directory at the relative path `path`, as [`finish`](Self::finish) gives it; `None` when there is none.
    pub(super) fn subtree(
        &mut self,
        cas: &Cas,
        path: &str,
        batch: &mut DirectoryBatch,
    ) -> Result<Option<Digest>> {
        let path = path.trim_start_matches('/');
        if path.is_empty() {
            return Ok(Some(self.finish(batch)));
        }
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        match (self.changed.get_mut(name), find(&self.base, name)) {
            (Some(MutableEntry::Open(directory)), _) => directory.subtree(cas, rest, batch),
            (Some(MutableEntry::Stored(_, digest)), _) => cas.subtree(digest, rest),
            (None, Some(EntryRef::Directory(node))) => cas.subtree(&node.digest, rest),
            _ => Ok(None),
        }
    }

    /// The input that brought what is at the relative path `path`, or would have brought it.
    pub(super) fn input_of(&self, path: &str) -> usize {
        let mut directory = self;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            match directory.changed.get(name) {
                Some(MutableEntry::Open(below)) => directory = below,
                Some(
                    MutableEntry::File(input, _)
                    | MutableEntry::Symlink(input, _)
                    | MutableEntry::Stored(input, _),
                ) => {
                    return *input;
                }
                None => return directory.owner,
            }
        }
        directory.owner
    }

    fn build(&self, opened: &BTreeMap<String, Digest>) -> Directory {
        let mut directory = Directory {
            properties: preserved_directory_properties(&self.base.properties),
            ..Directory::default()
        };
        for entry in entries(&self.base).filter(|entry| !self.changed.contains_key(entry.name())) {
            match entry {
                EntryRef::Directory(node) => directory.directories.push(node.clone()),
                EntryRef::File(node) => directory.files.push(preserved_file(node)),
                EntryRef::Symlink(node) => directory.symlinks.push(preserved_symlink(node)),
            }
        }
        for (name, item) in &self.changed {
            let child = |digest| DirectoryNode { name: name.clone(), digest };
            match item {
                MutableEntry::File(_, node) => directory.files.push(preserved_file(node)),
                MutableEntry::Symlink(_, node) => directory.symlinks.push(preserved_symlink(node)),
                MutableEntry::Stored(_, digest) => directory.directories.push(child(*digest)),
                MutableEntry::Open(_) => {
                    directory.directories.extend(opened.get(name.as_str()).copied().map(child))
                }
            }
        }
        directory.files.sort_by(|a, b| a.name.cmp(&b.name));
        directory.directories.sort_by(|a, b| a.name.cmp(&b.name));
        directory.symlinks.sort_by(|a, b| a.name.cmp(&b.name));
        directory
    }

    pub(super) fn into_origins(self) -> Origins {
        Origins { root: self.origin() }
    }

    fn origin(self) -> OriginNode {
        let mut others = BTreeMap::new();
        for (name, item) in self.changed {
            let node = match item {
                MutableEntry::File(input, _)
                | MutableEntry::Symlink(input, _)
                | MutableEntry::Stored(input, _) => OriginNode::Input(input),
                MutableEntry::Open(directory) => directory.origin(),
            };
            if node != OriginNode::Input(self.owner) {
                others.insert(name, node);
            }
        }
        match others.is_empty() {
            true => OriginNode::Input(self.owner),
            false => OriginNode::Mixed { owner: self.owner, others },
        }
    }
}

/// BuildStream 2.8 keeps only these properties of directories that it changes.
fn preserved_directory_properties(properties: &NodeProperties) -> NodeProperties {
    let read_only = properties.properties.iter().filter(|(name, _)| name == "SubtreeReadOnly");
    NodeProperties { properties: read_only.cloned().collect(), ..NodeProperties::default() }
}

fn preserved_file(node: &FileNode) -> FileNode {
    let properties = NodeProperties { mtime: node.properties.mtime, ..NodeProperties::default() };
    FileNode { name: node.name.clone(), properties, ..*node }
}

fn preserved_symlink(node: &SymlinkNode) -> SymlinkNode {
    SymlinkNode {
        name: node.name.clone(),
        target: node.target.clone(),
        properties: NodeProperties::default(),
    }
}
