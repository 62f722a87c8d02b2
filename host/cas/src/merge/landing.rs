//! One layer coming down on what is there.

use std::collections::BTreeMap;

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode};

use super::work::{Item, Seen, Work};
use super::{Merge, PathFilter};
use crate::error::Result;
use crate::tree::{EntryRef, count, entries, push_name};

pub(super) struct Landing<'m, 'a, 'f> {
    pub(super) merge: &'m mut Merge<'a>,
    pub(super) index: usize,
    pub(super) filter: Option<PathFilter<'f>>,
    /// Where the layer's root goes.
    pub(super) base: &'m str,
}

/// How a name that did not land as it was did land.
enum Edit {
    LeftOut,
    Folder(Digest),
}

impl Landing<'_, '_, '_> {
    /// Lays the directory `source`, at `path` in the layer, over `target`; answers with what landed of it.
    pub(super) fn land(&mut self, target: &mut Work, source: &Digest, path: &mut String) -> Result<Digest> {
        let directory = self.merge.cas.directory_at(source, path)?;
        self.merge.meter.entries(count(&directory))?;
        let mut edits = BTreeMap::new();
        for entry in entries(&directory) {
            let length = path.len();
            push_name(path, entry.name());
            let edit = match entry {
                EntryRef::Directory(node) => self.land_folder(target, node, path)?,
                leaf => self.land_leaf(target, leaf, path)?,
            };
            if let Some(edit) = edit {
                edits.insert(entry.name(), edit);
            }
            path.truncate(length);
        }
        Ok(if edits.is_empty() { *source } else { self.merge.batch.add(edited(&directory, &edits)) })
    }

    fn wants(&self, path: &str) -> bool {
        self.filter.is_none_or(|filter| filter(path))
    }

    fn merged_path(&self, path: &str) -> String {
        let mut full = self.base.to_owned();
        push_name(&mut full, path);
        full
    }

    fn land_folder(
        &mut self,
        target: &mut Work,
        node: &DirectoryNode,
        path: &mut String,
    ) -> Result<Option<Edit>> {
        let edit = |landed| (landed != node.digest).then_some(Edit::Folder(landed));
        if target.has(&node.name) {
            let full = self.merged_path(path);
            let below = target.open(self.merge.cas, &node.name, self.index, &full)?;
            return self.land(below, &node.digest, path).map(edit);
        }
        if self.filter.is_none() {
            target.put(&node.name, Item::Whole(self.index, node.digest));
            return Ok(None);
        }
        let mut below = Work::empty(self.index);
        let landed = self.land(&mut below, &node.digest, path)?;
        if below.is_empty() && !self.wants(path) {
            return Ok(Some(Edit::LeftOut));
        }
        target.put(&node.name, Item::Open(below));
        Ok(edit(landed))
    }

    fn land_leaf(&mut self, target: &mut Work, leaf: EntryRef<'_>, path: &str) -> Result<Option<Edit>> {
        if !self.wants(path) {
            return Ok(Some(Edit::LeftOut));
        }
        let full = self.merged_path(path);
        match target.see(self.merge.cas, leaf.name(), &full)? {
            Seen::Nothing => {}
            Seen::Replaceable(owner) => {
                self.merge.overlap(full, owner, self.index);
            }
            Seen::Full => {
                self.merge.ignored.push((self.index, full));
                return Ok(Some(Edit::LeftOut));
            }
        }
        match leaf {
            EntryRef::File(node) => target.put(&node.name, Item::File(self.index, node.clone())),
            EntryRef::Symlink(node) => target.put(&node.name, Item::Symlink(self.index, node.clone())),
            EntryRef::Directory(node) => target.put(&node.name, Item::Whole(self.index, node.digest)),
        }
        Ok(None)
    }
}

fn edited(directory: &Directory, edits: &BTreeMap<&str, Edit>) -> Directory {
    let stays = |name: &str| !matches!(edits.get(name), Some(Edit::LeftOut));
    let landed = |node: &DirectoryNode| match edits.get(node.name.as_str()) {
        Some(Edit::Folder(digest)) => DirectoryNode { name: node.name.clone(), digest: *digest },
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
pub(super) fn wrap(name: &str, below: Digest) -> Directory {
    Directory {
        directories: vec![DirectoryNode { name: name.to_owned(), digest: below }],
        ..Directory::default()
    }
}
