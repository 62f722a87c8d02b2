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
        Self { owner, source: None, base: Arc::default(), changed: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.base.is_empty() && self.changed.is_empty()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.changed.contains_key(name) || find(&self.base, name).is_some()
    }

    pub(super) fn put(&mut self, name: &str, item: Item) {
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
            self.put(name, Item::Open(Self { owner, source: Some(digest), base, changed: BTreeMap::new() }));
        }
        match self.changed.get_mut(name) {
            Some(Item::Open(work)) => Ok(work),
            _ => Err(collision("directory that cannot be opened")),
        }
    }

    /// The digest of the directory, adding it and those below it to `batch` where they changed.
    pub(super) fn finish(&self, batch: &mut Batch) -> Digest {
        let mut opened = BTreeMap::new();
        for (name, item) in &self.changed {
            if let Item::Open(work) = item {
                opened.insert(name.as_str(), work.finish(batch));
            }
        }
        let unchanged = |(name, digest): (&&str, &Digest)| matches!(find(&self.base, name), Some(EntryRef::Directory(node)) if node.digest == *digest);
        match self.source {
            Some(source) if opened.len() == self.changed.len() && opened.iter().all(unchanged) => source,
            _ => batch.add(self.build(&opened)),
        }
    }

    fn build(&self, opened: &BTreeMap<&str, Digest>) -> Directory {
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
