//! One layer coming down on what is there.

use std::collections::BTreeMap;

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode};

use super::mutable_directory::{ExistingEntry, MutableDirectory, MutableEntry};
use super::{MergeContext, PathFilter};
use crate::error::Result;
use crate::tree::{EntryRef, count, entries, push_name};

pub(super) struct InputMerger<'m, 'a, 'f> {
    pub(super) merge: &'m mut MergeContext<'a>,
    pub(super) index: usize,
    pub(super) filter: Option<PathFilter<'f>>,
    /// Where the layer's root goes.
    pub(super) base: &'m str,
}

/// How a name that did not merge_directory as it was did merge_directory.
enum EntryEdit {
    Omit,
    Replace(Digest),
}

impl InputMerger<'_, '_, '_> {
    /// Lays the directory `source`, at `path` in the layer, over `target`; answers with what landed of it.
    pub(super) fn merge_directory(
        &mut self,
        target: &mut MutableDirectory,
        source: &Digest,
        path: &mut String,
    ) -> Result<Digest> {
        let directory = self.merge.cas.directory_at(source, path)?;
        self.merge.meter.entries(count(&directory))?;
        let mut edits = BTreeMap::new();
        for entry in entries(&directory) {
            let length = path.len();
            push_name(path, entry.name());
            let edit = match entry {
                EntryRef::Directory(node) => self.merge_subdirectory(target, node, path)?,
                leaf => self.merge_leaf(target, leaf, path)?,
            };
            if let Some(edit) = edit {
                edits.insert(entry.name(), edit);
            }
            path.truncate(length);
        }
        Ok(if edits.is_empty() { *source } else { self.merge.batch.add(apply_edits(&directory, &edits)) })
    }

    fn wants(&self, path: &str) -> bool {
        self.filter.is_none_or(|filter| filter(path))
    }

    fn merged_path(&self, path: &str) -> String {
        let mut full = self.base.to_owned();
        push_name(&mut full, path);
        full
    }

    fn merge_subdirectory(
        &mut self,
        target: &mut MutableDirectory,
        node: &DirectoryNode,
        path: &mut String,
    ) -> Result<Option<EntryEdit>> {
        let edit = |landed| (landed != node.digest).then_some(EntryEdit::Replace(landed));
        if target.has(&node.name) {
            let full = self.merged_path(path);
            let below = target.open(self.merge.cas, &node.name, self.index, &full)?;
            return self.merge_directory(below, &node.digest, path).map(edit);
        }
        if self.filter.is_none() {
            target.put(&node.name, MutableEntry::Stored(self.index, node.digest));
            return Ok(None);
        }
        let mut below = MutableDirectory::empty(self.index);
        let landed = self.merge_directory(&mut below, &node.digest, path)?;
        if below.is_empty() && !self.wants(path) {
            return Ok(Some(EntryEdit::Omit));
        }
        target.put(&node.name, MutableEntry::Open(below));
        Ok(edit(landed))
    }

    fn merge_leaf(
        &mut self,
        target: &mut MutableDirectory,
        leaf: EntryRef<'_>,
        path: &str,
    ) -> Result<Option<EntryEdit>> {
        if !self.wants(path) {
            return Ok(Some(EntryEdit::Omit));
        }
        let full = self.merged_path(path);
        match target.existing(self.merge.cas, leaf.name(), &full)? {
            ExistingEntry::Nothing => {}
            ExistingEntry::Replaceable(owner) => {
                self.merge.overlap(full, owner, self.index);
            }
            ExistingEntry::NonEmptyDirectory => {
                self.merge.ignored.push((self.index, full));
                return Ok(Some(EntryEdit::Omit));
            }
        }
        match leaf {
            EntryRef::File(node) => target.put(&node.name, MutableEntry::File(self.index, node.clone())),
            EntryRef::Symlink(node) => {
                target.put(&node.name, MutableEntry::Symlink(self.index, node.clone()))
            }
            EntryRef::Directory(node) => {
                target.put(&node.name, MutableEntry::Stored(self.index, node.digest))
            }
        }
        Ok(None)
    }
}

fn apply_edits(directory: &Directory, edits: &BTreeMap<&str, EntryEdit>) -> Directory {
    let stays = |name: &str| !matches!(edits.get(name), Some(EntryEdit::Omit));
    let landed = |node: &DirectoryNode| match edits.get(node.name.as_str()) {
        Some(EntryEdit::Replace(digest)) => DirectoryNode { name: node.name.clone(), digest: *digest },
        _ => node.clone(),
    };
    Directory {
        files: directory.files.iter().filter(|node| stays(&node.name)).cloned().collect(),
        directories: directory.directories.iter().filter(|node| stays(&node.name)).map(landed).collect(),
        symlinks: directory.symlinks.iter().filter(|node| stays(&node.name)).cloned().collect(),
        properties: directory.properties.clone(),
    }
}

/// A directory with nothing but the directory `below` in it, called `name`.
pub(super) fn directory_containing(name: &str, below: Digest) -> Directory {
    Directory {
        directories: vec![DirectoryNode { name: name.to_owned(), digest: below }],
        ..Directory::default()
    }
}
