//! Merging one input tree into what the inputs before it made.

use std::collections::{BTreeMap, BTreeSet};

use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode};

use super::mutable_directory::{ExistingEntry, MutableDirectory, MutableEntry};
use crate::builder::DirectoryBatch;
use crate::error::Result;
use crate::limits::Meter;
use crate::store::Cas;
use crate::tree::{EntryRef, count, entries, push_name};

/// Inputs that are remembered for one overlapping path.
pub(super) const MAX_OVERLAPS: usize = 64;

/// Which paths of an input are wanted: relative to its root, without a leading slash.
/// As in BuildStream, a directory that is refused still appears if something below it is wanted.
pub type PathFilter<'a> = &'a dyn Fn(&str) -> bool;

/// The inputs that have entries at the same paths, by their indices and paths from the merged root.
#[derive(Default)]
pub(super) struct Overlaps {
    /// See [`MergedTree::overlaps`](super::MergedTree::overlaps).
    pub(super) by_path: BTreeMap<String, Vec<usize>>,
    /// See [`MergedTree::ignored`](super::MergedTree::ignored).
    pub(super) ignored: Vec<(usize, String)>,
    /// Paths in `by_path` that were added to since the last report.
    pub(super) unreported: BTreeSet<String>,
}

impl Overlaps {
    /// Notes that an input replaces a file of the input `owner`.
    fn add(&mut self, path: String, owner: usize, input: usize) {
        let inputs = self.by_path.entry(path.clone()).or_insert_with(|| vec![owner]);
        // A plan may stage the same tree thousands of times.
        if inputs.len() == MAX_OVERLAPS {
            inputs.pop();
        }
        inputs.push(input);
        self.unreported.insert(path);
    }
}

pub(super) struct InputMerger<'m> {
    pub(super) cas: &'m Cas,
    pub(super) meter: Meter<'m>,
    pub(super) batch: &'m mut DirectoryBatch,
    pub(super) overlaps: &'m mut Overlaps,
    /// The index of the input.
    pub(super) input: usize,
    pub(super) filter: Option<PathFilter<'m>>,
    /// Where the root of the input goes.
    pub(super) location: &'m str,
}

/// How an entry of the input is contributed when it is changed.
enum EntryEdit {
    Omit,
    /// A directory, of which only a part is contributed.
    Replace(Digest),
}

impl InputMerger<'_> {
    /// Merges the directory `source`, at `path` in the input, into `target`; returns the directory that the input
    /// contributed.
    pub(super) fn merge_directory(
        &mut self,
        target: &mut MutableDirectory,
        source: &Digest,
        path: &mut String,
    ) -> Result<Digest> {
        let directory = self.cas.directory_at(source, path)?;
        self.meter.entries(count(&directory))?;
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
        Ok(if edits.is_empty() { *source } else { self.batch.add(apply_edits(&directory, &edits)) })
    }

    fn wants(&self, path: &str) -> bool {
        self.filter.is_none_or(|filter| filter(path))
    }

    fn merged_path(&self, path: &str) -> String {
        let mut full = self.location.to_owned();
        push_name(&mut full, path);
        full
    }

    fn merge_subdirectory(
        &mut self,
        target: &mut MutableDirectory,
        node: &DirectoryNode,
        path: &mut String,
    ) -> Result<Option<EntryEdit>> {
        let edit = |part| (part != node.digest).then_some(EntryEdit::Replace(part));
        if target.has(&node.name) {
            let full = self.merged_path(path);
            let below = target.open(self.cas, &node.name, self.input, &full)?;
            return self.merge_directory(below, &node.digest, path).map(edit);
        }
        if self.filter.is_none() {
            target.put(&node.name, MutableEntry::Stored(self.input, node.digest));
            return Ok(None);
        }
        let mut below = MutableDirectory::empty(self.input);
        let part = self.merge_directory(&mut below, &node.digest, path)?;
        if below.is_empty() && !self.wants(path) {
            return Ok(Some(EntryEdit::Omit));
        }
        target.put(&node.name, MutableEntry::Open(below));
        Ok(edit(part))
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
        match target.existing(self.cas, leaf.name(), &full)? {
            ExistingEntry::Nothing => {}
            ExistingEntry::Replaceable(owner) => self.overlaps.add(full, owner, self.input),
            ExistingEntry::NonEmptyDirectory => {
                self.overlaps.ignored.push((self.input, full));
                return Ok(Some(EntryEdit::Omit));
            }
        }
        match leaf {
            EntryRef::File(node) => target.put(&node.name, MutableEntry::File(self.input, node.clone())),
            EntryRef::Symlink(node) => {
                target.put(&node.name, MutableEntry::Symlink(self.input, node.clone()));
            }
            EntryRef::Directory(node) => {
                target.put(&node.name, MutableEntry::Stored(self.input, node.digest));
            }
        }
        Ok(None)
    }
}

fn apply_edits(directory: &Directory, edits: &BTreeMap<&str, EntryEdit>) -> Directory {
    let stays = |name: &str| !matches!(edits.get(name), Some(EntryEdit::Omit));
    let edited = |node: &DirectoryNode| match edits.get(node.name.as_str()) {
        Some(EntryEdit::Replace(digest)) => DirectoryNode { name: node.name.clone(), digest: *digest },
        _ => node.clone(),
    };
    Directory {
        files: directory.files.iter().filter(|node| stays(&node.name)).cloned().collect(),
        directories: directory.directories.iter().filter(|node| stays(&node.name)).map(edited).collect(),
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
