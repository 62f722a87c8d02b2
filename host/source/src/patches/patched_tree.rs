//! A tree whose files are changed by patches.

use std::collections::BTreeMap;

use spec_cas::{Cas, CasError, Entry};
use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};

/// A tree in the store with changes in memory.
pub(super) struct PatchedTree<'c> {
    cas: &'c Cas,
    root: Digest,
    changes: BTreeMap<String, Option<PatchedEntry>>,
}

/// A file or link as it is after the patches so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PatchedEntry {
    File { bytes: Vec<u8>, executable: bool },
    Link { target: String },
}

impl<'c> PatchedTree<'c> {
    pub(super) fn new(cas: &'c Cas, root: Digest) -> Self {
        Self { cas, root, changes: BTreeMap::new() }
    }

    /// Whether nothing was staged.
    pub(super) fn is_empty(&self) -> Result<bool, CasError> {
        let root = self.cas.directory(&self.root)?;
        let none = root.files.is_empty() && root.directories.is_empty() && root.symlinks.is_empty();
        Ok(none && self.changes.is_empty())
    }

    /// The entry at a path of single slashes; directories are none.
    pub(super) fn entry(&self, path: &str) -> Result<Option<PatchedEntry>, CasError> {
        if let Some(changed) = self.changes.get(path) {
            return Ok(changed.clone());
        }
        Ok(match self.cas.lookup(&self.root, path)? {
            Some(Entry::File(FileNode { digest, executable, .. })) => {
                Some(PatchedEntry::File { bytes: self.cas.get(&digest)?, executable })
            }
            Some(Entry::Symlink(SymlinkNode { target, .. })) => Some(PatchedEntry::Link { target }),
            _ => None,
        })
    }

    /// Whether there is a directory at a path.
    pub(super) fn has_directory(&self, path: &str) -> Result<bool, CasError> {
        let below = format!("{path}/");
        let changed = self.changes.range(below.clone()..).next();
        let changed = changed.is_some_and(|(found, entry)| found.starts_with(&below) && entry.is_some());
        Ok(changed || matches!(self.cas.lookup(&self.root, path)?, Some(Entry::Directory(_))))
    }

    pub(super) fn set(&mut self, path: &str, entry: Option<PatchedEntry>) {
        self.changes.insert(path.to_owned(), entry);
    }

    /// Stores the tree with the changes. Directories whose last file was removed are gone.
    pub(super) fn store(&self) -> Result<Digest, CasError> {
        let changes: Vec<(&str, Option<&PatchedEntry>)> =
            self.changes.iter().map(|(path, entry)| (path.as_str(), entry.as_ref())).collect();
        if changes.is_empty() {
            return Ok(self.root);
        }
        match self.changed(Some(self.root), &changes)? {
            Some(root) => Ok(root),
            None => self.cas.store_directory(&Directory::default()),
        }
    }

    /// A directory with changes, whose paths count from it; `None` when nothing is left of it.
    fn changed(
        &self,
        directory: Option<Digest>,
        changes: &[(&str, Option<&PatchedEntry>)],
    ) -> Result<Option<Digest>, CasError> {
        let mut new = match directory {
            Some(digest) => Directory::clone(&*self.cas.directory(&digest)?),
            None => Directory::default(),
        };
        let mut inner: BTreeMap<&str, Vec<(&str, Option<&PatchedEntry>)>> = BTreeMap::new();
        for (path, entry) in changes {
            match path.split_once('/') {
                Some((name, rest)) => inner.entry(name).or_default().push((rest, *entry)),
                None => self.put(&mut new, path, *entry)?,
            }
        }
        for (name, changes) in inner {
            let old = new.directories.iter().find(|node| node.name == name).map(|node| node.digest);
            let changed = self.changed(old, &changes)?;
            new.directories.retain(|node| node.name != name);
            if let Some(digest) = changed {
                remove(&mut new, name);
                new.directories.push(DirectoryNode { name: name.to_owned(), digest });
            }
        }
        new.files.sort_by(|a, b| a.name.cmp(&b.name));
        new.symlinks.sort_by(|a, b| a.name.cmp(&b.name));
        new.directories.sort_by(|a, b| a.name.cmp(&b.name));
        let empty = new.files.is_empty() && new.symlinks.is_empty() && new.directories.is_empty();
        if empty { Ok(None) } else { self.cas.store_directory(&new).map(Some) }
    }

    fn put(
        &self,
        directory: &mut Directory,
        name: &str,
        entry: Option<&PatchedEntry>,
    ) -> Result<(), CasError> {
        remove(directory, name);
        let (name, properties) = (name.to_owned(), NodeProperties::default());
        match entry {
            None => {}
            Some(PatchedEntry::File { bytes, executable }) => {
                let digest = self.cas.put_bytes(bytes)?;
                directory.files.push(FileNode { name, digest, executable: *executable, properties });
            }
            Some(PatchedEntry::Link { target }) => {
                directory.symlinks.push(SymlinkNode { name, target: target.clone(), properties });
            }
        }
        Ok(())
    }
}

fn remove(directory: &mut Directory, name: &str) {
    directory.files.retain(|node| node.name != name);
    directory.symlinks.retain(|node| node.name != name);
}
