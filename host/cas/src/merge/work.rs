//! The tree a merge is working on: stored directories, and over them what changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};

use super::origins::{Node, Origins};
use crate::builder::Batch;
use crate::error::{CasError, Result};
use crate::store::Cas;
use crate::tree::{EntryRef, entries, find};

/// An open directory: what it was, and the entries that layers put there since.
pub(super) struct Work {
    /// The layer that everything in `base` is from.
    owner: usize,
    /// The digest of `base`; `None` when the merge made the directory.
    source: Option<Digest>,
    base: Arc<Directory>,
    changed: BTreeMap<String, Item>,
    /// The digest of the whole, while nothing was changed since it was made.
    finished: Option<Digest>,
}

/// A new entry and the layer it is from.
pub(super) enum Item {
    File(usize, FileNode),
    Symlink(usize, SymlinkNode),
    Whole(usize, Digest),
    Open(Work),
}

/// What a name stands for, as far as the rules care.
pub(super) enum Seen {
    Nothing,
    /// A file, symbolic link or empty directory, and the layer it is from.
    Replaceable(usize),
    Full,
}

impl Work {
    pub(super) fn empty(owner: usize) -> Self {
        Self { owner, source: None, base: Arc::default(), changed: BTreeMap::new(), finished: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.base.is_empty() && self.changed.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.changed.contains_key(name) || find(&self.base, name).is_some()
    }

    pub(super) fn put(&mut self, name: &str, item: Item) {
        self.finished = None;
        self.changed.insert(name.to_owned(), item);
    }

    pub(super) fn see(&self, cas: &Cas, name: &str, path: &str) -> Result<Seen> {
        let (owner, empty) = match (self.changed.get(name), find(&self.base, name)) {
            (Some(Item::File(owner, _) | Item::Symlink(owner, _)), _) => (*owner, true),
            (Some(Item::Whole(owner, digest)), _) => (*owner, cas.directory_at(digest, path)?.is_empty()),
            (Some(Item::Open(work)), _) => (work.owner, work.is_empty()),
            (None, Some(EntryRef::Directory(node))) => {
                (self.owner, cas.directory_at(&node.digest, path)?.is_empty())
            }
            (None, Some(_)) => (self.owner, true),
            (None, None) => return Ok(Seen::Nothing),
        };
        Ok(if empty { Seen::Replaceable(owner) } else { Seen::Full })
    }

    /// The directory called `name`, for changing; made for the layer `layer` when there is none.
    pub(super) fn open(&mut self, cas: &Cas, name: &str, layer: usize, path: &str) -> Result<&mut Self> {
        let collision = |old| CasError::Collision { path: path.to_owned(), old, new: "directory" };
        self.finished = None;
        let stored = match (self.changed.get(name), find(&self.base, name)) {
            (Some(Item::Open(_)), _) => None,
            (Some(Item::Whole(owner, digest)), _) => Some((*owner, *digest)),
            (Some(Item::File(..)), _) => return Err(collision("file")),
            (Some(Item::Symlink(..)), _) => return Err(collision("symbolic link")),
            (None, Some(EntryRef::Directory(node))) => Some((self.owner, node.digest)),
            (None, Some(other)) => return Err(collision(other.kind())),
            (None, None) => {
                self.put(name, Item::Open(Self::empty(layer)));
                None
            }
        };
        if let Some((owner, digest)) = stored {
            let base = cas.directory_at(&digest, path)?;
            self.put(name, Item::Open(Self { source: Some(digest), base, ..Self::empty(owner) }));
        }
        match self.changed.get_mut(name) {
            Some(Item::Open(work)) => Ok(work),
            _ => Err(collision("directory that cannot be opened")),
        }
    }

    /// The digest of the directory, adding it and those below it to `batch` where they changed.
    pub(super) fn finish(&mut self, batch: &mut Batch) -> Digest {
        if let Some(digest) = self.finished {
            return digest;
        }
        let mut opened = BTreeMap::new();
        for (name, item) in &mut self.changed {
            if let Item::Open(work) = item {
                opened.insert(name.clone(), work.finish(batch));
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
    pub(super) fn subtree(&mut self, cas: &Cas, path: &str, batch: &mut Batch) -> Result<Option<Digest>> {
        let path = path.trim_start_matches('/');
        if path.is_empty() {
            return Ok(Some(self.finish(batch)));
        }
        let (name, rest) = path.split_once('/').unwrap_or((path, ""));
        match (self.changed.get_mut(name), find(&self.base, name)) {
            (Some(Item::Open(work)), _) => work.subtree(cas, rest, batch),
            (Some(Item::Whole(_, digest)), _) => cas.subtree(digest, rest),
            (None, Some(EntryRef::Directory(node))) => cas.subtree(&node.digest, rest),
            _ => Ok(None),
        }
    }

    /// The layer that brought what is at the relative path `path`, or would have brought it.
    pub(super) fn layer_of(&self, path: &str) -> usize {
        let mut work = self;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            match work.changed.get(name) {
                Some(Item::Open(below)) => work = below,
                Some(Item::File(layer, _) | Item::Symlink(layer, _) | Item::Whole(layer, _)) => {
                    return *layer;
                }
                None => return work.owner,
            }
        }
        work.owner
    }

    fn build(&self, opened: &BTreeMap<String, Digest>) -> Directory {
        let mut directory =
            Directory { properties: kept_of_directory(&self.base.properties), ..Directory::default() };
        for entry in entries(&self.base).filter(|entry| !self.changed.contains_key(entry.name())) {
            match entry {
                EntryRef::Directory(node) => directory.directories.push(node.clone()),
                EntryRef::File(node) => directory.files.push(kept_of_file(node)),
                EntryRef::Symlink(node) => directory.symlinks.push(kept_of_symlink(node)),
            }
        }
        for (name, item) in &self.changed {
            let child = |digest| DirectoryNode { name: name.clone(), digest };
            match item {
                Item::File(_, node) => directory.files.push(kept_of_file(node)),
                Item::Symlink(_, node) => directory.symlinks.push(kept_of_symlink(node)),
                Item::Whole(_, digest) => directory.directories.push(child(*digest)),
                Item::Open(_) => directory.directories.extend(opened.get(name.as_str()).copied().map(child)),
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

    fn origin(self) -> Node {
        let mut others = BTreeMap::new();
        for (name, item) in self.changed {
            let node = match item {
                Item::File(layer, _) | Item::Symlink(layer, _) | Item::Whole(layer, _) => Node::Layer(layer),
                Item::Open(work) => work.origin(),
            };
            if node != Node::Layer(self.owner) {
                others.insert(name, node);
            }
        }
        match others.is_empty() {
            true => Node::Layer(self.owner),
            false => Node::Mixed { owner: self.owner, others },
        }
    }
}

/// BuildStream 2.8 keeps only these properties of what it writes anew.
fn kept_of_directory(properties: &NodeProperties) -> NodeProperties {
    let read_only = properties.properties.iter().filter(|(name, _)| name == "SubtreeReadOnly");
    NodeProperties { properties: read_only.cloned().collect(), ..NodeProperties::default() }
}

fn kept_of_file(node: &FileNode) -> FileNode {
    let properties = NodeProperties { mtime: node.properties.mtime, ..NodeProperties::default() };
    FileNode { name: node.name.clone(), properties, ..*node }
}

fn kept_of_symlink(node: &SymlinkNode) -> SymlinkNode {
    SymlinkNode {
        name: node.name.clone(),
        target: node.target.clone(),
        properties: NodeProperties::default(),
    }
}
